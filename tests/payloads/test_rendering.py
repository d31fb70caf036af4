"""Every message and view there is, filled: nothing is lost, nothing is alive. A new one is found by itself."""

from __future__ import annotations

import json
from typing import Any, get_origin, get_type_hints

import pytest
from jinja2 import meta, nodes

from bot.following.finishing import RunEnded
from bot.installing.samples import ordinary
from bot.messages.render import Message, Templated
from bot.messages.templating import environment
from tests.payloads.collection import MESSAGES, NAMES, VIEWS, payloads
from tests.slack_rules import problems

KINDS: list[type[Any]] = [*MESSAGES, *VIEWS]


def test_messages_and_views_are_found() -> None:
    """The rest of this folder would be silent about what it doesn't find."""
    assert {"RunCard", "Told", "Refused", "RunEnded", "HelpMessage", "HomeView"} <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)
    assert all(len(payloads(name)) > 10 for name in NAMES)


def variables(template: str) -> set[str]:
    """What a template takes, with the parts that it includes; a part may also take what the template itself sets."""
    env = environment()
    source = (env.loader.get_source(env, template) if env.loader else ("",))[0]
    tree = env.parse(source)
    own = {name.name for assigned in tree.find_all(nodes.Assign) for name in assigned.find_all(nodes.Name)}
    parts = [variables(part) for part in meta.find_referenced_templates(tree) if part]
    return meta.find_undeclared_variables(tree).union(*parts) - own


@pytest.mark.parametrize("kind", KINDS)
def test_a_templates_variables_are_its_class_fields(kind: type[Templated]) -> None:
    """Neither a hole that nothing fills, nor a field that nobody sees."""
    assert variables(f"{kind.path()}.json.j2") == set(kind.names())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("many", [1, 2])
def test_every_value_is_shown(kind: type[Any], many: int) -> None:
    """An ordinary message or view shows all that it was given."""
    filled = ordinary(many).fill(kind)
    rendered = filled.render()
    shown = rendered.model_dump_json() if isinstance(filled, Message) else json.dumps(rendered)
    for text in texts(filled.variables()):
        assert text in shown


def texts(value: Any) -> list[str]:
    """Every text in a message's variables."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return [text for each in inner for text in texts(each)]


@pytest.mark.parametrize("kind", MESSAGES)
def test_lists_are_cut_saying_so(kind: type[Message]) -> None:
    """A list that is too long for Slack is cut, and says how much is missing; of buttons there are just fewer."""
    rendered = ordinary(120).fill(kind).render()
    lists = {name for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple}
    assert not lists - {"proposals", "links", "choices"} or " more" in json.dumps(rendered.blocks)


def test_a_mention_is_the_only_thing_alive() -> None:
    """The reply at a run's end notifies its requester, and nobody else."""
    rendered = RunEnded(person="U0DANA", words="done <!channel> <@U0OMAR>").render()
    assert problems(rendered, live=frozenset({"<@U0DANA>"})) == []
    assert "<@U0DANA>" in rendered.text
