"""Clicks: on elements of messages, of modals and of home tabs."""

import time
from dataclasses import replace
from typing import Any

from demo.slack.backend import Backend
from demo.slack.blocks.ids import every_block, own_elements
from demo.slack.courier import send
from demo.slack.errors import SlackError
from demo.slack.feed import Change
from demo.slack.inputs import Inputs, read_inputs
from demo.slack.messages import Message
from demo.slack.outcome import TROUBLE, Outcome
from demo.slack.payloads import Payloads
from demo.slack.states import KINDS, Chooser, Element, Raw, Values, carried, changed, escaped, find_option, options_of
from demo.slack.suggestions import Suggestions
from demo.slack.workspace import Conversation

Found = tuple[dict[str, Any], Element]


class Clicks:
    """Sends `block_actions`, and remembers what each person has chosen in a message's menus."""

    def __init__(self, backend: Backend, payloads: Payloads, suggestions: Suggestions) -> None:
        self._backend = backend
        self._payloads = payloads
        self._suggestions = suggestions
        self._states: dict[tuple[str, str, str], Values] = {}

    async def on_message(
        self, user: str, conversation: Conversation, message: Message, action_id: str, block_id: str | None, value: Raw
    ) -> Outcome:
        """A click in a message."""
        key = (user, message.channel, message.ts)
        before = carried(self._states.get(key, {}), message.blocks)
        found = find(message.blocks, action_id, block_id)
        chooser = self._suggestions.chooser(user, f"{message.channel}/{message.ts}")
        action, self._states[key] = _acted(found, value, before, chooser)
        payload = self._payloads.message_click(user, conversation, message, action, self._states[key])
        outcome = await send(self._backend, "interactive", payload)
        if not outcome.acked:
            self._backend.feed.publish(Change("warned", message.channel, message.ts, message.thread_ts, user))
        return outcome

    async def on_view(
        self, user: str, view_id: str, action_id: str, block_id: str | None, value: Raw, inputs: Inputs | None
    ) -> Outcome:
        """A click in a modal or a home tab."""
        view = self._backend.views.shown(user, view_id)
        chooser = self._suggestions.chooser(user, view_id)
        before = read_inputs(view["blocks"], view["state"]["values"], inputs or {}, chooser)
        block, element = find(view["blocks"], action_id, block_id)
        if value is None and inputs is not None:
            value = inputs.get(block["block_id"], {}).get(action_id)
        action, values = _acted((block, element), value, before, chooser)
        self._backend.views.fill(view, values)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Outcome(acked=False, error="not_dispatched")
        outcome = await send(self._backend, "interactive", self._payloads.view_click(user, view, action))
        return outcome if outcome.acked else replace(outcome, notice=TROUBLE)


def find(blocks: list[dict[str, Any]], action_id: str, block_id: str | None) -> Found:
    """The element and its block; raises SlackError action_not_found."""
    for _, block in every_block(blocks):
        for _, element in own_elements(block):
            if element["action_id"] == action_id and block_id in (None, block["block_id"]):
                return block, element
    raise SlackError("action_not_found")


def _acted(found: Found, raw: Raw, before: Values, chooser: Chooser) -> tuple[dict[str, Any], Values]:
    """The entry of `actions` for an element (what it is, what was chosen, and when), and the new state."""
    block, element = found
    ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
    when = {"action_ts": f"{time.time():.6f}"}
    if element["type"] not in KINDS:
        return {"type": element["type"], **ids, **_pressed(element, raw), **when}, before
    chosen = chooser.chosen(element, raw)
    shown = {
        key: value
        for key, value in element.items()
        if key in ("placeholder", "confirm", KINDS[element["type"]].initial)
    }
    return {**shown, **chosen, **ids, **when}, changed(before, ids["block_id"], ids["action_id"], chosen)


def _pressed(element: Element, raw: Raw) -> dict[str, Any]:
    """What an element sends that keeps no value."""
    if element["type"] == "feedback_buttons":
        pair = (element["positive_button"], element["negative_button"])
        return {key: find_option(pair, raw if isinstance(raw, str) else None)[key] for key in ("text", "value")}
    if element["type"] in ("button", "icon_button"):
        return {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    if element["type"] == "overflow" and not isinstance(raw, list):
        return {"selected_option": escaped(find_option(options_of(element), raw))}
    raise SlackError("action_not_found")
