"""Views that an app opened: modals by person, and home tabs."""

import secrets
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from demo.slack import limits
from demo.slack.blocks import check_view, complete_ids
from demo.slack.errors import SlackError
from demo.slack.feed import Change, Feed
from demo.slack.states import Values, carried
from demo.slack.world import World

View = dict[str, Any]
_DEFAULTS: View = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False,
                   "notify_on_close": False, "submit": None, "close": None}  # fmt: skip


class Views:
    """Each person's stack of modals and their home tab, with what was filled in so far (`state`).

    Every change is published: kind `view` for a stack, with the view's id as `ts`, and `home` for a home tab.
    """

    def __init__(self, world: World, feed: Feed) -> None:
        self._world = world
        self._feed = feed
        self._stacks: dict[str, list[View]] = defaultdict(list)
        self._homes: dict[str, View] = {}

    # Reading

    def stack(self, user: str) -> list[View]:
        """The person's open modals, the one on top last."""
        return self._stacks[user]

    def home(self, user: str) -> View | None:
        """The person's home tab, if the app published one."""
        return self._homes.get(user)

    def shown(self, user: str, view_id: str) -> View:
        """What the person can act on now: the modal on top, or their home tab; raises SlackError view_not_found."""
        stack = self._stacks[user]
        for view in (*stack[-1:], self._homes.get(user)):
            if view is not None and view["id"] == view_id:
                return view
        raise SlackError("view_not_found")

    # What an app does

    def open(self, user: str, view: View) -> View:
        """Put a modal on the person's screen; raises SlackError push_limit_reached above three."""
        self._check(view, "modal")
        stack = self._stacks[user]
        if len(stack) >= limits.VIEW_STACK:
            raise SlackError("push_limit_reached")
        opened = self._complete(view, stack[-1] if stack else None)
        stack.append(opened)
        self._changed("view", user, opened)
        return opened

    def push(self, user: str, view: View) -> View:
        """Put a modal onto the ones that are open; raises SlackError not_found where none is."""
        if not self._stacks[user]:
            raise SlackError("not_found")
        return self.open(user, view)

    def update(self, view: View, *, view_id: str | None, external_id: str | None, hash_: str | None) -> View:
        """Replace an open modal or a home tab, keeping its id, its place and what was filled in.

        Raises SlackError: not_found, hash_conflict, duplicate_external_id.
        """
        user, old = self._find(view_id, external_id)
        if hash_ not in (None, old["hash"]):
            raise SlackError("hash_conflict")
        self._check(view, old["type"], replacing=old)
        updated = self._complete(view, None, old)
        if old["type"] == "home":
            self._homes[user] = updated
        else:
            stack = self._stacks[user]
            stack[stack.index(old)] = updated
        self._changed("home" if old["type"] == "home" else "view", user, updated)
        return updated

    def publish(self, user: str, view: View, hash_: str | None = None) -> View:
        """Show a home tab to the person; raises SlackError hash_conflict, duplicate_external_id."""
        old = self._homes.get(user)
        if hash_ is not None and (old is None or hash_ != old["hash"]):
            raise SlackError("hash_conflict")
        self._check(view, "home", replacing=old)
        self._homes[user] = self._complete(view, None, old)
        self._changed("home", user, self._homes[user])
        return self._homes[user]

    # What a person does

    def fill(self, view: View, values: Values) -> None:
        """Keep what the person filled in."""
        view["state"] = {"values": values}

    def close(self, user: str, view_id: str) -> None:
        """Take one modal away, and with it those above it; nothing if it is gone already."""
        stack = self._stacks[user]
        for index, view in enumerate(stack):
            if view["id"] == view_id:
                del stack[index:]
                self._changed("view", user, view)
                return

    def clear(self, user: str) -> list[View]:
        """Take all modals away; gives those that were there, the one on top first."""
        closed = self._stacks.pop(user, [])[::-1]
        for view in closed[-1:]:
            self._changed("view", user, view)
        return closed

    # Inside

    def _all(self) -> Iterator[tuple[str, View]]:
        for user, stack in self._stacks.items():
            yield from ((user, view) for view in stack)
        yield from self._homes.items()

    def _find(self, view_id: str | None, external_id: str | None) -> tuple[str, View]:
        for user, view in self._all():
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return user, view
        raise SlackError("not_found")

    def _check(self, view: View, surface: str, replacing: View | None = None) -> None:
        check_view(view)
        if view["type"] != surface:
            message = f"[ERROR] must be one of: {surface} [json-pointer:/view/type]"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
        taken = {other["external_id"] for _, other in self._all() if other is not replacing}
        if view.get("external_id") and view["external_id"] in taken:
            raise SlackError("duplicate_external_id")

    def _complete(self, view: View, below: View | None, old: View | None = None) -> View:
        """The view as Slack keeps it: on top of the one `below`, or in place of the `old` one."""
        view_id = old["id"] if old else f"V0{secrets.token_hex(5).upper()}"
        blocks = complete_ids(view["blocks"])
        made = {
            "id": view_id,
            "hash": f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}",
            "team_id": self._world.team.id,
            "app_id": self._world.app.id,
            "app_installed_team_id": self._world.team.id,
            "bot_id": self._world.app.bot_id,
            "root_view_id": old["root_view_id"] if old else below["root_view_id"] if below else view_id,
            "previous_view_id": old["previous_view_id"] if old else below["id"] if below else None,
            "state": {"values": carried(old["state"]["values"] if old else {}, blocks)},
            "blocks": blocks,
        }
        return _DEFAULTS | view | made

    def _changed(self, kind: Any, user: str, view: View) -> None:
        self._feed.publish(Change(kind, "", view["id"], only=user))
