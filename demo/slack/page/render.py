"""Messages, views and pages as HTML, through Jinja2 with autoescape."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from demo.slack.backend import Backend
from demo.slack.messages import Message
from demo.slack.page.dates import show_day, show_moment
from demo.slack.page.drawing import Drawing
from demo.slack.page.reader import Reader
from demo.slack.page.unread import Unread
from demo.slack.workspace import Conversation

TEMPLATES = Path(__file__).parent.parent / "templates"


class Renderer:
    """Draws for one reader at a time."""

    def __init__(self, backend: Backend, unread: Unread) -> None:
        self._backend = backend
        self._unread = unread
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message(self, message: Message, reader: Reader, *, in_thread: bool = False) -> str:
        """One message's `<article>`; `in_thread` leaves out the count of replies below a parent."""
        workspace = self._backend.workspace
        replies: Sequence[Message] = ()
        if not message.is_reply and not in_thread and message.shown_to is None:
            replies = workspace.replies(message.channel, message.ts)
        time, moment = show_moment(message.ts, reader.person)
        return self._draw(
            "message",
            reader,
            here=workspace.conversation(message.channel),
            message=message,
            author=reader.world.users.get(message.user),
            time=time,
            moment=moment,
            replies=replies,
            in_thread=in_thread,
            mentioned=message.user != reader.person.id and self._unread.mentions(message, reader.person),
            shortcuts=[each for each in reader.world.app.shortcuts if each.type == "message"],
            permalink=f"{self._backend.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
            + (f"?thread_ts={message.thread_ts}" if message.is_reply else ""),
        )

    def views(self, reader: Reader, here: Conversation | None = None) -> list[dict[str, str]]:
        """The reader's stack of modals, each with its id, its hash and its HTML."""
        stack = self._backend.views.stack(reader.person.id)
        return [
            {"id": view["id"], "hash": view["hash"], "html": self._draw("view", reader, here, view=view, depth=depth)}
            for depth, view in enumerate(stack, start=1)
        ]

    def options(self, reader: Reader, options: Sequence[dict[str, Any]]) -> str:
        """Suggested options, or groups of them, as the inside of a select's list."""
        grouped = bool(options) and "options" in options[0]
        return self._draw("options", reader, groups=options if grouped else [{"options": options}])

    def home(self, reader: Reader) -> str:
        """The reader's home tab."""
        return self._draw("home", reader, view=self._backend.views.home(reader.person.id))

    def page(self, reader: Reader, **values: Any) -> str:
        """The whole page; `values` are the variables of its template."""
        return self._draw(
            "page",
            reader,
            draw=lambda message, in_thread=False: Markup(  # noqa: S704 - rendered with autoescape
                self.message(message, reader, in_thread=in_thread)
            ),
            day=lambda message: show_day(message.ts, reader.person, reader.now),
            home=Markup(self.home(reader)),  # noqa: S704 - rendered with autoescape
            views=[Markup(view["html"]) for view in self.views(reader)],  # noqa: S704 - rendered with autoescape
            **values,
        )

    def panes(self, people: Sequence[Any], channel: str) -> str:
        """A page that shows the pages of several people side by side."""
        template = self._jinja.get_template("panes.html.j2")
        return template.render(people=people, channel=channel, world=self._backend.world)

    def _draw(self, template: str, reader: Reader, here: Conversation | None = None, **values: Any) -> str:
        c = Drawing(reader, self._backend.workspace, here)
        return self._jinja.get_template(f"{template}.html.j2").render(c=c, reader=reader, **values)
