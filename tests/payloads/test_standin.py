"""The fourth opinion: the stand-in Slack, over the wire, through slack_sdk's client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn
from tests.payloads.collection import NAMES, Payload, payloads

CHANNEL, PERSON = "C0TRAINING", "U0DANA"


@pytest.fixture
async def slack() -> AsyncIterator[StandIn]:
    async with StandIn(rate_limits=False) as stand_in:
        yield stand_in


async def send(slack: StandIn, client: AsyncWebClient, payload: Payload) -> None:
    """Post and edit a message, open a modal, publish a home tab; raises SlackApiError where that is refused."""
    if payload.surface == "message":
        posted = await client.chat_postMessage(channel=CHANNEL, text="to be changed")
        await client.chat_postMessage(channel=CHANNEL, **payload.body)
        await client.chat_update(channel=CHANNEL, ts=posted["ts"], **payload.body)
    elif payload.surface == "modal":
        await client.views_open(trigger_id=slack.backend.triggers.issue(PERSON), view=payload.body)
        slack.backend.views.clear(PERSON)
    else:
        await client.views_publish(user_id=PERSON, view=payload.body)


@pytest.mark.parametrize("name", NAMES)
async def test_the_stand_in_takes_it(name: str, slack: StandIn) -> None:
    """Each payload is posted and edited, opened or published, and none is refused."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    refused = {}
    for payload in payloads(name):
        try:
            await send(slack, client, payload)
        except SlackApiError as error:
            refused[str(payload)] = error.response.data
    assert refused == {}


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
async def test_the_stand_in_refuses(surface: str, slack: StandIn) -> None:
    """The check above is able to fail, on each surface."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    body = {"text": "x"} if surface == "message" else {"type": surface, "title": {"type": "plain_text", "text": "t"}}
    with pytest.raises(SlackApiError, match="invalid_"):
        await send(slack, client, Payload("X", "nothing", surface, body | {"blocks": [{"type": "song"}]}))
