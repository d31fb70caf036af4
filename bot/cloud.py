"""The cloud's adapter for AWS: `bot.ports.Cloud` over boto3, which this module alone imports, and only when it is used.

Which account, role and region are boto3's own business (`AWS_PROFILE`, `AWS_ENDPOINT_URL`, a container's role, …).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import (
    NotFound,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
    shorten,
)
from bot.ports import Stored

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

T = TypeVar("T")

SERVICE = "AWS"
ATTEMPTS = 2

_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_ABSENT = {"NoSuchKey", "ResourceNotFoundException"}
_LATER = {"InternalServiceError", "RequestLimitExceeded", "RequestTimeout", "ServiceUnavailable", "ThrottlingException"}


class AwsCloud:
    """`bot.ports.Cloud` and `bot.ports.Buckets` over one boto3 session, made at the first call, and never closed.

    An answer may take `patience` seconds, with finding credentials and every attempt.
    """

    def __init__(self, *, patience: float = 5.0) -> None:
        self._patience = patience
        self._lock = threading.Lock()  # a session may be shared between threads, but not while it makes a client
        self._session: Any = None
        self._s3: Any = None

    async def secret(self, arn: str) -> str:
        """See Cloud."""
        return await self._ask(lambda: self._secret(arn))

    async def objects(self, bucket: str, prefix: str) -> Mapping[str, str]:
        """See Buckets. One call a 1,000 objects."""

        def listed() -> dict[str, str]:
            pages = self._bucket().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return {row["Key"]: row["ETag"] for page in pages for row in page.get("Contents", ())}

        return await self._ask(listed)

    async def object(self, bucket: str, key: str) -> Stored | None:
        """See Buckets."""

        def got() -> Stored:
            answer = self._bucket().get_object(Bucket=bucket, Key=key)
            return Stored(answer["Body"].read(), answer["ETag"])

        try:
            return await self._ask(got)
        except NotFound:
            return None

    async def put_object(self, bucket: str, key: str, body: bytes, *, etag: str | None) -> None:
        """See Buckets."""
        condition = {} if etag is None else {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        await self._ask(lambda: self._bucket().put_object(Bucket=bucket, Key=key, Body=body, **condition))

    async def delete_object(self, bucket: str, key: str) -> None:
        """See Buckets."""
        await self._ask(lambda: self._bucket().delete_object(Bucket=bucket, Key=key))

    async def _ask(self, call: Callable[[], T]) -> T:
        """What the call returns, in a thread and in time; what AWS says against it, as ours."""
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.to_thread(_translated, call)
        except TimeoutError as exc:
            raise ServiceDown(SERVICE, f"no answer within {self._patience:g} s") from exc

    def _secret(self, arn: str) -> str:
        with closing(self._secrets_manager(region=arn.split(":")[3])) as client:
            answer = client.get_secret_value(SecretId=arn)
        if isinstance(answer.get("SecretString"), str):
            return str(answer["SecretString"])
        if "SecretBinary" in answer:
            raise ServiceRejected(SERVICE, "the entry is binary, not a string")
        raise ServiceConfused(SERVICE, "an answer without a secret")

    def _secrets_manager(self, region: str) -> Any:
        with self._lock:
            return self._one_session().client("secretsmanager", region_name=region)

    def _bucket(self) -> Any:
        """The client of S3, kept for its connections."""
        with self._lock:
            self._s3 = self._s3 or self._one_session().client("s3")
            return self._s3

    def _one_session(self) -> Any:
        self._session = self._session or _session(0.8 * self._patience / ATTEMPTS)
        return self._session


def _translated(call: Callable[[], T]) -> T:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except ClientError as exc:
        raise _refusal(exc) from exc
    except BotoCoreError as exc:
        raise _failure(exc) from exc


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
    kinds = dict.fromkeys(_ABSENT, NotFound) | dict.fromkeys(_DENIED, ServiceDenied)
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
