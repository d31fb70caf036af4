"""Descriptions in Markdown, as Slack shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forms.markdown import mrkdwn
from tests.slack_rules import HALF_ENTITY, TOKEN


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a **bold** and __another__", "a *bold* and *another*"),
        ("a *slanted* and _another_", "a _slanted_ and _another_"),
        ("`x < y` and ``code``", "`x &lt; y` and `code`"),
        ("[page](https://a.example/?a=1&b=2)", "<https://a.example/?a=1&amp;b=2|page>"),
        ("[page](https://a.example/x_(y))", "<https://a.example/x_(y)|page>"),
        ("[page](javascript:alert(1))", "page"),
        ("[page](relative)", "page"),
        ("# Title #\n- one\n  * two\n+ **three**", "*Title*\n• one\n  • two\n• *three*"),
        ("2 * 3 * 4 ** 5", "2 * 3 * 4 ** 5"),
        ("<!channel> & <@U0DANA>", "&lt;!channel&gt; &amp; &lt;@U0DANA&gt;"),
        ("**<!here>**", "*&lt;!here&gt;*"),
        ("\n\na\n\nb\n", "a\n\nb"),
        ("", ""),
    ],
)
def test_markdown_becomes_mrkdwn(markdown: str, expected: str) -> None:
    """What Slack has a sign for; the rest as it stands, escaped."""
    assert mrkdwn(markdown) == expected


@given(st.text(st.sampled_from("ab<>!@*_`[]() #-&;\n"), max_size=60))
def test_nothing_becomes_alive(markdown: str) -> None:
    """Without an address, there is no token in the result, and no half of an entity."""
    found = mrkdwn(markdown)
    assert TOKEN.findall(found) == []
    assert not HALF_ENTITY.search(found)
