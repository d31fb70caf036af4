"""What a person typed, as Slack delivers it, read into words, pairs, options and a command's arguments."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.words import LONGEST_COMMAND, Arguments, Token, bind, nearest, quote, split, undo_client
from bot.errors import BadValue, Refusal, UnknownWord

REWRITTEN = "“”„«»‘’‚—–‒―\u00a0"  # what clients make of quotes, dashes and spaces: it is read back
PLAIN = st.text(st.characters(exclude_characters=REWRITTEN, exclude_categories=["Cs"]), max_size=80)


def delivered(text: str) -> str:
    """What Slack makes of the signs of a text that was typed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Training(Arguments):
    """A model, its values, and two options."""

    model: str
    values: dict[str, str] = {}
    reason: str = ""
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        return frozenset({"reason", "yes"})


class Search(Arguments):
    """A place, and any number of words."""

    place: str = ""
    words: tuple[str, ...] = ()


USAGE = "/train run MODEL"


def read(text: str) -> Training:
    return bind(Training, split(text), USAGE)


def pair(key: str, value: str) -> Token:
    return Token(value, key=key, has_value=True)


def option(name: str, value: str | None = None) -> Token:
    return Token(value or "", option=name, has_value=value is not None)


@pytest.mark.parametrize(
    ("typed", "tokens"),
    [
        ("", []),
        ("  \n\t ", []),
        ("run delays", [Token("run"), Token("delays")]),
        ("rate=0.1", [pair("rate", "0.1")]),
        ("rate=", [pair("rate", "")]),
        ("rate==1", [pair("rate", "=1")]),
        ("a.b-c=1", [pair("a.b-c", "1")]),
        ("it's", [Token("it's")]),
        ("it’s late", [Token("it's"), Token("late")]),
        ("5=x", [Token("5=x")]),
        ('"two words"', [Token("two words")]),
        ("why='two words'", [pair("why", "two words")]),
        ("why=“two words”", [pair("why", "two words")]),
        ("why=‘two words’", [pair("why", "two words")]),
        ("why=«two words»", [pair("why", "two words")]),
        (r'why="she said \"no\" \\ yes"', [pair("why", r'she said "no" \ yes')]),
        ('why=""', [pair("why", "")]),
        ("--yes", [option("yes")]),
        ("-yes", [option("yes")]),
        ("—yes", [option("yes")]),
        ("–yes", [option("yes")]),
        ("--dry_run", [option("dry-run")]),
        ("--Reason=why", [option("reason", "why")]),
        ('--reason="so, so"', [option("reason", "so, so")]),
        ("-0.5", [Token("-0.5")]),
        ("rate=-0.5", [pair("rate", "-0.5")]),
        ("better — far", [Token("better"), Token("—"), Token("far")]),
        ("months=[1, 2] rate=1", [pair("months", "[1, 2]"), pair("rate", "1")]),
        ('map={"a": {"b": 1}} x', [pair("map", '{"a": {"b": 1}}'), Token("x")]),
        ('signs=["]", "\\"}"] rate=1', [pair("signs", '["]", "\\"}"]'), pair("rate", "1")]),
        ("list=[1]] x", [pair("list", "[1]"), Token("]"), Token("x")]),
        ("emoji=🚂 שלום", [pair("emoji", "🚂"), Token("שלום")]),
        ("a\u00a0b", [Token("a"), Token("b")]),
    ],
)
def test_the_grammar(typed: str, tokens: list[Token]) -> None:
    """Words, pairs and options, with quotes and brackets as values, whatever the client made of them."""
    assert split(typed) == tokens


@pytest.mark.parametrize(
    ("delivered", "meant"),
    [
        ("<@U123|dana>", "@U123"),
        ("<@U123>", "@U123"),
        ("<#C123|training>", "#C123"),
        ("<!subteam^S123|@ml-leads>", "@S123"),
        ("<!subteam^S123>", "@S123"),
        ("<!channel>", "channel"),
        ("<!here|here>", "here"),
        ("<http://example.com|example.com>", "example.com"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<http://evil.example|good.example>", "http://evil.example"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("a &lt; b", "a < b"),
    ],
)
def test_what_slack_makes_of_a_text_is_undone(delivered: str, meant: str) -> None:
    """Mentions become ids, links what was typed, entities the signs themselves; a label can't pose as another URL."""
    assert undo_client(delivered) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ('why="never closed', 'A quote is never closed in: "never closed'),
        ("'", "A quote is never closed"),
        ("why=“never closed", "A quote is never closed"),
        ("list=[1, [2]", "A bracket is never closed in: [1, [2]"),
        ('map={"a": "}"', "A bracket is never closed"),
        ("x" * 10_000, "That is 10,000 characters"),
    ],
)
def test_what_cannot_be_read_is_refused(typed: str, says: str) -> None:
    """An open quote, an open bracket, a pasted novel: the refusal says which, and how to go on."""
    with pytest.raises(Refusal) as refused:
        split(typed)
    assert says in refused.value.sentence
    assert refused.value.hint
    assert len(refused.value.sentence) < 200


