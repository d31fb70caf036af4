"""The second opinion: `tsc --strict` with @slack/types, which knows every key, and what may stand where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.payloads.collection import NAMES, Payload, payloads
from tests.payloads.typescript import complaints, shape, written
from tests.station import need


@pytest.fixture(scope="module")
def everything() -> str:
    """All payloads as one source, so that the compiler starts once."""
    return written(payload for name in NAMES for payload in payloads(name))


def test_slacks_types_take_everything(everything: str, tmp_path: Path) -> None:
    """No payload has a wrong key, enum or block; and each line of `wrong.ts` is objected to."""
    need("types")
    assert complaints(tmp_path, everything) == []


def test_slacks_types_object(tmp_path: Path) -> None:
    """The check above is able to fail, and says which payload is wrong."""
    need("types")
    wrong = Payload("Told", "a wrong key", "message", {"text": "t", "blocks": [{"type": "divider", "colour": "red"}]})
    (complaint,) = complaints(tmp_path, written([wrong]))
    assert complaint.startswith("Told with a wrong key: payloads.ts(2,")
    assert "colour" in complaint


def test_shapes_keep_what_types_can_tell() -> None:
    """Keys, enums, numbers and the kinds of a list's items stay; the words of texts, and repetitions, go."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "style": "danger"}
    row = [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}, {"type": "raw_number", "value": 1}]
    assert shape({"elements": [button, button | {"value": "x"}, button], "rows": [row, row]}) == {
        "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "…"}, "style": "danger"},
            {"type": "button", "text": {"type": "plain_text", "text": "…"}, "style": "danger", "value": "…"},
        ],
        "rows": [[{"type": "raw_text", "text": "…"}, {"type": "raw_number", "value": 1}]],
    }


def test_everything_is_written_down(everything: str) -> None:
    """Every message and view has a line, and far fewer lines than there are payloads."""
    assert all(f"// {name} with" in everything for name in NAMES)
    assert everything.count("\n") < sum(len(payloads(name)) for name in NAMES) / 2
