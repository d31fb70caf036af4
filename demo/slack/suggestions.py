"""Options of external menus, asked of the app while a person types."""

from collections import defaultdict
from typing import Any

from demo.slack.backend import Backend
from demo.slack.blocks import check_blocks
from demo.slack.courier import send
from demo.slack.errors import SlackError
from demo.slack.payloads import Payload, Payloads
from demo.slack.states import EXTERNAL, Chooser, Element, options_of

MIN_QUERY = 3


class Suggestions:
    """Asks for options and remembers them: a person can choose what was suggested, and nothing else."""

    def __init__(self, backend: Backend, payloads: Payloads) -> None:
        self._backend = backend
        self._payloads = payloads
        self._offered: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(dict)

    def chooser(self, user: str, place: str) -> Chooser:
        """Reads values for a person in one place: a view's id, or a message's `channel/ts`."""
        return Chooser(self._known, self._offered[user, place])

    async def ask(
        self, user: str, where: str, place: Payload, block: dict[str, Any], element: Element, text: str
    ) -> list[dict[str, Any]]:
        """The options, or groups of them, that the app suggests; none while the text is too short.

        Raises SlackError: action_not_found, options_not_loaded (no answer, or one that Slack refuses).
        """
        if element["type"] not in EXTERNAL:
            raise SlackError("action_not_found")
        if len(text) < element.get("min_query_length", MIN_QUERY):
            return []
        payload = self._payloads.suggestion(user, place, element["action_id"], block["block_id"], text)
        outcome = await send(self._backend, "interactive", payload)
        if not outcome.acked:
            raise SlackError("options_not_loaded", reason=outcome.error)
        answer = _checked(outcome.payload)
        listed = self._offered[user, where].setdefault(element["action_id"], [])
        listed += options_of(answer)
        shown: list[dict[str, Any]] = answer.get("option_groups") or answer["options"]
        return shown

    def _known(self, kind: str, ref: str) -> bool:
        """Whether this is the id of a `user`, a `conversation` or a `channel`."""
        if kind == "user":
            return ref in self._backend.world.users
        try:
            found = self._backend.workspace.conversation(ref)
        except SlackError:
            return False
        return found.id == ref and not (kind == "channel" and found.im_with)


def _checked(answer: Any) -> dict[str, Any]:
    """The answer's options, as strictly checked as those of a static menu; an empty list is allowed."""
    if answer in ({"options": []}, {"option_groups": []}):
        return {"options": []}
    options = answer if isinstance(answer, dict) else {}
    menu = {"type": "static_select", "action_id": "checked"} | options
    problems = check_blocks([{"type": "actions", "elements": [menu]}], surface="modal")
    if problems:
        raise SlackError("options_not_loaded", response_metadata={"messages": problems})
    return options
