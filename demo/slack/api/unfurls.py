"""Previews of links, given by the app."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from demo.slack.api.reach import seen
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.blocks import check_blocks, complete_ids
from demo.slack.content import from_json
from demo.slack.errors import SlackError
from demo.slack.messages import Message


def unfurl(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.unfurl`: previews of links to the app's own domains in somebody's message.

    A second call replaces the previews of the same links.
    """
    message = _message(backend, _needed(args, "channel"), _needed(args, "ts"))
    unfurls = from_json(args.get("unfurls"), "invalid_unfurls_format")
    if not unfurls:
        raise SlackError("missing_unfurls")
    if not isinstance(unfurls, dict):
        raise SlackError("invalid_unfurls_format")
    previews = [_preview(backend, message, url, preview) for url, preview in unfurls.items()]
    backend.workspace.attach(message, previews)
    return {}


def _needed(args: Arguments, name: str) -> str:
    value = args.optional(name)
    if value is None:
        raise SlackError(f"missing_{name}")
    return value


def _message(backend: Backend, channel: str, ts: str) -> Message:
    try:
        conversation = seen(backend, channel)
    except SlackError as exc:
        raise SlackError("cannot_find_channel") from exc
    message = backend.workspace.find(conversation.id, ts)
    if message is None or message.shown_to is not None:
        raise SlackError("cannot_find_message")
    return message


def _preview(backend: Backend, message: Message, url: str, preview: Any) -> dict[str, Any]:
    """One preview as the message carries it: blocks, or an attachment of the old kind."""
    host = urlsplit(url).hostname or ""
    domains = backend.world.app.unfurl_domains
    if not any(host == domain or host.endswith(f".{domain}") for domain in domains):
        raise SlackError("cannot_unfurl_url")
    if url not in message.text.replace("&amp;", "&"):
        raise SlackError("cannot_unfurl_message")
    if not isinstance(preview, Mapping):
        raise SlackError("cannot_parse_attachment")
    blocks = preview.get("blocks", [])
    if not isinstance(blocks, list):
        raise SlackError("cannot_parse_attachment")
    if problems := check_blocks(blocks, surface="message"):
        raise SlackError("cannot_parse_attachment", response_metadata={"messages": problems})
    shown = {"blocks": complete_ids(blocks)} if blocks else {}
    return {**preview, **shown, "from_url": url, "app_unfurl_url": url, "is_app_unfurl": True}
