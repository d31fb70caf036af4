"""pydantic's errors in words: where in a YAML file a mistake stands, and what is allowed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.conversation.words import nearest
from bot.errors import shorten

Keys = Callable[[tuple[int | str, ...]], list[str]]
"""The keys that are allowed at the place where an unknown one stood."""


def mistakes(path: Path, document: Any, error: ValidationError, keys: Keys) -> Iterator[str]:
    """A line for each mistake in the file that was read as `document`."""
    for problem in error.errors(include_url=False):
        where = tuple(part for part in problem["loc"] if part != "[key]")
        dotted = ".".join(str(part) for part in where)
        yield f"{path}, line {_line(document, where)}: {dotted + ': ' if dotted else ''}{_what(problem, keys)}"


def _line(document: Any, where: tuple[int | str, ...]) -> int:
    """The line of the deepest part of `where` that the file has; 1-based."""
    line = 0
    for part in where:
        if isinstance(document, CommentedMap) and part in document:
            line = document.lc.key(part)[0]
        elif isinstance(document, CommentedSeq) and isinstance(part, int) and part < len(document):
            line = document.lc.item(part)[0]
        else:
            break
        document = document[part]
    return line + 1


def _what(problem: Any, keys: Keys) -> str:
    given = "nothing" if problem["input"] is None else shorten(str(problem["input"]), 40)
    match problem["type"]:
        case "extra_forbidden":
            known = keys(problem["loc"])
            meant = nearest(str(problem["loc"][-1]), known, most=1)
            return f"unknown key.{f' Did you mean {meant[0]}?' if meant else ''} Allowed: {', '.join(known)}"
        case "string_pattern_mismatch":
            return f"“{given}” is not {_pattern_in_words(problem['ctx']['pattern'])}"
        case "literal_error":
            return f"“{given}” is not allowed; it takes {problem['ctx']['expected']}"
        case "value_error":
            return str(problem["ctx"]["error"])
        case "string_type":
            return f"a text is expected, not “{given}”; quotes make one"
        case "model_type" | "dict_type":
            return f"a mapping (name: value) is expected, not “{given}”"
        case "tuple_type":
            return f"a list ([a, b]) is expected, not “{given}”"
        case _:
            return f"{plainly(problem['msg'])}, not “{given}”"


def plainly(message: str) -> str:
    """pydantic's words, as the end of a sentence."""
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message if message[:2].isupper() else message[:1].lower() + message[1:]


def _pattern_in_words(pattern: str) -> str:
    words = {
        "everyone": "a Slack person's id (U…), a user group's id (S…) or the word everyone",
        "[CG]": "a Slack channel's id (C… or G…); a channel's name can change, so its id is asked for",
        "^/": "a slash command, such as /train",
    }
    return next((text for sign, text in words.items() if sign in pattern), "a name of letters, digits and . _ -")
