"""Time zones by name, and what somebody may have meant by another name."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.conversation.words import nearest
from bot.errors import Refusal, shorten


def read_zone(text: str) -> str:
    """The IANA name of the zone: `Europe/Amsterdam`, whatever its case, or a city alone. Refusal with what is near."""
    wanted = text.strip().replace(" ", "_").lower()
    names = _by_name()
    if wanted in names:
        return names[wanted]
    cities = _by_city().get(wanted, ())
    if len(cities) == 1:
        return cities[0]
    near = cities or tuple(names[each] for each in nearest(wanted, names)) or _near_city(wanted)
    meant = f"Did you mean {' or '.join(near)}?" if near else "Zones are named like Europe/Amsterdam or UTC."
    raise Refusal(f"“{shorten(text)}” is not a time zone.", hint=meant)


def city(zone: str) -> str:
    """The zone as people say it: `Amsterdam` of `Europe/Amsterdam`."""
    return zone.rpartition("/")[2].replace("_", " ")


@cache
def _by_name() -> dict[str, str]:
    names = {name for name in available_timezones() if "/" in name or name == "UTC"}
    return {name.lower(): name for name in names if _usable(name)}


@cache
def _by_city() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(_by_name().values()):
        key = name.rpartition("/")[2].lower()
        if not name.startswith(("Etc/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")):
            found[key] = (*found.get(key, ()), name)
    return found


def _near_city(wanted: str) -> tuple[str, ...]:
    return tuple(zone for key in nearest(wanted, _by_city(), most=1) for zone in _by_city()[key])


def _usable(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
