"""The cloud's adapter for AWS: `bot.ports.Cloud` over boto3, which this module alone imports, and only when it is used.

Which account, role and region are boto3's own business (`AWS_PROFILE`, `AWS_ENDPOINT_URL`, a container's role, …).
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

from bot.errors import (
    NotFound,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
    shorten,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

SERVICE = "AWS"
ATTEMPTS = 2

_DENIED = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_LATER = {"InternalServiceError", "RequestLimitExceeded", "ServiceUnavailable", "ThrottlingException"}


class AwsCloud:
    """`bot.ports.Cloud` over one boto3 session, made at the first call. Nothing has to be closed.

    An answer may take `patience` seconds, with finding credentials and every attempt.
    """

    def __init__(self, *, patience: float = 5.0) -> None:
        self._patience = patience
        self._lock = threading.Lock()  # a session may be shared between threads, but not while it makes a client
        self._session: Any = None

    async def secret(self, arn: str) -> str:
        """See Cloud."""
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.to_thread(self._secret, arn)
        except TimeoutError as exc:
            raise ServiceDown(SERVICE, f"no answer within {self._patience:g} s") from exc

    def _secret(self, arn: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with closing(self._secrets_manager(region=arn.split(":")[3])) as client:
                answer = client.get_secret_value(SecretId=arn)
        except ClientError as exc:
            raise _refusal(exc) from exc
        except BotoCoreError as exc:
            raise _failure(exc) from exc
        if isinstance(answer.get("SecretString"), str):
            return str(answer["SecretString"])
        if "SecretBinary" in answer:
            raise ServiceRejected(SERVICE, "the entry is binary, not a string")
        raise ServiceConfused(SERVICE, "an answer without a secret")

    def _secrets_manager(self, region: str) -> Any:
        with self._lock:
            self._session = self._session or _session(0.8 * self._patience / ATTEMPTS)
            return self._session.client("secretsmanager", region_name=region)


def _session(timeout: float) -> Any:
    """A session whose clients all wait so many seconds: those that boto3 itself makes to find credentials too."""
    import boto3
    import botocore.session
    from botocore.config import Config

    core = botocore.session.get_session()
    retries = {"mode": "adaptive", "total_max_attempts": ATTEMPTS}
    core.set_default_client_config(Config(connect_timeout=timeout, read_timeout=timeout, retries=retries))
    return boto3.Session(botocore_session=core)


def _refusal(exc: ClientError) -> ServiceError:
    """AWS's error as ours. Only the first line of its message: the others may hold what the request was signed with."""
    said, status = exc.response.get("Error", {}), exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = str(said.get("Code", ""))
    words = shorten(str(said.get("Message", "")).partition("\n")[0], 300) or code
    if code in _LATER or (status or 0) >= 500:  # HTTP's "later"
        return ServiceDown(SERVICE, words, status=status)
    kinds = {"ResourceNotFoundException": NotFound} | dict.fromkeys(_DENIED, ServiceDenied)
    return kinds.get(code, ServiceRejected)(SERVICE, words, status=status)


def _failure(exc: Exception) -> ServiceError:
    """What kept boto3 from an answer, as ours."""
    from botocore import exceptions as aws

    if isinstance(exc, aws.NoCredentialsError):
        return ServiceDenied(SERVICE, "no credentials were found")
    if isinstance(exc, aws.HTTPClientError | aws.ConnectionError):
        return ServiceDown(SERVICE, "it can't be reached")
    unusable = (aws.MetadataRetrievalError, aws.ProfileNotFound, aws.SSOError, aws.TokenRetrievalError)
    if isinstance(exc, unusable) or "Credential" in type(exc).__name__:
        return ServiceDenied(SERVICE, f"its credentials can't be used: {type(exc).__name__}")
    return ServiceRejected(SERVICE, f"boto3 can't ask it: {type(exc).__name__}")
