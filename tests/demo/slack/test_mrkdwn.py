import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.slack.page.markdown import render_markdown
from demo.slack.page.mrkdwn import render_mrkdwn, render_plain
from demo.slack.page.reader import Reader
from demo.slack.page.rich_text import render_rich_text
from demo.slack.typed import escape_typed
from demo.slack.world import load_world

WORLD = load_world()
NOW = 1_795_000_000.0  # Wednesday, November 18th, 2026, 11:06:40 UTC
DANA = Reader(WORLD.users["U0DANA"], WORLD, NOW)
OMAR = Reader(WORLD.users["U0OMAR"], WORLD, NOW)

DRAWN = {
    "*bold* _italic_ ~gone~": "<b>bold</b> <i>italic</i> <s>gone</s>",
    "*_both_*": "<b><i>both</i></b>",
    "2*3*4 snake_case_name": "2*3*4 snake_case_name",
    "* no * _ no _": "* no * _ no _",
    "`*as is* <b>`": "<code>*as is* &lt;b&gt;</code>",
    "```\na < b\n```": "<pre>a &lt; b</pre>",
    "&lt;b&gt; &amp;amp;": "&lt;b&gt; &amp;amp;",
    "&gt; quoted\nnot": "<blockquote>quoted</blockquote>not",
    "a\nb": "a<br>b",
    "<https://x.example/?a=1&amp;b=2|here>": (
        '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">here</a>'
    ),
    "<javascript:alert(1)|click>": "click",
    "<@U0DANA> <@U0OMAR|x>": (
        '<span class="mention mine">@Dana</span> <span class="mention">@Omar</span>'
    ),
    "<!channel>": '<span class="mention mine">@channel</span>',
    "<!subteam^S0MLLEADS>": '<span class="mention">@ml-leads</span>',
    "<#C0DELAYS>": '<a class="mention" href="?user=U0DANA&amp;channel=C0DELAYS" data-nav>#delays</a>',
    ":white_check_mark: :no_such_thing: 10:30:00": "✅ :no_such_thing: 10:30:00",
}  # fmt: skip


@pytest.mark.parametrize(("text", "html"), DRAWN.items())
def test_mrkdwn_reads_as_in_slack(text: str, html: str) -> None:
    """Styles, quotes, code, links, mentions, emoji and entities, each as HTML."""
    assert render_mrkdwn(text, DANA) == html


@pytest.mark.parametrize(
    ("pattern", "dana", "omar"),
    [
        ("{time}", "12:06", "6:06 AM"),
        ("{date_num} {time_secs}", "2026-11-18 12:06:40", "2026-11-18 6:06:40 AM"),
        ("{date_short_pretty} at {time}", "today at 12:06", "today at 6:06 AM"),
        ("{date_long}", "Wednesday, November 18th, 2026", "Wednesday, November 18th, 2026"),
        ("{date} {unknown}", "November 18th, 2026 {unknown}", "November 18th, 2026 {unknown}"),
    ],
)
def test_dates_are_in_the_readers_zone(pattern: str, dana: str, omar: str) -> None:
    """The same token reads differently in Amsterdam and New York, on a 24 h and a 12 h clock."""
    token = f"<!date^{int(NOW)}^{pattern}|later>"
    for reader, shown in ((DANA, dana), (OMAR, omar)):
        assert render_mrkdwn(token, reader) == f'<time title="later">{shown}</time>'


def test_a_moment_out_of_range_shows_its_fallback() -> None:
    """A timestamp that no calendar holds is drawn as its fallback."""
    shown = render_mrkdwn("<!date^999999999999^{date}|one day>", DANA)
    assert shown == '<time title="one day">one day</time>'


