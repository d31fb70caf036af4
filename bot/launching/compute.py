"""Which machine and which code a run is to use: chosen, checked, and as the DAG is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.conversation.words import nearest
from bot.errors import BadValue, Refusal, UnknownWord, shorten
from bot.launching.price import an_hour, millionths
from bot.messages.phrases import lasted, listed

if TYPE_CHECKING:  # the configuration is no part of what is pure
    from bot.settings.terms import Profile

LONGEST_REF = 250
_NOT_IN_A_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)|^[-/]|[./]$|^@$")


def chosen(model: str, own: tuple[str, ...], profiles: Mapping[str, Profile], asked: str) -> str:
    """The profile that a run of the model is to use: the one asked for, else the model's default; empty without any.

    `own` are the model's profiles. Whether this person may choose it is the contract's affair. UnknownWord for none of
    the configuration's, naming the model's.
    """
    if not asked:
        return own[0] if own else ""
    if not profiles:
        raise Refusal("There are no compute profiles here yet; an admin can add some to the configuration.")
    if found := next((name for name in profiles if name.lower() == asked.lower()), None):
        return found
    usual = list(own) or sorted(profiles)
    raise UnknownWord(
        "compute profile",
        asked,
        nearest(asked, usual) or nearest(asked, profiles),
        hint=f"{model} runs on {listed(usual).replace(' and ', ' or ')}.",
        example=f"run {model} --compute {usual[0]}",
    )


def check_ref(ref: str) -> None:
    """Refuse what git would not take as the name of a branch, a tag or a commit."""
    if len(ref) > LONGEST_REF or _NOT_IN_A_REF.search(ref) or any(0xD800 <= ord(sign) < 0xE000 for sign in ref):
        raise BadValue(f"“{shorten(ref)}” is no git ref: a branch, a tag or a commit.", hint="Such as main or 4be1c02.")


def as_conf(name: str, profile: Profile) -> dict[str, Any]:
    """The profile as the DAG finds it in `conf["stationmaster"]["compute"]`."""
    return {
        "name": name,
        "backend": profile.backend,
        "instance": profile.instance,
        "spot": profile.spot,
        "time_limit": profile.time_limit,
    }


def in_words(profile: Profile, currency: str) -> str:
    """ "sagemaker ml.g5.xlarge, spot, $1.41 an hour, 2 h 00 min at most"."""
    machine = " ".join(filter(None, (profile.backend, profile.instance)))
    most = f"{lasted(profile.time_limit)} at most" if profile.time_limit else ""
    price = an_hour(millionths(profile.price), currency)
    return ", ".join(filter(None, (machine, "spot" if profile.spot else "", price, most)))


def named_in(conf: Mapping[str, Any]) -> str:
    """The profile that a run's conf names; empty where it names none."""
    mine = conf.get("stationmaster")
    compute = mine.get("compute") if isinstance(mine, Mapping) else None
    name = compute.get("name") if isinstance(compute, Mapping) else None
    return name if isinstance(name, str) else ""
