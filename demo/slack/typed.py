"""What a person typed, as Slack sends it on: entities escaped, mentions and links in angle brackets."""

import re

from demo.slack.world import World

_MARKED = re.compile(r"(?P<link>https?://[^\s<>|]+)|(?P<sign>[@#])(?P<name>[a-z0-9][a-z0-9._-]*)", re.IGNORECASE)


def escape_entities(text: str) -> str:
    """The text with `&`, `<` and `>` (and only these) as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_typed(text: str, world: World, *, labels: bool = True) -> str:
    """The text with entities escaped, and @people, @groups, #channels and links as Slack writes them.

    A slash command has `labels`, the names behind the ids (`<@U1|dana>`); a message has none (`<@U1>`).
    """

    def mark(match: re.Match[str]) -> str:
        if match["link"]:
            return f"<{match['link']}>"
        return _mention(match["sign"], match["name"], world, labels=labels) or match[0]

    return _MARKED.sub(mark, escape_entities(text))


def _mention(sign: str, name: str, world: World, *, labels: bool) -> str | None:
    found = world.names.get(name.lower())
    if found is None or (sign == "#") != found.startswith("C"):
        return None
    if found.startswith("S"):
        return f"<!subteam^{found}|@{name}>" if labels else f"<!subteam^{found}>"
    return f"<{sign}{found}|{name}>" if labels else f"<{sign}{found}>"