def test_a_command_of_slacks_full_length_is_read() -> None:
    """The limit is Slack's own: what it lets through is parsed."""
    assert split("x" * LONGEST_COMMAND) == [Token("x" * LONGEST_COMMAND)]


@given(st.text(max_size=300))
@example("[" * 300)
@example("<" * 300)
@example("\\" * 299 + '"')
def test_splitting_any_text_gives_tokens_or_a_refusal(text: str) -> None:
    """Nothing that can be typed raises anything else, and every token says what it is."""
    try:
        tokens = split(text)
    except Refusal:
        return
    assert all(not (token.key and token.option) for token in tokens)


@given(PLAIN)
def test_a_quoted_value_reads_as_itself(value: str) -> None:
    """`quote` is the way back: whatever the value, typing it after `key=` gives it again."""
    assert split(f"key={delivered(quote(value))} last") == [pair("key", value), Token("last")]


def test_quotes_are_spared_where_they_change_nothing() -> None:
    """An example that a refusal offers is as short as one would type it."""
    assert [quote(value) for value in ("0.5", "1-9", "[1, 2]", "two words", "", "[open")] == [
        "0.5", "1-9", "[1, 2]", '"two words"', '""', '"[open"',
    ]  # fmt: skip


@given(PLAIN)
def test_escaping_is_undone(text: str) -> None:
    """A text without signs that clients rewrite arrives as it was typed."""
    assert undo_client(delivered(text)) == text


def test_arguments_are_bound() -> None:
    """Words by position, pairs as values, options by name, in any order."""
    assert read("delays rate=0.1 --yes --reason 'a try' months=1-9") == Training(
        model="delays", values={"rate": "0.1", "months": "1-9"}, reason="a try", yes=True
    )


def test_a_pair_is_a_word_or_an_options_value_where_no_values_are_taken() -> None:
    """`key=value` is a parameter only to commands that have parameters, and never after an option."""
    assert bind(Search, split("here a=b c"), "") == Search(place="here", words=("a=b", "c"))
    assert read("delays --reason rate=0.1").reason == "rate=0.1"


def test_words_that_are_left_go_to_the_last_field() -> None:
    """A trailing tuple takes any number, none too."""
    assert bind(Search, split("here"), "") == Search(place="here", words=())
    assert bind(Search, split("here a 'b c'"), "") == Search(place="here", words=("a", "b c"))


@pytest.mark.parametrize(
    ("typed", "says", "hint"),
    [
        ("", "I miss the MODEL.", USAGE),
        ("delays again", "I don't know what to do with “again”.", USAGE),
        ("delays rate=1 rate=2", "rate is given twice.", "once"),
        ("delays --reason a --reason b", "--reason is given twice.", "once"),
        ("delays --yes --yes", "--yes is given twice.", "once"),
        ("delays --yes=no", "--yes takes no value.", USAGE),
        ("delays --reason", "--reason needs a value.", USAGE),
        ("delays --reason --yes", "--reason needs a value.", USAGE),
        ("delays --reson x", "I don't know the option “--reson”. Did you mean --reason?", USAGE),
        ("delays --compute gpu", "I don't know the option “--compute”.", USAGE),
    ],
)
def test_what_does_not_fit_is_refused(typed: str, says: str, hint: str) -> None:
    """Missing, too much, twice, unknown: the refusal names the word, and the hint says how it would do."""
    with pytest.raises(Refusal) as refused:
        read(typed)
    assert refused.value.sentence == says
    assert hint in refused.value.hint + refused.value.example


def test_an_options_empty_value_is_a_value() -> None:
    """`--reason=""` says that there is none, which is not the same as forgetting it."""
    assert read('delays --reason=""').reason == ""
    assert read("delays --reason=--yes") == Training(model="delays", reason="--yes")


KNOWN = ["delays", "claims", "quotes", "renewals"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("delay", ["delays"]),
        ("DELAYS", ["delays"]),
        ("dealys", ["delays"]),
        ("claim", ["claims"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_the_nearest_word(word: str, meant: list[str]) -> None:
    """A slip of the finger is recognised; something else altogether suggests nothing."""
    assert nearest(word, KNOWN) == meant


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=6))
def test_only_known_words_are_proposed(word: str, known: list[str]) -> None:
    """Whatever is asked for, the proposals are among what there is, and few."""
    proposed = nearest(word, known)
    assert set(proposed) <= set(known)
    assert len(proposed) <= 2


def test_an_unknown_word_tells_kind_and_nearest() -> None:
    """The refusal carries the nearest words, for buttons."""
    error = UnknownWord("model", "delay", nearest("delay", KNOWN))
    assert (error.kind, error.nearest) == ("model", ("delays",))
    assert error.sentence == "I don't know the model “delay”. Did you mean delays?"
    assert isinstance(BadValue("x"), Refusal)
