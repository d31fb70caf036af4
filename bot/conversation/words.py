"""What a person typed, read: words, `key=value` pairs and `--options`. Pure.

A client may have rewritten quotes and dashes, and Slack has escaped `& < >` and turned mentions into entities; all
of that is undone first. Grammar of the rest, separated by white space:

    word            anything else
    key=value       a model's own parameter; the key is a Python-like name
    --option value  for the bot; also `--option=value`, `-option`, and a dash that the client has rewritten

A quote opens only where a token or a value begins, so `it's` is a word; inside quotes a backslash escapes. A value that
begins with a bracket is JSON, and goes on to the bracket that closes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict
from rapidfuzz import distance, process, utils

from bot.errors import BadValue, Refusal, UnknownWord, shorten

LONGEST_COMMAND = 4_000  # Slack's own limit of a message; a pasted novel is refused, not parsed

_ENTITY = re.compile(r"<(?P<kind>[@#!]?)(?P<body>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_SMART = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "\u00a0": " "})
_DASHES = re.compile(r"(?<!\S)[—–‒―](?=[A-Za-z])")
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=")
_JSON_SIGN = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}]', re.DOTALL)
_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)(?P<equals>=)?")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, pair or option. `key` is empty for a word; `option` is empty unless it began with a dash."""

    text: str
    key: str = ""
    option: str = ""
    has_value: bool = False


def undo_client(text: str) -> str:
    """The text as it was meant: entities read, smart quotes and dashes plain, `& < >` unescaped."""

    def entity(match: re.Match[str]) -> str:
        kind, body, label = match["kind"], match["body"], match["label"]
        if kind == "!" and body.startswith("subteam^"):
            return "@" + body.removeprefix("subteam^")
        if kind:
            return kind + body if kind != "!" else body
        return label if label and "://" not in label and body.endswith(label) else body

    plain = _DASHES.sub("--", _ENTITY.sub(entity, text).translate(_SMART))
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def split(text: str) -> list[Token]:
    """The tokens of a command's text, as Slack delivered it. Refusal where a quote is never closed."""
    if len(text) > LONGEST_COMMAND:
        raise Refusal(f"That is {len(text):,} characters; I read at most {LONGEST_COMMAND:,}.", hint="Shorten it.")
    plain = undo_client(text)
    tokens, at = [], 0
    while at < len(plain):
        if plain[at].isspace():
            at += 1
            continue
        token, at = _token(plain, at)
        tokens.append(token)
    return tokens


def _token(text: str, at: int) -> tuple[Token, int]:
    if option := _OPTION.match(text, at):
        name = option["name"].lower().replace("_", "-")
        end = option.end()
        if option["equals"]:
            value, end = _value(text, end)
            return Token(value, option=name, has_value=True), end
        if end == len(text) or text[end].isspace():
            return Token("", option=name), end
    if pair := _KEY.match(text, at):
        value, end = _value(text, pair.end())
        return Token(value, key=pair["key"], has_value=True), end
    value, end = _value(text, at)
    return Token(value), end


def _value(text: str, at: int) -> tuple[str, int]:
    """A bare, quoted or bracketed value that begins at `at`, and where it ends."""
    first = text[at : at + 1]
    if first in ('"', "'"):
        return _quoted(text, at)
    if first in ("[", "{"):
        return _bracketed(text, at)
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[at:end], end


def _bracketed(text: str, at: int) -> tuple[str, int]:
    """JSON, up to the bracket that closes it; a bracket in one of its strings closes nothing."""
    depth = 0
    for sign in _JSON_SIGN.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(sign[0], 0)
        if depth == 0 and sign[0] in ("]", "}"):
            return text[at : sign.end()], sign.end()
    raise BadValue(
        f"A bracket is never closed in: {shorten(text[at:])}",
        hint="Close it, or put the value into quotes.",
    )


