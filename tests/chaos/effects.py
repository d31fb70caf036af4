"""What a request to a fake changed, in words, kept with the request for its record."""

from aiohttp import web

EFFECT = web.RequestKey("effect", str)
