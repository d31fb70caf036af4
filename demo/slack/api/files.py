"""Files in three steps: ask for an address, send the bytes there, complete the upload."""

import re
from typing import Any

from demo.slack.api.chat import thread
from demo.slack.api.reach import joined
from demo.slack.arguments import Arguments, invalid_arguments
from demo.slack.backend import Backend
from demo.slack.content import Content, from_json
from demo.slack.conversation import Conversation
from demo.slack.errors import SlackError

_CHANNEL = re.compile(r"[CGDZ][A-Z0-9]+")


def get_upload_url(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`files.getUploadURLExternal`: where to send a file's bytes, and its id."""
    path, file_id = backend.files.ask(
        args.text("filename"),
        args.number("length", 0),
        alt_text=args.optional("alt_txt") or "",
        snippet=args.optional("snippet_type") is not None,
    )
    return {"upload_url": backend.url + path, "file_id": file_id}


def complete_upload(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`files.completeUploadExternal`: keep the files, and show them in a conversation where one is named."""
    wanted = _wanted(args)
    conversation = _conversation(backend, args)
    thread_ts = thread(args)
    if conversation and thread_ts and backend.workspace.find(conversation.id, thread_ts) is None:
        raise SlackError("thread_not_found")
    bot = backend.world.app.bot_user
    files = backend.files.complete(wanted, bot, backend.url)
    if conversation is not None:
        said = Content(args.optional("initial_comment") or "", [])
        backend.workspace.post(conversation.id, bot, said, thread_ts=thread_ts, files=files)
    return {"files": files}


def _wanted(args: Arguments) -> list[tuple[str, str]]:
    """Ids and titles of the files to complete."""
    files = from_json(args.get("files"), "invalid_arguments")
    if not isinstance(files, list) or not files:
        raise invalid_arguments("[ERROR] missing required field: files")
    if not all(isinstance(file, dict) and isinstance(file.get("id"), str) for file in files):
        raise invalid_arguments("[ERROR] missing required field: id [json-pointer:/files/0]")
    return [(file["id"], str(file.get("title") or "")) for file in files]


def _conversation(backend: Backend, args: Arguments) -> Conversation | None:
    """Where to show the files; a person's id does not do, and without any they stay the bot's own."""
    channel = args.optional("channel_id")
    if channel is None:
        return None
    if not _CHANNEL.fullmatch(channel):
        raise invalid_arguments(
            "[ERROR] input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]"
        )
    conversation = joined(backend, channel)
    if conversation.is_archived:
        raise SlackError("is_archived")
    return conversation
