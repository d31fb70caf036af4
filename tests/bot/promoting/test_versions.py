"""Which version a person means: a number, `v12`, `@alias` or `latest`; else what there is."""

from __future__ import annotations

import pytest

from bot.domain import Version
from bot.errors import Refusal, UnknownWord
from bot.promoting.versions import Word, parted, read, resolve
from tests.fakes import FakeRegistry


@pytest.fixture
def registry() -> FakeRegistry:
    """Versions 1 to 13, of which 11 is in production."""
    made = FakeRegistry()
    for number in range(1, 14):
        made.add_version(Version(model="late flights", version=str(number)))
    made.move_alias("late flights", "production", "11")
    return made


@pytest.mark.parametrize(
    ("word", "version"),
    [
        ("12", "12"),
        ("v12", "12"),
        ("V12", "12"),
        ("v012", "12"),
        (" v12 ", "12"),
        ("@production", "11"),
        ("production", "11"),
        ("latest", "13"),
        ("@latest", "13"),
        ("LATEST", "13"),
        ("", "13"),
    ],
)
async def test_a_word_names_a_version(registry: FakeRegistry, word: str, version: str) -> None:
    """However it is typed; without one it is the newest."""
    assert (await resolve(registry, "delays", "late flights", word)).version == version


@pytest.mark.parametrize("word", ["99", "v0", "@prodction", "0", "-1", "1.5", "@", "v", "v99999999999999"])
async def test_an_unknown_word_is_told_what_there_is(registry: FakeRegistry, word: str) -> None:
    """The last versions, how many more, and who holds which alias."""
    with pytest.raises(UnknownWord) as refused:
        await resolve(registry, "delays", "late flights", word)
    assert f"I don't know the version “{word}” of delays." in refused.value.sentence
    assert refused.value.hint == "delays has v13, v12, v11, v10, v9 and 8 more; @production is v11."


async def test_the_nearest_is_proposed(registry: FakeRegistry) -> None:
    """A slip of the finger costs one click."""
    with pytest.raises(UnknownWord) as refused:
        await resolve(registry, "delays", "late flights", "@prodction")
    assert refused.value.nearest == ("@production",)


@pytest.mark.parametrize("word", ["", "12", "@production", "latest"])
async def test_a_model_without_versions_is_said_to_have_none(word: str) -> None:
    """And how the first comes to be."""
    with pytest.raises(Refusal) as refused:
        await resolve(FakeRegistry(), "delays", "late flights", word)
    assert refused.value.sentence == "delays has no versions yet: nothing is registered as late flights."
    assert refused.value.example == "run delays"


async def test_a_deleted_version_is_unknown(registry: FakeRegistry) -> None:
    """It is asked for by itself, not looked for in a list that was read before."""
    registry.delete_version("late flights", "12")
    with pytest.raises(UnknownWord):
        await resolve(registry, "delays", "late flights", "12")


async def test_an_old_version_is_found_by_its_number() -> None:
    """However many came after it."""
    registry = FakeRegistry()
    for number in range(1, 131):
        registry.add_version(Version(model="delays", version=str(number)))
    assert (await resolve(registry, "delays", "delays", "3")).version == "3"


def test_words_are_read_without_a_registry() -> None:
    """A number, an alias, or the newest."""
    assert (read("v7"), read("@staging"), read("latest"), read("@")) == (Word("7"), Word("", "staging"), Word(), None)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("delays", ("delays", "")),
        ("delays@production", ("delays", "@production")),
        ("delays@v12", ("delays", "v12")),
        ("delays@12", ("delays", "12")),
        ("delays@", ("delays", "@")),
        ("delays@latest", ("delays", "@latest")),
    ],
)
def test_a_version_may_stand_behind_the_models_name(word: str, parts: tuple[str, str]) -> None:
    """As in explain delays@production."""
    assert parted(word) == parts
