"""Messages and pages as HTML, through Jinja2 with autoescape."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from demo.slack.messages import Message
from demo.slack.page.dates import show_day, show_moment
from demo.slack.page.markdown import render_markdown
from demo.slack.page.mrkdwn import render_mrkdwn, render_plain
from demo.slack.page.reader import Reader, is_web
from demo.slack.page.rich_text import render_rich_text
from demo.slack.workspace import Workspace

TEMPLATES = Path(__file__).parent.parent / "templates"


class Renderer:
    """Draws for one reader at a time; the workspace tells about threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message(self, message: Message, reader: Reader, *, in_thread: bool = False) -> str:
        """One message's `<article>`; `in_thread` leaves out the count of replies below a parent."""
        replies: Sequence[Message] = ()
        if not message.is_reply and not in_thread and message.shown_to is None:
            replies = self._workspace.replies(message.channel, message.ts)
        author = reader.world.users.get(message.user)
        time, moment = show_moment(message.ts, reader.person)
        return self._jinja.get_template("message.html.j2").render(
            message=message,
            author=author,
            reader=reader,
            time=time,
            moment=moment,
            replies=replies,
            in_thread=in_thread,
            c=_drawing(reader),
        )

    def page(self, reader: Reader, **values: Any) -> str:
        """The whole page; `values` are the variables of its template."""
        return self._jinja.get_template("page.html.j2").render(
            reader=reader,
            draw=lambda message, in_thread=False: Markup(  # noqa: S704 - rendered with autoescape
                self.message(message, reader, in_thread=in_thread)
            ),
            day=lambda message: show_day(message.ts, reader.person, reader.now),
            **values,
        )


def _drawing(reader: Reader) -> dict[str, Callable[..., Markup]]:
    """What the templates draw text with."""

    def text(part: dict[str, Any]) -> Markup:
        if part["type"] == "mrkdwn":
            return render_mrkdwn(part["text"], reader)
        return render_plain(part["text"], emoji=part.get("emoji") is not False)

    return {
        "text": text,
        "mrkdwn": lambda words: render_mrkdwn(words, reader),
        "plain": render_plain,
        "rich_text": lambda block: render_rich_text(block, reader),
        "markdown": render_markdown,
        "web": lambda url: escape(url if is_web(url) else ""),
    }
