"""Who is calling, and how to connect."""

from typing import Any

from demo.slack.arguments import Arguments
from demo.slack.backend import Backend


def auth_test(backend: Backend, _args: Arguments) -> dict[str, Any]:
    """`auth.test`: the workspace and the bot behind the token."""
    world = backend.world
    return {
        "url": f"{backend.url}/",
        "team": world.team.name,
        "user": world.app.bot_name,
        "team_id": world.team.id,
        "user_id": world.app.bot_user,
        "bot_id": world.app.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(backend: Backend, _args: Arguments) -> dict[str, Any]:
    """`apps.connections.open`: the address of a new Socket Mode connection, good once."""
    address = backend.url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={backend.sockets.ticket()}&app_id={backend.world.app.id}"}
