"""People and user groups."""

from typing import Any

from demo.slack.api.paging import page
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.errors import SlackError
from demo.slack.world import Person


def users_info(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`users.info`: one person, with their zone."""
    person = backend.world.users.get(args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    if not _met(backend, person):
        raise SlackError("user_not_visible")
    return {"user": _shown(backend, person)}


def users_list(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`users.list`: everyone, those who left too."""
    shown, paging = page([person for person in backend.world.users.values() if _met(backend, person)], args)
    return {"members": [_shown(backend, person) for person in shown], **paging}


def users_lookup_by_email(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`users.lookupByEmail`: of those who have not left."""
    wanted = args.text("email").lower()
    for person in backend.world.users.values():
        if person.email.lower() == wanted and not person.deleted:
            return {"user": _shown(backend, person)}
    raise SlackError("users_not_found")


def usergroups_list(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`usergroups.list`, with their people where `include_users` asks for it, and how many by `include_count`."""
    team = backend.world.team.id
    groups = []
    for group in backend.world.groups:
        body: dict[str, Any] = {"id": group.id, "team_id": team, "handle": group.handle, "name": group.name}
        body |= {"is_usergroup": True, "date_delete": 0}
        body |= {"user_count": len(group.users)} if args.flag("include_count") else {}
        groups.append(body | ({"users": list(group.users)} if args.flag("include_users") else {}))
    return {"usergroups": groups}


def usergroups_users_list(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`usergroups.users.list`: ids of a group's people."""
    wanted = args.text("usergroup")
    for group in backend.world.groups:
        if group.id == wanted:
            return {"users": list(group.users)}
    raise SlackError("no_such_subteam")


def _shown(backend: Backend, person: Person) -> dict[str, Any]:
    """The person as this app sees them: a stranger is somebody of another workspace in none of the bot's channels."""
    bot = backend.world.app.bot_user
    shares = any({bot, person.id} <= each.members for each in backend.workspace.conversations() if each.shared_with)
    with_email = "users:read.email" in backend.world.app.scopes
    return person.to_slack(backend.world.team, with_email=with_email, is_stranger=not shares)


def _met(backend: Backend, person: Person) -> bool:
    """Whether the workspace knows of them: its own people, and those of others in a shared channel."""
    if person.team in ("", backend.world.team.id):
        return True
    return any(person.id in each.members for each in backend.workspace.conversations() if each.shared_with)
