"""Numbers and durations as people read them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.domain import Pipeline
from bot.parameters.paramwords import show

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NO_BREAK = "\u00a0"


def lasted(seconds: float) -> str:
    """A duration: "8 s", "3 min 12 s", "1 h 05 min", "2 d 3 h"; no end of a line parts a number from its unit."""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        words = f"{whole}_s"
    elif whole < HOUR:
        words = f"{whole // MINUTE}_min {whole % MINUTE}_s"
    elif whole < DAY:
        words = f"{whole // HOUR}_h {whole % HOUR // MINUTE:02}_min"
    else:
        words = f"{whole // DAY}_d {whole % DAY // HOUR}_h"
    return words.replace("_", NO_BREAK)


def about(seconds: float) -> str:
    """A duration that is only roughly known: "about 40 s", "about 4 min"."""
    whole = max(1, round(seconds))
    if whole < MINUTE - 5:
        return f"about {max(10, round(whole, -1))} s"
    if round(whole / MINUTE) < HOUR / MINUTE:
        return f"about {max(1, round(whole / MINUTE))} min"
    return f"about {f'{whole / HOUR:.1f}'.removesuffix('.0')} h"


def number(value: float) -> str:
    """A metric: three decimals where that says something, none above a thousand, else four significant digits."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e9:  # above, digits tell no more than the exponent
        return f"{int(value):,}"
    if 1_000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3f}" if 0.01 <= abs(value) < 1_000 else f"{value:.4g}"


def change(value: float) -> str:
    """A signed difference, with a true minus sign; a dash where there is none to tell."""
    if math.isnan(value):
        return "–"
    return ("+" if value > 0 else "−" if value < 0 else "±") + number(abs(value))


def count(many: int, one: str, more: str = "") -> str:
    """ "1 run", "3 runs", "1,204 runs"."""
    return f"{many:,} {one if many == 1 else more or one + 's'}"


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def differing(pipeline: Pipeline | None, conf: Mapping[str, Any]) -> list[str]:
    """What of a conf differs from the defaults: "learning_rate 0.1 (default 0.05)"."""
    said = []
    for name, value in conf.items():
        parameter = pipeline.parameter(name) if pipeline else None
        if parameter is None or parameter.required:
            said.append(f"{name} {show(value)}")
        elif value != parameter.default:
            said.append(f"{name} {show(value)} (default {show(parameter.default)})")
    return said
