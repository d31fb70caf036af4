"""The AWS adapter over real sockets: moto's server for what AWS does, a scripted one for what it seldom does."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest

from bot.cloud import AwsCloud
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceError, ServiceRejected
from demo.slack.standin import StandIn
from demo.station.ports import HOST, free_port
from tests.fakes.wire import Reply, Wire

ROOT = Path(__file__).resolve().parents[2]
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No account but the test's: nothing of this machine's own is found."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    for name, value in (KEYS | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of an AWS in memory."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield asyncio.run(answering(f"http://{HOST}:{port}"))
    finally:
        server.terminate()
        server.wait(5)


async def answering(url: str) -> str:
    """`url`, once something answers there."""
    deadline = time.monotonic() + 30
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/moto-api/"):
                    return url
            except aiohttp.ClientError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's own client, to put entries there; from now on AWS is moto."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return boto3.client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
async def wire(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """From now on AWS answers as scripted."""
    async with Wire() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


async def test_reads_an_entry(aws: Any) -> None:
    """The string of an entry, found by its ARN alone: the region is in it."""
    arn = aws.create_secret(Name="slack/bot", SecretString="xoxb-kept")["ARN"]
    assert await AwsCloud().secret(arn) == "xoxb-kept"


async def test_many_at_once(aws: Any) -> None:
    """Entries asked for side by side, before there is a session, are each the right one."""
    arns = [aws.create_secret(Name=f"side/{each}", SecretString=f"value-{each}")["ARN"] for each in range(6)]
    cloud = AwsCloud()
    assert await asyncio.gather(*map(cloud.secret, arns)) == [f"value-{each}" for each in range(6)]


async def test_unknown_entry(aws: Any) -> None:
    """An ARN without an entry is NotFound."""
    with pytest.raises(NotFound, match="can't find the specified secret"):
        await AwsCloud().secret(ARN)


async def test_binary_entry(aws: Any) -> None:
    """Bytes are no secret that can be sent anywhere: ServiceRejected."""
    arn = aws.create_secret(Name="binary", SecretBinary=b"\x00\xff")["ARN"]
    with pytest.raises(ServiceRejected, match="binary, not a string"):
        await AwsCloud().secret(arn)


async def test_deleted_entry(aws: Any) -> None:
    """An entry that waits for its deletion is refused in AWS's own words."""
    arn = aws.create_secret(Name="deleted", SecretString="x")["ARN"]
    aws.delete_secret(SecretId=arn)
    with pytest.raises(ServiceRejected, match="marked"):
        await AwsCloud().secret(arn)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (
            Reply({"__type": "AccessDeniedException", "Message": "User: bot is not authorized to perform this"}, 400),
            ServiceDenied,
            "AWS 400: User: bot is not authorized",
        ),
        (Reply({"__type": "UnrecognizedClientException", "message": "Invalid token"}, 400), ServiceDenied, "Invalid"),
        (Reply({"__type": "DecryptionFailure", "message": "KMS: no"}, 400), ServiceRejected, "KMS: no"),
        (Reply({"__type": "InternalServiceError", "message": "oh"}, 500), ServiceDown, "AWS 500: oh"),
        (Reply({"__type": "ThrottlingException", "message": "Rate exceeded"}, 400), ServiceDown, "Rate exceeded"),
        (Reply(raw="<!doctype html><title>Sign in</title>"), ServiceConfused, "without a secret"),
    ],
    ids=["denied", "bad keys", "kms", "500", "throttled", "html"],
)
async def test_refusals(wire: Wire, reply: Reply, error: type[ServiceError], words: str) -> None:
    """Each of AWS's answers is the error that it stands for, in its words."""
    wire.reply("POST", "/", reply)
    with pytest.raises(error) as caught:
        await AwsCloud().secret(ARN)
    assert words in str(caught.value)


async def test_tries_again(wire: Wire) -> None:
    """One answer of "later" is not the end."""
    wire.reply("POST", "/", Reply({"__type": "InternalServiceError"}, 500), Reply({"SecretString": "kept"}))
    assert await AwsCloud().secret(ARN) == "kept"


