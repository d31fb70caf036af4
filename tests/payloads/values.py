"""What someone may have typed, or a service answered, to fill messages and views with beside ordinary values."""

from __future__ import annotations

from bot.installing.samples import Values

HOSTILE = {
    "quotes": "\" ' “ ” ‘ ’ `",
    "backslashes": '\\ \\n \\" \\u0041 C:\\new\\',
    "lines": "one\ntwo\r\nthree\tfour",
    "broadcast": "<!channel> <!here> <@U0DANA> <#C0TRAINING> <!subteam^S0> <!date^1^{time}|x>",
    "link": "<https://evil.example|good> https://example.com/?a=1&b=2",
    "entities": "&lt;!channel&gt; &amp;lt; x<3 & y>2",
    "template": "{{ 7*7 }} {% for x in y %} {# c #}",
    "dag template": "[[ 7*7 ]] [% x %]",
    "json": '"}, {"type": "section", "text": "x"}, null, {"a": "',
    "marks": "*bold* _it_ ~no~ `code` ```block``` > quote",
    "right to left": "שלום \u202egnirts\u202c مرحبا",
    "emoji": "🚂👩‍🔬🇳🇱 :tada:",
    "controls": "a\x00b\x1b[31mc\x7f\x08",
    "long": "x" * 10_000,
    "long words": "word " * 2_000,
    "long entities": "&<>" * 3_333,
    "long broadcast": "<!channel>" * 1_000,
    "long lines": "line\n" * 2_000,
    "empty": "",
    "blank": " \n\t ",
}


def hostile(name: str, many: int) -> Values:
    """Every text is this one, with `many` entries in each list."""
    return Values(lambda: HOSTILE[name], many)
