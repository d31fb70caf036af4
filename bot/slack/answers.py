"""What slack_sdk raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import (
    NotFound,
    NotInChannel,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
)

T = TypeVar("T")
TIMEOUT = 10  # seconds for one call

_ABSENT = {"channel_not_found", "message_not_found", "user_not_found", "no_such_subteam", "thread_not_found"}
_OUTSIDE = {"not_in_channel", "is_archived", "restricted_action", "user_not_in_channel", "no_permission"}
_DENIED = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"}
_LATER = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}


async def translated(call: Awaitable[T]) -> T:
    """Await a call of slack_sdk's; its errors become ours."""
    try:
        return await call
    except SlackApiError as error:
        raise _translate(error) from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ServiceDown("Slack", str(error) or type(error).__name__) from error
    except ValueError as error:
        raise ServiceConfused("Slack", str(error)[:200]) from error


def _translate(error: SlackApiError) -> ServiceError:
    response: Any = error.response
    status = getattr(response, "status_code", None)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if code in _LATER or (status or 0) >= 500 or status == 429:  # HTTP's "later"
        after = (getattr(response, "headers", None) or {}).get("Retry-After")
        return ServiceDown("Slack", code, status=status, retry_after=float(after) if after else None)
    kinds = ((_ABSENT, NotFound), (_OUTSIDE, NotInChannel), (_DENIED, ServiceDenied))
    kind = next((kind for codes, kind in kinds if code in codes), ServiceRejected if code else ServiceConfused)
    return kind("Slack", code, status=status)
