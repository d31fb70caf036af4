"""Rendering: what goes in comes out as it was, nothing that a person typed is alive, a cut breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, TemplateRuntimeError, UndefinedError

from bot.conversation.answers import LONGEST_SHARED, Proposal, Told, shared_by, with_share
from bot.messages import limits
from bot.messages.markup import Markup, date, escape, fit, link, mention, unescape
from bot.messages.render import Message, Rendered
from bot.messages.templating import environment
from tests.slack_rules import problems

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SEEN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"], include_characters="&<>\n\t\"\\'"), max_size=60)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Sample(Message):
    """A message with a hole of every sort."""

    template: ClassVar[str] = "sample"
    text: Markup | str
    url: str = "https://example.com/"
    cells: tuple[tuple[str, ...], ...] = ()


SAMPLE = """
{"text": "{{ text }}",
 "blocks": [
   {"type": "section", "text": {"type": "mrkdwn", "text": "*{{ text|fit('line') }}*"}},
   {"type": "actions", "elements": [
     {"type": "button", "action_id": "a", "url": "{{ url }}", "value": "{{ text|fit('value') }}",
      "text": {"type": "plain_text", "text": "{{ text|fit('button') }}"}}, null]},
   {% if cells %}{{ cells|table }},{% endif %}
   {"type": "context", "elements": [null, {"type": "plain_text", "text": "y"}, null]},
   null]}
"""


@pytest.fixture
def sample() -> Iterator[None]:
    """The sample's template, in place of the real ones."""
    env = environment()
    loader, env.loader = env.loader, DictLoader({"messages/sample.json.j2": SAMPLE})
    yield
    env.loader = loader
    if env.cache is not None:
        env.cache.clear()


pytestmark = pytest.mark.usefixtures("sample")


def render(**values: Any) -> Rendered:
    return Sample(**values).render()


def button(rendered: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = rendered.blocks[1]["elements"][0]
    return found


@given(SEEN.filter(str.strip))
def test_plain_strings_arrive_as_they_were(text: str) -> None:
    """A label, a value, a cell: Slack shows them as they stand, so `x<3` must not arrive as `x&lt;3`."""
    rendered = render(text=text, cells=(("head",), (text,)))
    for found in (button(rendered)["value"], rendered.blocks[2]["rows"][1][0]["text"]):
        assert found == text
    assert rendered.text == escape(text.strip())


@pytest.mark.parametrize(
    "text", ["x<3 & y>2", "&lt;b&gt;", "&amp;amp;", 'say "no"', "C:\\new\\", "a\nb", "🚂 שלום", "it's"]
)
def test_escaping_is_for_mrkdwn_alone(text: str) -> None:
    """Mrkdwn and the notification's text are escaped once, a label not at all."""
    rendered = render(text=text)
    assert rendered.blocks[0]["text"]["text"] == f"*{escape(text)}*"
    assert rendered.text == escape(text)
    assert button(rendered)["text"]["text"] == text


def test_a_buttons_address_arrives_whole() -> None:
    """Its `&` parts its parameters."""
    url = "https://example.com/dags/a%20b?x=1&y=2#&z"
    assert button(render(text="x", url=url))["url"] == url


@given(TEXT)
def test_nothing_that_was_typed_is_alive(text: str) -> None:
    """No token of Slack's survives, whatever surrounds it."""
    rendered = render(text=f"<!channel>{text}<@U0DANA>")
    assert "<" not in rendered.text + rendered.blocks[0]["text"]["text"]


@given(TEXT)
def test_escaping_is_undone(text: str) -> None:
    """All that can be seen comes back; what steers the display is gone."""
    assert unescape(escape(text)) == "".join(sign for sign in text if escape(sign))
    assert not set(escape(text)) & set("<>\x00\x1b\u202e\u2066")


def test_a_template_is_not_evaluated_twice() -> None:
    """A value that looks like a template is text."""
    assert render(text="{{ 7*7 }}[[ 7*7 ]]").text == "{{ 7*7 }}[[ 7*7 ]]"


def test_markup_stays_alive() -> None:
    """What this module's own helpers made is not escaped again."""
    assert render(text=Markup(f"by {mention('U0DANA')}")).text == "by <@U0DANA>"


@given(TEXT | st.text("&<>x ", max_size=700))
def test_a_cut_is_counted_after_escaping(text: str) -> None:
    """`&` is five characters to Slack; a cut text is the longest beginning of the whole that fits."""
    most = limits.CHARACTERS["button"]
    found = environment().filters["fit"](text, "button")
    assert len(found) <= most
    if not escape(text).strip():
        assert found == "–"
    elif len(escape(text)) <= most:
        assert found == escape(text)
    else:
        assert escape(text).startswith(found.removesuffix("…"))
        assert found.endswith("…")
        assert len(found) > most - len("&amp;")


@pytest.mark.parametrize("shift", range(30))
def test_no_cut_goes_through_a_token_or_an_entity(shift: int) -> None:
    """Half a mention would be shown as garbage, half an entity too."""
    markup = Markup("x" * shift + f"&amp;{mention('U0DANA')}{date(NOON)}{link('https://a.example', 'b')}" * 200)
    rendered = render(text=markup)
    live = frozenset({"<@U0DANA>", "<https://a.example|b>"})
    assert [problem for problem in problems(rendered, live) if "alive" in problem or "half" in problem] == []
    assert limits.TEXT - limits.SPARE_TEXT - 100 < len(rendered.text) <= limits.TEXT - limits.SPARE_TEXT


def test_nulls_of_lists_are_left_out() -> None:
    """How a template says "not this one"; elsewhere null is no text."""
    _, actions, context = render(text="x").blocks
    assert context["elements"] == [{"type": "plain_text", "text": "y"}]
    assert len(actions["elements"]) == 1


def test_an_unknown_variable_is_an_error() -> None:
    """A slip in a template is found by the first test that renders it, not by a reader."""
    env = environment()
    for source in ("{{ nobody }}", "{% if nobody %}{% endif %}", "{{ text.nothing }}"):
        with pytest.raises(UndefinedError):
            env.from_string(source).render(text="x")


def test_only_our_own_filters_and_no_globals() -> None:
    """A template can't reach for logic, nor for what would go around the escaping."""
    env = environment()
    assert "safe" not in env.filters
    assert env.globals == {}
    with pytest.raises((TemplateRuntimeError, Exception), match="safe"):
        env.from_string("{{ text|safe }}")


@pytest.mark.parametrize("user", ["U0DANA", "W123ABC"])
def test_a_person_is_mentioned(user: str) -> None:
    """By an id that Slack can have."""
    assert mention(user) == f"<@{user}>"


@pytest.mark.parametrize(
    "user", ["", "channel", "!channel", "U0DANA|x", "u0dana", "<!here>", "U0DANA> <!channel", "S0", "Ü1"]
)
def test_what_is_no_person_is_text(user: str) -> None:
    """It notifies nobody."""
    found = mention(user)
    assert "<" not in found
    assert found == (escape(user) or "–")
    assert len(mention("x" * 10_000)) <= limits.CHARACTERS["button"]


def test_a_link_has_its_label() -> None:
    """Escaped both, on one line."""
    assert link("https://a.example/?x=1&y=2", "a <b>\n| c") == "<https://a.example/?x=1&amp;y=2|a &lt;b&gt; ¦ c>"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "ftp://a",
        "https://a b",
        "https://a|b",
        "https://a>b",
        "https://a\n",
        "https://" + "a" * 3_000,
    ],
)
def test_what_is_no_address_is_no_link(url: str) -> None:
    """The label alone; and a button with such an address is left out, since Slack would refuse the whole message."""
    assert link(url, "la<bel") == "la&lt;bel"
    assert environment().filters["openable"]([Told(text="x").model_copy(update={"url": url})]) == []


