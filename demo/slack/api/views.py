"""Modals and home tabs."""

from typing import Any

from demo.slack.arguments import Arguments, invalid_arguments
from demo.slack.backend import Backend
from demo.slack.content import from_json
from demo.slack.errors import SlackError


def open_(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`views.open`: a modal for the person behind a fresh trigger id."""
    view = _view(args)
    user = backend.triggers.exchange(args.text("trigger_id"))
    return {"view": backend.views.open(user, view)}


def push(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`views.push`: a modal on top of those that the person has open."""
    view = _view(args)
    user = backend.triggers.exchange(args.text("trigger_id"))
    return {"view": backend.views.push(user, view)}


def update(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`views.update`: new content of an open modal, named by `view_id` or `external_id`."""
    view = backend.views.update(
        _view(args),
        view_id=args.optional("view_id"),
        external_id=args.optional("external_id"),
        hash_=args.optional("hash"),
    )
    return {"view": view}


def publish(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`views.publish`: a person's home tab."""
    if not backend.world.app.home_tab:
        raise SlackError("not_enabled")
    user = args.text("user_id")
    if user not in backend.world.users:
        raise invalid_arguments("invalid `user_id`")
    return {"view": backend.views.publish(user, _view(args), args.optional("hash"))}


def _view(args: Arguments) -> dict[str, Any]:
    view = from_json(args.get("view"), "invalid_arguments")
    if not isinstance(view, dict):
        raise invalid_arguments("[ERROR] missing required field: view")
    return view
