"""What drawing a message depends on besides the message: who reads, when, and the names behind ids."""

from dataclasses import dataclass

from markupsafe import Markup, escape

from demo.slack.page.dates import show_date
from demo.slack.world import Person, World

_WEB = ("https://", "http://", "mailto:")


@dataclass(frozen=True)
class Reader:
    """A person at a moment (`now` in seconds since 1970)."""

    person: Person
    world: World
    now: float

    def user(self, user_id: str) -> Markup:
        """A mention of a person, marked when it is the reader."""
        found = self.world.users.get(user_id)
        return self._mention("@" + (found.real_name if found else user_id), mine=user_id == self.person.id)

    def group(self, group_id: str) -> Markup:
        """A mention of a user group, marked when the reader is in it."""
        for group in self.world.groups:
            if group.id == group_id:
                return self._mention("@" + group.handle, mine=self.person.id in group.users)
        return self._mention("@" + group_id, mine=False)

    def channel(self, channel_id: str) -> Markup:
        """A link to a channel of the workspace."""
        for channel in self.world.channels:
            if channel.id == channel_id:
                address = f"?user={self.person.id}&channel={channel.id}"
                return Markup('<a class="mention" href="{}" data-nav>#{}</a>').format(address, channel.name)
        return self._mention("#" + channel_id, mine=False)

    def broadcast(self, kind: str) -> Markup:
        """@here, @channel or @everyone: it concerns every reader."""
        return self._mention("@" + kind, mine=True)

    def date(self, timestamp: int, pattern: str, fallback: str, url: str = "") -> Markup:
        """A moment in the reader's zone, or the fallback where it is none."""
        try:
            shown = show_date(timestamp, pattern, self.person, self.now)
        except ValueError:
            shown = fallback
        words = Markup('<time title="{}">{}</time>').format(fallback, shown)
        return link(url, words) if url else words

    def _mention(self, name: str, *, mine: bool) -> Markup:
        return Markup('<span class="mention{}">{}</span>').format(" mine" if mine else "", name)


def link(url: str, label: str) -> Markup:
    """A link that opens elsewhere; an address of any other kind than the web's stays text."""
    if not is_web(url):
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, label)


def is_web(url: str) -> bool:
    """Whether an address is the web's or a mailbox, and not, say, `javascript:`."""
    return url.lower().startswith(_WEB)
