"""Modals as a person ends them: submitted, with what the app says to that, or closed."""

from dataclasses import replace
from typing import Any

from demo.slack.backend import Backend
from demo.slack.courier import send
from demo.slack.errors import SlackError
from demo.slack.inputs import Inputs, read_inputs, refused
from demo.slack.outcome import TROUBLE, Outcome
from demo.slack.payloads import Payloads
from demo.slack.suggestions import Suggestions
from demo.slack.views import View


class Modals:
    """Sends `view_submission` and `view_closed`."""

    def __init__(self, backend: Backend, payloads: Payloads, suggestions: Suggestions) -> None:
        self._backend = backend
        self._payloads = payloads
        self._suggestions = suggestions

    async def submit(self, user: str, view_id: str, inputs: Inputs) -> Outcome:
        """Press the modal's submit button with `inputs` filled in, and do what the app answers."""
        view = self._modal(user, view_id)
        chooser = self._suggestions.chooser(user, view_id)
        values = read_inputs(view["blocks"], view["state"]["values"], inputs, chooser)
        self._backend.views.fill(view, values)
        if errors := refused(view["blocks"], values):
            return Outcome(acked=False, error="invalid_inputs", errors=errors)
        outcome = await send(self._backend, "interactive", self._payloads.submission(user, view))
        if not outcome.acked:
            return replace(outcome, notice=TROUBLE)
        try:
            return replace(outcome, errors=self._answered(user, view, outcome.payload))
        except SlackError:
            return replace(outcome, error="invalid_answer", notice=TROUBLE)

    async def close(self, user: str, view_id: str, *, everything: bool) -> Outcome:
        """Close one modal, or all of them; the app hears of those that asked for it."""
        view = self._modal(user, view_id)
        everything = everything or bool(view["clear_on_close"])
        closed = self._backend.views.clear(user) if everything else [view]
        if not everything:
            self._backend.views.close(user, view_id)
        outcome = Outcome(acked=True)
        for each in closed:
            if each["notify_on_close"]:
                payload = self._payloads.closed(user, each, is_cleared=everything)
                outcome = await send(self._backend, "interactive", payload)
        return outcome

    def _modal(self, user: str, view_id: str) -> View:
        view = self._backend.views.shown(user, view_id)
        if view["type"] != "modal":
            raise SlackError("view_not_found")
        return view

    def _answered(self, user: str, view: View, answer: Any) -> dict[str, str] | None:
        """Do what the app's answer to a submission says; gives the errors to show, if it has some.

        Raises SlackError for an answer that Slack can't use.
        """
        views = self._backend.views
        match answer:
            case None | {} if not answer:
                views.close(user, view["id"])
            case {"response_action": "clear"}:
                views.clear(user)
            case {"response_action": "update", "view": dict(new)}:
                views.update(new, view_id=view["id"], external_id=None, hash_=None)
            case {"response_action": "push", "view": dict(new)}:
                views.push(user, new)
            case {"response_action": "errors", "errors": dict(errors)}:
                return _shown(view, errors)
            case _:
                raise SlackError("invalid_answer")
        return None


def _shown(view: View, errors: dict[Any, Any]) -> dict[str, str]:
    """The app's errors, if each belongs to an input of the view; raises SlackError invalid_answer."""
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not errors or not errors.keys() <= inputs or not all(isinstance(text, str) for text in errors.values()):
        raise SlackError("invalid_answer")
    return errors
