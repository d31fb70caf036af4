"""The addresses of files: where apps send their bytes, and where people read them."""

import mimetypes
from functools import partial

from aiohttp import BodyPartReader, web

from demo.slack.backend import Backend
from demo.slack.errors import SlackError
from demo.slack.faults import Faults
from demo.slack.files import LARGEST

# A file may be a page of someone's: it must not run here.
_HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}

_FORM = 64 * 1024  # bytes that a form may have around its file


class Uploads:
    """Serves `/upload/v1/{secret}` and `/files/{id}/{name}`."""

    def __init__(self, backend: Backend, faults: Faults) -> None:
        self._backend = backend
        self._faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Put the addresses into the server."""
        for method in ("POST", "PUT"):
            app.router.add_route(method, "/upload/v1/{secret}", self.receive)
        app.router.add_get("/files/{id}/{name}", self.show)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take a file's bytes, raw or as a form's only file; answers 200 and the number of bytes."""
        return await self._faults.serve("upload", request, partial(self._receive, request))

    async def _receive(self, request: web.Request, refusal: SlackError | None) -> web.Response:
        try:
            if refusal is not None:
                raise refusal
            content = await _content(request)
            self._backend.files.receive(request.path, content)
        except SlackError as exc:
            return web.json_response(exc.answer(), status=exc.status, headers=exc.headers)
        return web.Response(text=f"OK - {len(content)}")

    async def show(self, request: web.Request) -> web.Response:
        """A completed file, for whoever knows its address."""
        content = self._backend.files.read(request.match_info["id"])
        if content is None:
            raise web.HTTPNotFound(text="No such file here.")
        response = web.Response(body=content, headers=_HEADERS)
        response.content_type = _content_type(request.match_info["name"])
        return response


async def _content(request: web.Request) -> bytes:
    if (request.content_length or 0) > LARGEST + _FORM:
        raise SlackError("file_upload_size_restricted", status=413)
    if request.content_type != "multipart/form-data":
        return await request.read()
    part = await (await request.multipart()).next()
    return bytes(await part.read()) if isinstance(part, BodyPartReader) else b""


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
