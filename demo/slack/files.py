"""Uploaded files: asked for, sent, completed, and then kept."""

import mimetypes
import secrets
from dataclasses import dataclass
from typing import Any

from demo.slack.archive import Archive
from demo.slack.errors import SlackError
from demo.slack.workspace import Clock

ALT_TEXT = 1_000  # characters
SNIPPET = 1024 * 1024  # bytes
LARGEST = 64 * 1024 * 1024  # bytes; Slack itself takes a gigabyte
UPLOAD = 30 * 60.0  # seconds until an upload that was not completed is forgotten; Slack does not publish its own


@dataclass
class Upload:
    """A file on its way: `length` bytes were promised, `content` is what came."""

    file_id: str
    name: str
    length: int
    alt_text: str
    born: float
    content: bytes | None = None


class Files:
    """Uploads by their secret path, and the files that they became."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock
        self._uploads: dict[str, Upload] = {}

    def ask(self, name: str, length: int, *, alt_text: str = "", snippet: bool = False) -> tuple[str, str]:
        """A path to send the bytes to, below the server's address, and the file's id.

        Raises SlackError: missing_argument, alt_txt_too_large, snippet_too_large, file_upload_size_restricted.
        """
        if length == 0:
            raise SlackError("missing_argument")
        if len(alt_text) > ALT_TEXT:
            raise SlackError("alt_txt_too_large")
        if snippet and length > SNIPPET:
            raise SlackError("snippet_too_large")
        if length > LARGEST:
            raise SlackError("file_upload_size_restricted")
        path = f"/upload/v1/{secrets.token_urlsafe(24)}"
        file_id = f"F0{secrets.token_hex(5).upper()}"
        self._uploads[path] = Upload(file_id, name, length, alt_text, self._clock())
        return path, file_id

    def receive(self, path: str, content: bytes) -> None:
        """Take the bytes. Raises SlackError: file_not_found (404), and for another length than promised, a 400."""
        upload = self._uploads.get(path)
        if upload is None or self._is_late(upload):
            raise SlackError("file_not_found", status=404)
        if len(content) != upload.length:
            raise SlackError("size_mismatch", status=400)
        upload.content = content

    def complete(self, wanted: list[tuple[str, str]], user: str, url: str) -> list[dict[str, Any]]:
        """The files behind pairs of id and title, as Slack shows them; all are kept, or none.

        Raises SlackError file_not_found where one is unknown, already complete, expired, or its bytes never came.
        """
        waiting = {upload.file_id: path for path, upload in self._uploads.items()}
        uploads = [self._uploads.get(waiting.get(file_id, "")) for file_id, _ in wanted]
        if any(upload is None or upload.content is None or self._is_late(upload) for upload in uploads):
            raise SlackError("file_not_found")
        shown = []
        for upload, (file_id, title) in zip(uploads, wanted, strict=True):
            if upload is not None and upload.content is not None:
                self._archive.save_file(file_id, upload.content)
                self._uploads.pop(waiting[file_id], None)
                shown.append(_shown(upload, title, user, url))
        return shown

    def read(self, file_id: str) -> bytes | None:
        """A completed file's bytes."""
        return self._archive.file(file_id)

    def _is_late(self, upload: Upload) -> bool:
        return self._clock() - upload.born > UPLOAD


def _shown(upload: Upload, title: str, user: str, url: str) -> dict[str, Any]:
    address = f"{url}/files/{upload.file_id}/{upload.name}"
    return {
        "id": upload.file_id,
        "created": int(upload.born),
        "name": upload.name,
        "title": title or upload.name,
        "mimetype": mimetypes.guess_type(upload.name)[0] or "application/octet-stream",
        "filetype": upload.name.rpartition(".")[2],
        "user": user,
        "size": upload.length,
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        **({"alt_txt": upload.alt_text} if upload.alt_text else {}),
    }
