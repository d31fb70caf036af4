"""What a request to a fake changed, in words, kept with the request for its record."""

from aiohttp import web

EFFECT = web.RequestKey("effect", str)
ARRIVED = web.RequestKey("arrived", float)  # seconds since 1970; a service that is slow acts later
