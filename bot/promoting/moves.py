"""What moved between two readings of the evidence, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.errors import shorten
from bot.messages.phrases import count, number
from bot.promoting.evidence import Champion, Data, Evidence, counted
from bot.promoting.gates import Gate

MOST = 5  # changes named of a kind, before the rest is counted

Words = Callable[[Evidence, Evidence], Iterator[str]]


def moved(before: Evidence, now: Evidence) -> tuple[str, ...]:
    """What of the evidence is no longer as it was; empty exactly where the two have the same digest."""
    was, is_ = counted(before), counted(now)
    return tuple(
        dict.fromkeys(said for name, words in _WORDS.items() if was[name] != is_[name] for said in words(before, now))
    )


def _named(label: str, name: str) -> Words:
    def words(before: Evidence, now: Evidence) -> Iterator[str]:
        yield f"the {label} changed from {_text(getattr(before, name))} to {_text(getattr(now, name))}"

    return words


def _values(label: str, name: str) -> Words:
    def words(before: Evidence, now: Evidence) -> Iterator[str]:
        yield from _each(label, getattr(before, name), getattr(now, name))

    return words


def _each(label: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each entry that differs: the first few, then how many more."""
    names = [name for name in sorted(before.keys() | now.keys()) if not _same(before.get(name), now.get(name))]
    for name in names[:MOST]:
        what = shorten(f"{label} {name}".strip(), 120)
        if name not in now:
            yield f"{what} is gone"
        elif name not in before:
            yield f"{what} is new"
        elif label == "the file":
            yield f"{what} changed"
        else:
            yield f"{what} changed from {_text(before[name], now[name])} to {_text(now[name], before[name])}"
    if len(names) > MOST:
        yield f"{count(len(names) - MOST, 'more change')} of this kind"


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # NaN is unlike itself


def _text(value: Any, beside: Any = None) -> str:
    """A value in few words; with all its digits where they would look alike."""
    if isinstance(value, float):
        alike = isinstance(beside, float) and number(value) == number(beside)
        return repr(value) if alike else number(value)
    return f"“{shorten(str(value), 40)}”" if value not in ("", None) else "nothing"


def _champion(before: Evidence, now: Evidence) -> Iterator[str]:
    was, is_, alias = before.champion, now.champion, now.alias
    if was is None or is_ is None:
        yield f"{alias} now holds v{is_.version}" if is_ else f"{alias} no longer holds v{was.version}" if was else ""
    elif was.version != is_.version:
        yield f"{alias} moved from v{was.version} to v{is_.version}"
    else:
        yield from _same_champion(was, is_, f"{alias}'s v{is_.version}")


def _same_champion(was: Champion, now: Champion, called: str) -> Iterator[str]:
    if was.run_id != now.run_id:
        yield f"{called} now comes from another MLflow run"
    yield from _each(f"{called}: ", was.metrics, now.metrics)
    yield from _data(f"{called}: ", was.datasets, now.datasets)
    if was.artifacts != now.artifacts:
        yield f"the files of {called} changed"
    if was.comparable != now.comparable:
        yield f"{called} is {'now' if now.comparable else 'no longer'} comparable"
    if was.commit != now.commit:
        yield f"{called}: the commit changed from {_text(was.commit)} to {_text(now.commit)}"


def _datasets(before: Evidence, now: Evidence) -> Iterator[str]:
    yield from _data("", before.datasets, now.datasets)


def _data(whose: str, before: tuple[Data, ...], now: tuple[Data, ...]) -> Iterator[str]:
    yield from _each(f"{whose}the", _by_name(before), _by_name(now))


def _by_name(found: tuple[Data, ...]) -> dict[str, str]:
    """Digests and rows of the data sets of each context and name."""
    named: dict[str, list[str]] = {}
    for each in found:
        rows = f" of {each.rows:,} rows" if each.rows is not None else ""
        named.setdefault(f"{each.context or 'other'} data {each.name}", []).append(each.digest + rows)
    return {name: ", ".join(sorted(digests)) for name, digests in named.items()}


def _gates(before: Evidence, now: Evidence) -> Iterator[str]:
    was, is_ = _by_subject(before), _by_subject(now)
    for key in dict.fromkeys([*was, *is_]):
        old, new = was.get(key), is_.get(key)
        if old is None or new is None:
            gate = old or is_[key]
            yield f"the gate {gate.subject} {gate.rule} {'is new' if old is None else 'is gone'}"
        elif old != new:
            became = new.rule if old.rule != new.rule else f"{new.better} is better"
            yield f"the gate {old.subject} {old.rule} became {became}"


def _by_subject(evidence: Evidence) -> dict[tuple[str, str], Gate]:
    return {(result.gate.kind, result.gate.name): result.gate for result in evidence.gates}


def _approvers(before: Evidence, now: Evidence) -> Iterator[str]:
    yield "the approvers changed"


def _needed(before: Evidence, now: Evidence) -> Iterator[str]:
    yield f"it now needs {count(now.needed, 'approval')}, not {before.needed}"


def _four_eyes(before: Evidence, now: Evidence) -> Iterator[str]:
    yield f"four eyes was switched {'on' if now.four_eyes else 'off'}"


def _confirmed(before: Evidence, now: Evidence) -> Iterator[str]:
    yield (
        "Airflow now confirms where it comes from"
        if now.confirmed
        else "Airflow no longer confirms where it comes from"
    )


def _origin(before: Evidence, now: Evidence) -> Iterator[str]:
    yield f"its origin is unknown now: {now.unknown}" if now.unknown else "its origin is known now"


_WORDS: Mapping[str, Words] = {
    "champion": _champion,
    "version": _named("version", "version"),
    "model": _named("model", "model"),
    "registered_model": _named("registered model", "registered_model"),
    "alias": _named("alias", "alias"),
    "run_id": _named("MLflow run that it comes from", "run_id"),
    "dag_id": _named("DAG that trained it", "dag_id"),
    "dag_run_id": _named("DAG run that trained it", "dag_run_id"),
    "confirmed": _confirmed,
    "origin": _origin,
    "artifacts": _values("the file", "artifacts"),
    "metrics": _values("", "metrics"),
    "params": _values("the parameter", "params"),
    "datasets": _datasets,
    "commit": _named("commit", "commit"),
    "tags": _values("the tag", "tags"),
    "directions": _values("the better direction of", "directions"),
    "gates": _gates,
    "approvers": _approvers,
    "needed": _needed,
    "four_eyes": _four_eyes,
}
