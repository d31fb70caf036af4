"""What MLflow's client raises, as errors of ours."""

from __future__ import annotations

from typing import Any

from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected, shorten

SERVICE = "MLflow"


def translated(exc: Any) -> ServiceError:
    """The error of ours that a MlflowException is. MLflow wraps errors of the connection without saying so."""
    from requests.exceptions import RequestException

    cause = exc.__cause__ or exc.__context__
    if isinstance(cause, RequestException):
        return broken(cause)
    status = exc.get_http_status_code()
    if status in {401, 403}:
        return ServiceDenied(SERVICE, _said(exc), status=status)
    return _of_code(exc, status)


def broken(cause: Exception) -> ServiceDown:
    """The error of ours that one of `requests` is: there was no answer, or not all of it."""
    return ServiceDown(SERVICE, _connection_words(cause))


def of_status(status: int, words: str) -> ServiceError:
    """The error of ours for an answer that only has an HTTP status."""
    if status in {401, 403}:
        return ServiceDenied(SERVICE, words, status=status)
    if status == 404:
        return NotFound(SERVICE, words, status=status)
    if status == 429 or status >= 500:
        return ServiceDown(SERVICE, words, status=status)
    return ServiceRejected(SERVICE, words, status=status)


def _connection_words(cause: Exception) -> str:
    """Why there was no answer. Where requests was to retry, urllib3's reason is inside what it raises."""
    from requests.exceptions import RetryError, Timeout
    from urllib3.exceptions import NewConnectionError, TimeoutError  # noqa: A004  # its name

    reason = getattr(cause.args[0] if cause.args else None, "reason", cause)
    if isinstance(cause, RetryError):
        return "it answers with errors of its own"
    if isinstance(reason, NewConnectionError):
        return "nothing answers at its address"
    return "no answer in time" if isinstance(reason, Timeout | TimeoutError) else "the connection broke off"


def _of_code(exc: Any, status: int) -> ServiceError:
    answered = getattr(exc, "json", None)  # a RestException has the server's JSON
    foreign = answered is not None and "error_code" not in answered
    if foreign or (answered is None and str(exc).startswith("API request")):
        return ServiceConfused(SERVICE, "an answer that is not MLflow's", status=status)
    if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
        return NotFound(SERVICE, _said(exc), status=status)
    # By BAD_REQUEST MLflow says that its database failed: of two that set a new alias at once, say, one does.
    if status == 429 or status >= 500 or exc.error_code == "BAD_REQUEST":
        return ServiceDown(SERVICE, _said(exc), status=status)
    return ServiceRejected(SERVICE, _said(exc), status=status)


def _said(exc: Any) -> str:
    """MLflow's sentence without the code that it repeats."""
    return shorten(str(exc).removeprefix(f"{exc.error_code}: "), 300)
