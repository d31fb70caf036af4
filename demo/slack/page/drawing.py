"""What the templates draw texts and elements with, for one reader."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from demo.slack.page.charts import Chart, lay_out
from demo.slack.page.markdown import render_markdown
from demo.slack.page.mrkdwn import render_mrkdwn, render_plain
from demo.slack.page.names import conversation_name, is_direct
from demo.slack.page.reader import Reader, is_web
from demo.slack.page.rich_text import render_rich_text, words_of
from demo.slack.workspace import Conversation, Workspace

Json = dict[str, Any]
_ids = itertools.count(1)  # one count for all, so that no id appears twice on a page


class Drawing:
    """Named `c` in the templates. `here` is the conversation that is open, for selects that start with it."""

    def __init__(self, reader: Reader, workspace: Workspace, here: Conversation | None = None) -> None:
        self._reader = reader
        self._workspace = workspace
        self._here = here
        self.me = reader.person.id
        self.zone = reader.person.tz

    # Texts

    def text(self, part: Json) -> Markup:
        """A text object, `mrkdwn` or `plain_text`."""
        if part["type"] == "mrkdwn":
            return render_mrkdwn(part["text"], self._reader)
        return render_plain(part["text"], emoji=part.get("emoji") is not False)

    def mrkdwn(self, words: str) -> Markup:
        """A message's own text."""
        return render_mrkdwn(words, self._reader)

    def plain(self, words: str) -> Markup:
        """A bare string, such as a plan's title."""
        return render_plain(words)

    def rich_text(self, block: Json) -> Markup:
        """A `rich_text` block."""
        return render_rich_text(block, self._reader)

    def rich_text_words(self, block: Json | None) -> str:
        """A `rich_text` block as text without styles, for a field that people edit; "" for None."""
        return words_of(block) if block else ""

    def markdown(self, words: str) -> Markup:
        """A `markdown` block's text."""
        return render_markdown(words)

    def web(self, url: str) -> Markup:
        """An address, or nothing where it is no web address."""
        return escape(url if is_web(url) else "")

    # Blocks and elements

    def fresh(self) -> str:
        """An id for an HTML element that no other has."""
        return f"e{next(_ids)}"

    def chart(self, chart: Json) -> Chart:
        """A chart's geometry."""
        return lay_out(chart)

    def confirm(self, dialog: Json) -> str:
        """A confirmation dialog as JSON for the page's script; its text is HTML that was escaped here."""
        words = {key: dialog[key]["text"] for key in ("title", "confirm", "deny")}
        return json.dumps(words | {"html": self.text(dialog["text"]), "style": dialog.get("style")})

    def local(self, timestamp: int) -> str:
        """A moment (seconds since 1970) as a `datetime-local` input has it, in the reader's zone."""
        return f"{datetime.fromtimestamp(timestamp, UTC).astimezone(self._reader.person.zone):%Y-%m-%dT%H:%M}"

    def chosen(self, element: Json) -> list[Json]:
        """The options that an element starts with."""
        options = element.get("initial_options") or [element.get("initial_option")]
        return [option for option in options if option] + [_option(ref, self._name(ref)) for ref in self._refs(element)]

    def choices(self, element: Json) -> list[Json]:
        """What a select offers, in groups; an external one offers nothing until something is typed."""
        kind = element["type"].removeprefix("multi_")
        if kind == "static_select":
            return element.get("option_groups") or [{"options": element["options"]}]
        if kind == "external_select":
            return []
        return [{"options": [_option(ref, self._name(ref)) for ref in self._listed(kind, element)]}]

    def _refs(self, element: Json) -> Iterator[str]:
        """Ids of people and conversations that an element starts with."""
        for kind in ("user", "conversation", "channel"):
            yield from element.get(f"initial_{kind}s") or ()
            if first := element.get(f"initial_{kind}"):
                yield first
        begun = element.get("initial_conversation") or element.get("initial_conversations")
        if element.get("default_to_current_conversation") and self._here is not None and not begun:
            yield self._here.id

    def _listed(self, kind: str, element: Json) -> Iterator[str]:
        if kind == "users_select":
            yield from (person.id for person in self._reader.world.people if not person.deleted)
            return
        if kind == "channels_select":
            shown = {"public"}
        else:
            shown = set((element.get("filter") or {}).get("include") or ("im", "mpim", "private", "public"))
        for conversation in self._workspace.conversations_of(self.me):
            if ("im" if is_direct(conversation) else "public") in shown:
                yield conversation.id

    def _name(self, ref: str) -> str:
        if person := self._reader.world.users.get(ref):
            return person.real_name
        conversation = self._workspace.conversation(ref)
        return ("" if is_direct(conversation) else "#") + conversation_name(conversation, self._reader)


def _option(value: str, name: str) -> Json:
    return {"value": value, "text": {"type": "plain_text", "text": name, "emoji": False}}