MARKDOWN = {
    "# A *b*\n**c** ~~d~~ `<e>` :tada:": "<h4>A <i>b</i></h4><p><b>c</b> <s>d</s> <code>&lt;e&gt;</code> 🎉</p>",
    "a\nb\n\nc": "<p>a<br>b</p><p>c</p>",
    "- a\n  - b\n- [x] c": (
        '<ul class="indent-0"><li>a</li></ul><ul class="indent-1"><li>b</li></ul><ul class="indent-0"><li>☑ c</li></ul>'
    ),
    "3. a\n4. b": '<ol start="3" class="indent-0"><li>a</li><li>b</li></ol>',
    "> a\n> b\n---": "<blockquote>a<br>b</blockquote><hr>",
    "| a | b |\n|---|--:|\n| 1 | <2> |": (
        '<div class="scroll"><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>&lt;2&gt;</td></tr></table></div>'
    ),
    "```py\n# x\n```": "<pre># x</pre>",
    "[a](https://x.example/) [b](javascript:x)": (
        '<p><a href="https://x.example/" target="_blank" rel="noopener noreferrer">a</a> b</p>'
    ),
}


@pytest.mark.parametrize(("text", "html"), MARKDOWN.items())
def test_markdown_reads_as_in_slack(text: str, html: str) -> None:
    """Headings, lists, quotes, tables, code, links, each as HTML; what is none of them is text."""
    assert render_markdown(text) == html


HOSTILE = st.text() | st.lists(
    st.sampled_from(
        [*"<>&|*_~`\"'#@!^: \n", "```", "&lt;", "&gt;", "&amp;", "<@", "<!date^1^{ago}^", "<https://", "|",
         "javascript:", "<img src=x onerror=alert(1)>", "\ue000", "0", "\ue001", "x", ">", "</b>", "**", "](",
         "[a](javascript:x)", "[a](https://x)"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


class Outline(HTMLParser):
    """Checks that only known tags and attributes are there, and that every tag is closed in order."""

    TAGS = frozenset(
        "b i s u code pre blockquote br hr a span time p h4 ul ol li div table tr th td".split()  # noqa: SIM905 - reads best so
    )

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.TAGS
        assert {name for name, _ in attrs} <= {"class", "href", "target", "rel", "title", "start", "data-nav"}
        address = dict(attrs).get("href") or "?"
        assert re.match(r"\?|https?://|mailto:", address, re.IGNORECASE)
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_harmless(html: str) -> None:
    outline = Outline()
    outline.feed(html)
    outline.close()
    assert outline.open == []


@given(HOSTILE)
def test_no_text_makes_a_live_tag(text: str) -> None:
    """Whatever is written, only the renderer's own tags appear, well nested, with web addresses only."""
    assert_harmless(render_mrkdwn(text, DANA))
    assert_harmless(render_plain(text))
    assert_harmless(render_markdown(text))
    link = {"type": "link", "url": text, "text": text}
    run = {"type": "text", "text": text, "style": {"bold": True, "code": True}}
    section = {"type": "rich_text_section", "elements": [link, run, {"type": "user", "user_id": text}]}
    assert_harmless(render_rich_text({"type": "rich_text", "elements": [section]}, DANA))


@given(st.text(st.characters(exclude_characters="\ue000\ue001"), max_size=40))
def test_escaped_text_reads_as_it_was_typed(text: str) -> None:
    """What a person types in code comes out as they typed it."""
    line = text.replace("`", "").replace("\n", " ").replace("\r", " ")
    if not line:
        return
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert render_mrkdwn(f"`{escaped}`", DANA).unescape() == f"<code>{line}</code>"


def test_long_hostile_text_is_drawn_in_time() -> None:
    """4,000 characters of unclosed marks take well under a second: no rule backtracks without end."""
    for mark in ("*", "_", "<", "`", "*a ", ":a", "> ", "```", "*_~"):
        assert_harmless(render_mrkdwn(mark * (4000 // len(mark)), DANA))


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("run a<b & c>d", "run a&lt;b &amp; c&gt;d"),
        ("ask @omar in #delays", "ask <@U0OMAR|omar> in <#C0DELAYS|delays>"),
        ("for @ml-leads", "for <!subteam^S0MLLEADS|@ml-leads>"),
        ("@nobody #delays2 me@omar.example", "@nobody #delays2 me@omar.example"),
        ("see https://x.example/?a=1&b=2", "see <https://x.example/?a=1&amp;b=2>"),
    ],
)
def test_typed_text_is_escaped_as_slack_does(typed: str, sent: str) -> None:
    """Entities, mentions of people, groups and channels, and links."""
    assert escape_typed(typed, WORLD) == sent
