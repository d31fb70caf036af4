"""Every message there is, with ordinary, hostile, empty and far too many values. A new one is found by itself."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from jinja2 import meta

import bot.app  # noqa: F401  # imports every module of the bot that declares a message
from bot.answers import shared_by, with_share
from bot.commands import discover
from bot.finishing import RunEnded
from bot.markup import Markup, escape
from bot.render import Message, messages
from bot.templating import environment
from tests.slack_rules import problems

discover()
KINDS = [kind for kind in messages() if kind.__module__.startswith(("bot.", "commands."))]  # not other tests' own
KINDS.sort(key=lambda kind: kind.__name__)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

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


@dataclass(frozen=True)
class Values:
    """How the fields of a message are filled: texts by `text`, lists with `many` entries, links with `url`."""

    text: Callable[[], str]
    many: int
    url: str = ""

    def of(self, annotation: Any, name: str = "") -> Any:
        """A value for a field of this type. A type that is missing here has to be taught."""
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin in (Union, types.UnionType):
            kinds = [kind for kind in inner if kind is not type(None) or not self.many]
            return self.of(kinds[-1], name)
        if origin is tuple:
            return tuple(self.of(inner[0]) for _ in range(self.many))
        if origin is Literal:
            return inner[0]
        if annotation is str:
            return self.url if name == "url" and self.url else self.text()
        if annotation is Markup:
            return Markup(escape(self.text()))
        if annotation is bool:
            return bool(self.many)
        if annotation is datetime:
            return NOON
        if annotation is type(None):
            return None
        if issubclass(annotation, tuple):
            return annotation(*(self.of(kind, each) for each, kind in get_type_hints(annotation).items()))
        raise TypeError(f"tell the tests how to make a {annotation}")

    def message(self, kind: type[Message]) -> Message:
        """A message with every field filled."""
        hints = get_type_hints(kind)
        return kind(**{name: self.of(hints[name], name) for name in kind.names()})


def ordinary(many: int) -> Values:
    """Values that can be told from each other."""
    numbers = count()
    return Values(lambda: f"text{next(numbers)}.", many, url="https://example.com/?a=1&b=2")


def hostile(name: str, many: int) -> Values:
    return Values(lambda: HOSTILE[name], many)


def test_messages_are_found() -> None:
    """The rest of this file would be silent about what it doesn't find."""
    assert {"RunCard", "Told", "Refused", "RunEnded", "HelpMessage"} <= {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_templates_variables_are_its_class_fields(kind: type[Message]) -> None:
    """Neither a hole that nothing fills, nor a field that nobody sees."""
    env = environment()
    source = (env.loader.get_source(env, f"messages/{kind.template}.json.j2") if env.loader else ("",))[0]
    assert meta.find_undeclared_variables(env.parse(source)) == set(kind.names())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("many", [1, 2])
def test_every_value_is_shown(kind: type[Message], many: int) -> None:
    """An ordinary message shows all that it was given, with nothing that Slack refuses."""
    message = ordinary(many).message(kind)
    rendered = message.render()
    assert problems(rendered) == []
    shown = rendered.model_dump_json()
    for text in texts(message.variables()):
        assert text in shown


def texts(value: Any) -> list[str]:
    """Every text in a message's variables."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return [text for each in inner for text in texts(each)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("many", [0, 1, 55])
def test_nothing_breaks_a_message(kind: type[Message], name: str, many: int) -> None:
    """Whatever stands in its fields, and however much: Slack takes it, and nothing in it is alive."""
    assert problems(hostile(name, many).message(kind).render()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_lists_are_cut_saying_so(kind: type[Message]) -> None:
    """A list that is too long for Slack is cut, and says how much is missing; of buttons there are just fewer."""
    rendered = ordinary(120).message(kind).render()
    assert problems(rendered) == []
    lists = {name for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple}
    assert not lists - {"proposals", "links"} or " more" in json.dumps(rendered.blocks)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.shareable])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("many", [0, 55])
def test_a_shared_answer_fits_too(kind: type[Message], name: str, many: int) -> None:
    """The Share button, and the line that says who shares, have their room in the longest message."""
    rendered = hostile(name, many).message(kind).render()
    assert problems(with_share(rendered, f"status {HOSTILE[name]}")) == []
    assert problems(shared_by(HOSTILE[name] or "Dana", rendered)) == []


def test_a_mention_is_the_only_thing_alive() -> None:
    """The reply at a run's end notifies its requester, and nobody else."""
    rendered = RunEnded(person="U0DANA", words="done <!channel> <@U0OMAR>").render()
    assert problems(rendered, live=frozenset({"<@U0DANA>"})) == []
    assert "<@U0DANA>" in rendered.text