async def test_signature_stays_here(wire: Wire) -> None:
    """A refused signature is told without what was signed, which AWS repeats from its second line on."""
    said = "The signature does not match.\nx-amz-security-token:SESSION-TOKEN"
    wire.reply("POST", "/", Reply({"__type": "InvalidSignatureException", "message": said}, 400))
    with pytest.raises(ServiceDenied) as caught:
        await AwsCloud().secret(ARN)
    assert "SESSION-TOKEN" not in str(caught.value)


async def test_no_credentials(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing is asked: ServiceDenied."""
    for name in KEYS:
        monkeypatch.delenv(name)
    with pytest.raises(ServiceDenied, match="no credentials were found"):
        await AwsCloud().secret(ARN)
    assert wire.count("POST") == 0


@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("AWS_PROFILE", "nowhere", "ProfileNotFound"),
        ("AWS_SECRET_ACCESS_KEY", "", "PartialCredentialsError"),
    ],
)
async def test_unusable_credentials(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, error: str
) -> None:
    """Credentials that are named and not there, or half there, are ServiceDenied too."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ServiceDenied, match=error):
        await AwsCloud().secret(ARN)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nothing listens is ServiceDown."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{free_port()}")
    with pytest.raises(ServiceDown, match="can't be reached"):
        await AwsCloud().secret(ARN)


async def test_silence(wire: Wire) -> None:
    """A server that says nothing is given up in time: ServiceDown."""
    wire.reply("POST", "/", Reply({"SecretString": "late"}, delay=5))
    begun = time.monotonic()
    with pytest.raises(ServiceDown):
        await AwsCloud(patience=0.4).secret(ARN)
    assert time.monotonic() - begun < 2


def test_importing_is_light() -> None:
    """A bot whose secrets are all in its environment never imports boto3."""
    code = "import sys, bot.app; print({'boto3', 'botocore'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


# The whole bot


async def serve(tmp_path: Path, slack: StandIn, **environment: str) -> asyncio.subprocess.Process:
    """The bot's own process, with what it logs as its stderr."""
    config = tmp_path / "stationmaster.yaml"
    config.write_text("access: {viewers: [everyone]}\n")
    given = {
        "PATH": str(Path(sys.executable).parent),
        "SLACK_API_URL": slack.api_url,
        "AIRFLOW_URL": f"http://{HOST}:9",
        "AIRFLOW_USERNAME": "bot",
        "MLFLOW_TRACKING_URI": f"http://{HOST}:9",
        "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
        "STATIONMASTER_CONFIG": str(config),
        **KEYS,
        **environment,
    }
    command = [sys.executable, "-m", "bot", "serve"]
    return await asyncio.create_subprocess_exec(*command, env=given, cwd=ROOT, stderr=subprocess.PIPE)


async def test_serves_with_secrets_of_aws(moto: str, aws: Any, tmp_path: Path) -> None:
    """A bot that knows ARNs alone connects to Slack, and logs none of the secrets that it fetched."""
    async with StandIn(bot_token="xoxb-of-aws", app_token="xapp-of-aws") as slack:
        tokens = aws.create_secret(Name="tokens", SecretString='{"bot": "xoxb-of-aws", "app": "xapp-of-aws"}')["ARN"]
        password = aws.create_secret(Name="airflow", SecretString="night-of-aws")["ARN"]
        process = await serve(
            tmp_path,
            slack,
            SLACK_BOT_TOKEN=f"{tokens}#bot",
            SLACK_APP_TOKEN=f"{tokens}#app",
            AIRFLOW_PASSWORD=password,
            AWS_ENDPOINT_URL=moto,
            LOG_LEVEL="debug",
        )
        await slack.wait_for(lambda: slack.backend.sockets.connected or process.returncode is not None, 30)
        assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(process.communicate(), 15)
    assert b'"stopped"' in logged
    assert b"of-aws" not in logged


async def test_says_which_secret_is_missing(moto: str, aws: Any, tmp_path: Path) -> None:
    """A secret that isn't there ends the start with its variable, its ARN and AWS's words."""
    async with StandIn() as slack:
        process = await serve(
            tmp_path,
            slack,
            SLACK_BOT_TOKEN=ARN,
            SLACK_APP_TOKEN=slack.app_token,
            AIRFLOW_PASSWORD="night",
            AWS_ENDPOINT_URL=moto,
        )
        _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert said.decode().startswith(f"stationmaster: SLACK_BOT_TOKEN: {ARN}: AWS 4")
    assert said.decode().endswith(": Secrets Manager can't find the specified secret.\n")