def _quoted(text: str, at: int) -> tuple[str, int]:
    quote, end, out = text[at], at + 1, []
    while end < len(text) and text[end] != quote:
        if text[end] == "\\" and end + 1 < len(text):
            end += 1
        out.append(text[end])
        end += 1
    if end >= len(text):
        raise BadValue(f"A quote is never closed in: {shorten(text[at:])}", hint=f"Close it with {quote}.")
    return "".join(out), end + 1


def quote(value: str) -> str:
    """`value` as it can be typed after `key=`: bare where that reads as itself, else in quotes."""
    try:
        if value and _value(value, 0) == (value, len(value)):
            return value
    except BadValue:
        pass
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Arguments(BaseModel):
    """The base of a command's arguments.

    Fields in order are its words, except `values` (the `key=value` pairs) and those named in `options`. A
    `bool` option takes no value. A trailing field of type `tuple[str, ...]` takes all the words that are left.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def options(cls) -> frozenset[str]:
        """The fields that are given as `--name`; one whose name is Python's own has a `_` at its end."""
        return frozenset()

    @classmethod
    def positional(cls) -> list[str]:
        """The fields that are given as plain words, in order."""
        return [name for name in cls.model_fields if name != "values" and name not in cls.options()]


A = TypeVar("A", bound=Arguments)


def bind(kind: type[A], tokens: Sequence[Token], usage: str) -> A:
    """Give the tokens to the fields of `kind`. Refusal, ending in the usage, for what doesn't fit."""
    given: dict[str, Any] = {}
    words = list(kind.positional())
    pairs: dict[str, str] = {}
    rest = iter(tokens)
    for token in rest:
        if token.option:
            _option(kind, token, rest, given, usage)
        elif token.key and "values" in kind.model_fields:
            if token.key in pairs:
                raise BadValue(f"{shorten(token.key)} is given twice.", hint="Give it once.")
            pairs[token.key] = token.text
        else:
            _word(kind, token, words, given, usage)
    if "values" in kind.model_fields:
        given["values"] = pairs
    missing = [name for name in words if kind.model_fields[name].is_required()]
    if missing:
        raise Refusal(f"I miss the {missing[0].upper()}.", example=usage)
    return kind(**given)


def _option(kind: type[Arguments], token: Token, rest: Iterator[Token], given: dict[str, Any], usage: str) -> None:
    words = {option.rstrip("_").replace("_", "-"): option for option in sorted(kind.options())}
    name = words.get(token.option, "")
    if not name:
        known = [f"--{word}" for word in words]
        raise UnknownWord("option", f"--{token.option}", nearest(f"--{token.option}", known), example=usage)
    if name in given:
        raise BadValue(f"--{token.option} is given twice.", hint="Give it once.")
    if kind.model_fields[name].annotation is bool:
        if token.has_value:
            raise BadValue(f"--{token.option} takes no value.", example=usage)
        given[name] = True
        return
    value = token if token.has_value else next(rest, None)
    if value is None or (value.option and not token.has_value):
        raise BadValue(f"--{token.option} needs a value.", example=usage)
    given[name] = f"{value.key}={value.text}" if value.key else value.text


def _word(kind: type[Arguments], token: Token, words: list[str], given: dict[str, Any], usage: str) -> None:
    text = f"{token.key}={token.text}" if token.key else token.text
    if words and get_origin(kind.model_fields[words[0]].annotation) is tuple:
        given[words[0]] = (*given.get(words[0], ()), text)
    elif words:
        given[words.pop(0)] = text
    else:
        raise Refusal(f"I don't know what to do with “{shorten(text)}”.", example=usage)


def nearest(word: str, known: Iterable[str], *, most: int = 2) -> list[str]:
    """Those of `known` that `word` may have been meant as, best first; at most `most`."""
    scorer = distance.DamerauLevenshtein.normalized_similarity
    found = process.extract(
        shorten(word),
        list(known),
        scorer=scorer,
        processor=utils.default_process,
        limit=most,
        score_cutoff=0.6,
    )
    best = found[0][1] if found else 0.0
    return [name for name, score, _ in found if score >= best - 0.1]
