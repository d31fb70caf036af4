"""People and user groups."""

from typing import Any

from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.errors import SlackError


def users_info(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`users.info`: one person, with their zone."""
    person = backend.world.users.get(args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": person.to_slack(backend.world.team)}


def usergroups_list(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`usergroups.list`, with their people where `include_users` asks for it."""
    team = backend.world.team.id
    groups = []
    for group in backend.world.groups:
        body: dict[str, Any] = {"id": group.id, "team_id": team, "handle": group.handle, "name": group.name}
        body |= {"is_usergroup": True, "date_delete": 0, "user_count": len(group.users)}
        groups.append(body | ({"users": list(group.users)} if args.flag("include_users") else {}))
    return {"usergroups": groups}


def usergroups_users_list(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`usergroups.users.list`: ids of a group's people."""
    wanted = args.text("usergroup")
    for group in backend.world.groups:
        if group.id == wanted:
            return {"users": list(group.users)}
    raise SlackError("no_such_subteam")
