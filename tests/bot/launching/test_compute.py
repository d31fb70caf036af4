"""Which machine and which code: chosen, checked, and told to the DAG."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.errors import BadValue, Refusal, UnknownWord
from bot.launching.compute import as_conf, check_ref, chosen, in_words, named_in
from bot.settings.terms import Profile

CPU = Profile(backend="local", price=Decimal("0.23"))
GPU = Profile(backend="sagemaker", instance="ml.g5.xlarge", spot=True, time_limit="2 h", price=Decimal("1.408"))
PROFILES = {"cpu-small": CPU, "cpu-large": CPU, "gpu-small": GPU}


def test_the_first_of_the_models_own_is_its_default() -> None:
    """Nobody has to know of machines; a model without any has none."""
    assert chosen("delays", ("cpu-small", "gpu-small"), PROFILES, "") == "cpu-small"
    assert chosen("delays", (), PROFILES, "") == ""


def test_any_profile_can_be_chosen_by_name() -> None:
    """Whether this person may is the contract's affair; case doesn't matter."""
    assert chosen("delays", ("cpu-small",), PROFILES, "GPU-small") == "gpu-small"


def test_an_unknown_profile_gets_the_nearest_and_the_models_own() -> None:
    """The hint names what the model runs on, the example can be typed."""
    with pytest.raises(UnknownWord) as refused:
        chosen("delays", ("cpu-small", "gpu-small"), PROFILES, "gpu-smal")
    assert refused.value.sentence == "I don't know the compute profile “gpu-smal”. Did you mean gpu-small?"
    assert refused.value.hint == "delays runs on cpu-small or gpu-small."
    assert refused.value.example == "run delays --compute cpu-small"


def test_without_profiles_there_is_nothing_to_choose() -> None:
    """The way out is an admin's."""
    with pytest.raises(Refusal, match="There are no compute profiles here yet"):
        chosen("delays", (), {}, "gpu")


@pytest.mark.parametrize("ref", ["main", "4be1c02", "release/2026-11", "v1.2", "feature/a+b", "HEAD", "é", "a@b"])
def test_git_refs_pass(ref: str) -> None:
    """Branches, tags, commits."""
    check_ref(ref)


@pytest.mark.parametrize(
    "ref",
    ["-x", "--upload-pack=x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/", "a//b", ".a",
     "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{1}", "a\nb", "a\x00", "x" * 251, "\ud800"],
)  # fmt: skip
def test_what_git_would_refuse_is_refused(ref: str) -> None:
    """By git's own rules, so that no ref can be an option or reach outside."""
    with pytest.raises(BadValue, match="no git ref"):
        check_ref(ref)


def test_the_dag_is_told_in_one_shape() -> None:
    """Every key is there, times are in seconds; and the profile's name is found again in a run's conf."""
    told = as_conf("gpu-small", GPU)
    assert told == {
        "name": "gpu-small",
        "backend": "sagemaker",
        "instance": "ml.g5.xlarge",
        "spot": True,
        "time_limit": 7200,
    }
    assert named_in({"stationmaster": {"compute": told}}) == "gpu-small"


@pytest.mark.parametrize(
    "conf", [{}, {"stationmaster": None}, {"stationmaster": {"compute": "gpu"}}, {"stationmaster": {"compute": {}}},
             {"stationmaster": {"compute": {"name": 5}}}],
)  # fmt: skip
def test_a_conf_of_anyones_names_no_profile(conf: dict[str, Any]) -> None:
    """Runs are started elsewhere too, with whatever conf."""
    assert named_in(conf) == ""


def test_a_profile_is_told_in_words() -> None:
    """What it is, what it costs, how long it may take."""
    assert in_words(CPU, "USD") == "local, $0.23 an hour"
    assert in_words(GPU, "EUR") == "sagemaker ml.g5.xlarge, spot, €1.408 an hour, 2\u00a0h 00\u00a0min at most"
