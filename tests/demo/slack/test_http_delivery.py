import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from demo.slack import StandIn
from demo.slack.errors import SlackError
from demo.slack.http_delivery import HttpDelivery
from demo.slack.socket_mode import SocketMode
from tests.demo.slack.bolts import serving
from tests.demo.slack.conftest import ACK_SECONDS

TRAINING = "C0TRAINING"


class Endpoint:
    """A request URL that remembers what came, and answers what it is told to."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.bodies: list[str] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.text())
        self.headers.append(dict(request.headers))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def slack() -> Any:
    async with StandIn(ack_seconds=ACK_SECONDS, retry_seconds=(0, 0.01, 0.01)) as stand_in:
        yield stand_in


async def test_a_command_is_a_signed_form(slack: StandIn) -> None:
    """Its signature holds by slack_sdk's own verifier, and not for another body or secret."""
    endpoint = Endpoint()
    async with serving(endpoint) as slack.backend.http.request_url:
        assert (await slack.as_user("U0DANA").slash(TRAINING, "/train a&b")).acked
    (body,), (headers,) = endpoint.bodies, endpoint.headers
    verifier = SignatureVerifier(slack.signing_secret)
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + "x", headers)
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = {key: values[0] for key, values in parse_qs(body).items()}
    assert (form["command"], form["text"], form["is_enterprise_install"]) == ("/train", "a&amp;b", "false")


async def test_an_interaction_is_json_in_a_form(slack: StandIn) -> None:
    """`payload` holds it."""
    endpoint = Endpoint()
    async with serving(endpoint) as slack.backend.http.request_url:
        said = await slack.as_user("U0OMAR").say(TRAINING, "look")
        await slack.as_user("U0DANA").shortcut("explain_run", channel=TRAINING, ts=said.ts)
    payload = json.loads(parse_qs(endpoint.bodies[0])["payload"][0])
    assert (payload["type"], payload["message"]["text"]) == ("message_action", "look")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (web.Response(text="hello"), "hello"),
        (web.json_response({"text": "hello"}), "hello"),
        (web.Response(status=201), None),
        (web.Response(status=500), '`/train` failed with the error "http_service_error"'),
        (web.Response(status=404), '`/train` failed with the error "http_client_error"'),
        (web.json_response({"text": ""}), '`/train` failed with the error "no_text"'),
    ],
)
async def test_what_a_commands_answer_shows(slack: StandIn, answer: web.Response, shown: str | None) -> None:
    """Any 2xx acknowledges; a body is a message, as text or as JSON; another status is Slackbot's to tell."""
    async with serving(Endpoint(answer)) as slack.backend.http.request_url:
        await slack.as_user("U0DANA").slash(TRAINING, "/train")
    assert [each.text for each in slack.ephemerals("U0DANA", TRAINING)] == ([shown] if shown else [])


async def test_no_server_and_no_answer(slack: StandIn) -> None:
    """Neither is an acknowledgement, and a command is not sent again."""
    came = []

    async def slow(request: web.Request) -> web.Response:
        came.append(request.path)
        await asyncio.sleep(2 * ACK_SECONDS)
        return web.Response()

    dana = slack.as_user("U0DANA")
    async with serving(slow) as slack.backend.http.request_url:
        assert (await dana.slash(TRAINING, "/train")).error == "timeout"
    assert (await dana.slash(TRAINING, "/train")).error == "http_client_error"
    assert len(came) == 1
    assert slack.ephemerals("U0DANA", TRAINING)[0].text == "`/train` failed because the app did not respond."


async def test_an_event_is_retried_three_times(slack: StandIn) -> None:
    """Each retry says which it is and why; it is the same event; then Slack gives up."""
    endpoint = Endpoint(*(web.Response(status=503) for _ in range(9)))
    async with serving(endpoint) as slack.backend.http.request_url:
        await slack.as_user("U0DANA").open_home()
        await slack.deliveries.events.settle()
    assert len(endpoint.bodies) == 4
    assert len(set(endpoint.bodies)) == 1
    assert "X-Slack-Retry-Num" not in endpoint.headers[0]
    retries = [(each["X-Slack-Retry-Num"], each["X-Slack-Retry-Reason"]) for each in endpoint.headers[1:]]
    assert retries == [("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    verifier = SignatureVerifier(slack.signing_secret)
    assert all(map(verifier.is_valid_request, endpoint.bodies, endpoint.headers))


async def test_an_app_can_refuse_retries(slack: StandIn) -> None:
    """By `X-Slack-No-Retry: 1` beside its error."""
    endpoint = Endpoint(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    async with serving(endpoint) as slack.backend.http.request_url:
        await slack.as_user("U0DANA").open_home()
        await slack.deliveries.events.settle()
    assert len(endpoint.bodies) == 1


async def test_two_redirects_are_followed(slack: StandIn) -> None:
    """A third one is too many, and the retry says so."""
    reasons = []

    async def away(request: web.Request) -> web.Response:
        reasons.append(request.headers.get("X-Slack-Retry-Reason"))
        raise web.HTTPTemporaryRedirect("/slack/events")

    async with serving(away) as slack.backend.http.request_url:
        await slack.as_user("U0DANA").open_home()
        await slack.deliveries.events.settle()
    assert [reason for reason in reasons if reason] == ["too_many_redirects"] * 6
    assert len(reasons) == 8


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_request_url_must_echo_its_challenge(slack: StandIn, as_json: bool) -> None:
    """As JSON or as plain text, signed like everything else; from then on it is used."""

    async def echo(request: web.Request) -> web.Response:
        text = await request.text()
        assert SignatureVerifier(slack.signing_secret).is_valid_request(text, dict(request.headers))
        challenge = json.loads(text)["challenge"]
        return web.json_response({"challenge": challenge}) if as_json else web.Response(text=challenge)

    async with serving(echo) as url:
        await slack.use_request_url(url)
        assert isinstance(slack.backend.transport, HttpDelivery)
    await slack.use_request_url(None)
    assert isinstance(slack.backend.transport, SocketMode)


@pytest.mark.parametrize("answer", [web.json_response({"challenge": "no"}), web.Response(), web.Response(status=401)])
async def test_a_request_url_that_does_not_is_not_used(slack: StandIn, answer: web.Response) -> None:
    """Everything goes on by Socket Mode."""
    async with serving(Endpoint(answer)) as url:
        with pytest.raises(SlackError, match="url_verification_failed"):
            await slack.use_request_url(url)
    assert isinstance(slack.backend.transport, SocketMode)
