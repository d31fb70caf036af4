"""The first opinion: the classes of slack_sdk, which know lengths and counts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.payloads.collection import NAMES, Payload, payloads

UNKNOWN_TO_THE_LIBRARY = {"data_visualization", "data_table"}


def objections(payload: Payload) -> Iterator[str]:
    """What the library says to a payload; parsing is done on a copy, because it changes what it parses."""
    body = copy.deepcopy(payload.body)
    known = [block for block in body["blocks"] if block["type"] not in UNKNOWN_TO_THE_LIBRARY]
    parsed: list[Any] = [] if payload.surface == "message" else [View(**body | {"blocks": known or body["blocks"]})]
    for each in [*parsed, *Block.parse_all(known)]:
        if each is None:
            yield "a block that it can't read"
            continue
        try:
            each.to_dict()
        except Exception as error:  # noqa: BLE001  # whatever it raises, Slack would have refused
            yield f"{type(each).__name__}: {error}"


@pytest.mark.parametrize("name", NAMES)
def test_the_library_takes_it(name: str) -> None:
    """Nothing is too long or too much for the classes of Slack's own library."""
    assert {str(payload): found for payload in payloads(name) if (found := list(objections(payload)))} == {}


@pytest.mark.parametrize(
    ("surface", "body"),
    [
        ("message", {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}),
        ("message", {"blocks": [{"type": "song"}]}),
        ("home", {"type": "home", "blocks": []}),
        (
            "modal",
            {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": [{"type": "divider"}]},
        ),
    ],
)
def test_the_library_objects(surface: str, body: dict[str, Any]) -> None:
    """The check above is able to fail."""
    assert list(objections(Payload("X", "nothing", surface, body)))