def test_a_date_is_in_the_readers_zone() -> None:
    """With a fallback in UTC, wherever the time came from; no time is a dash."""
    east = NOON.astimezone(timezone(timedelta(hours=5)))
    assert date(NOON) == date(east) == f"<!date^{int(NOON.timestamp())}^{{time}}|2026-11-21 12:00 UTC>"
    assert date(None) == "–"


def test_numbers_stand_to_the_right() -> None:
    """Columns of numbers, signs and gaps; words to the left; short rows are filled, blank cells are dashes."""
    rows = (("metric", "v13", "change", "lineage"), ("auc", "0.712", "−0.007 ▼", "✓ Airflow"), ("f1", "–", ""))
    [found] = [block for block in render(text="x", cells=rows).blocks if block["type"] == "table"]
    assert [column["align"] for column in found["column_settings"]] == ["left", "right", "right", "left"]
    assert [cell["text"] for cell in found["rows"][2]] == ["f1", "–", "–", "–"]


def test_lines_end_in_how_many_are_missing() -> None:
    """As many as the limit takes, each on its own."""
    lines = environment().filters["lines"]
    assert lines(["a<b", Markup("`c`")], "section") == "a&lt;b\n`c`"
    long = lines([f"{at} {'x' * 200}" for at in range(100)], "section")
    assert len(long) <= limits.CHARACTERS["section"]
    shown = long.split("\n")
    assert shown[-1] == f"and {100 - len(shown) + 1} more"
    assert len(long) > limits.CHARACTERS["section"] - 300


def test_only_whole_commands_are_offered() -> None:
    """A button's command that was cut would be another command."""
    whole = Proposal("Run", "run delays")
    proposals = (whole, Proposal("Long", "run " + "x" * 2_000), Proposal("None", " "))
    assert environment().filters["sayable"](proposals) == [whole]


def test_share_joins_the_buttons_that_are_there() -> None:
    """Or stands below, if there are none; it remembers what was asked, and is left out where that is too long."""
    alone = Rendered(text="x", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}])
    shared = with_share(alone, "status delays")
    assert shared.blocks[-1]["elements"][0]["value"] == "status delays"
    again = with_share(shared, "")
    assert [element["value"] for element in again.blocks[-1]["elements"]] == ["status delays", "help"]
    assert with_share(alone, "x" * (LONGEST_SHARED + 1)) == alone
    assert with_share(Rendered(text="x"), "status") == Rendered(text="x")


def test_who_shares_is_said() -> None:
    """Above the answer, and in its text; a name is no markup."""
    answer = Rendered(text="x", blocks=[{"type": "divider"}])
    shared = shared_by("<!channel>", answer)
    assert shared.text == "&lt;!channel&gt; shared: x"
    assert shared.blocks[0]["elements"] == [{"type": "plain_text", "text": "<!channel> shared"}]
    assert shared.blocks[1:] == answer.blocks


def test_plain_texts_are_cut_too() -> None:
    """For what is shown as it stands."""
    assert [fit("abc", 3), fit("abcd", 3)] == ["abc", "ab…"]
