"""Views that an app opened: modals by person, and home tabs."""

import secrets
from collections import defaultdict
from typing import Any

from demo.slack import limits
from demo.slack.blocks import check_view, complete_ids
from demo.slack.errors import SlackError
from demo.slack.world import World

View = dict[str, Any]


class Views:
    """Each person's stack of modals and their home tab."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stacks: dict[str, list[View]] = defaultdict(list)
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """The person's open modals, the one on top last."""
        return self._stacks[user]

    def home(self, user: str) -> View | None:
        """The person's home tab, if the app published one."""
        return self._homes.get(user)

    def open(self, user: str, view: View) -> View:
        """Put a modal on the person's screen; raises push_limit_reached above three."""
        stack = self._stacks[user]
        if len(stack) >= limits.VIEW_STACK:
            raise SlackError("push_limit_reached")
        check_view(view)
        opened = self._complete(view)
        stack.append(opened)
        return opened

    def update(self, view: View, *, view_id: str | None, external_id: str | None, hash_: str | None) -> View:
        """Replace an open modal, keeping its id; raises not_found, hash_conflict."""
        for stack in self._stacks.values():
            for index, old in enumerate(stack):
                if old["id"] != view_id and (external_id is None or old["external_id"] != external_id):
                    continue
                if hash_ is not None and hash_ != old["hash"]:
                    raise SlackError("hash_conflict")
                check_view(view)
                stack[index] = self._complete(view) | {"id": old["id"]}
                return stack[index]
        raise SlackError("not_found")

    def publish(self, user: str, view: View) -> View:
        """Show a home tab to the person."""
        check_view(view)
        self._homes[user] = self._complete(view)
        return self._homes[user]

    def _complete(self, view: View) -> View:
        defaults = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False,
                    "notify_on_close": False, "submit": None, "close": None}  # fmt: skip
        made = {
            "id": f"V0{secrets.token_hex(5).upper()}",
            "hash": secrets.token_hex(8),
            "team_id": self._world.team.id,
            "app_id": self._world.app.id,
            "bot_id": self._world.app.bot_id,
            "state": {"values": {}},
            "blocks": complete_ids(view["blocks"]),
        }
        return defaults | view | made
