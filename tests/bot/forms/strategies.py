"""Random parameters, as DAGs declare them and as they shouldn't."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.domain import Parameter
from tests.payloads.values import HOSTILE

HARD = st.sampled_from(sorted(HOSTILE.values()))
SEEN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=40)
TEXT = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), HARD)
NUMBER = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-100, 100))
SCALAR = st.one_of(st.none(), st.booleans(), NUMBER, TEXT)
JSON: SearchStrategy[Any] = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
OBJECT = st.dictionaries(SEEN, JSON, max_size=3)
TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"]
MOMENT = st.datetimes(datetime(2002, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001  # hypothesis takes naive bounds


def _words() -> SearchStrategy[dict[str, Any]]:
    texts = st.one_of(SEEN, HARD)
    return st.fixed_dictionaries(
        {}, optional={"title": texts, "section": texts, "description_md": texts, "values_display": _display()}
    )


def _display() -> SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(["1", "true", "null", "None", "a", "b"]), TEXT, max_size=4)


def _nullable(kind: str) -> SearchStrategy[Any]:
    return st.sampled_from([kind, ["null", kind], [kind, "null"]])


def _typed(kind: str, values: SearchStrategy[Any], **more: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Rules of a type, each with a value that it takes, as far as its other keywords allow."""
    rule = st.fixed_dictionaries({"type": _nullable(kind)}, optional=more)
    return st.tuples(rule, values)


def _chosen() -> SearchStrategy[Any]:
    several = st.one_of(st.lists(SCALAR, min_size=1, max_size=6), st.lists(st.integers(), min_size=101, max_size=130))
    return several.flatmap(lambda enum: st.tuples(st.just({"enum": enum}), st.sampled_from(enum) | SCALAR))


def _several() -> SearchStrategy[Any]:
    def pick(options: list[str]) -> SearchStrategy[Any]:
        rules = st.sampled_from([{"type": "array", "items": {"enum": options}}, {"type": "array", "examples": options}])
        return st.tuples(rules, st.lists(st.sampled_from(options) | SEEN, max_size=6))

    return st.lists(TEXT, min_size=1, max_size=8).flatmap(pick)


BOUND = st.integers(-50, 50) | st.floats(-50, 50)
LENGTH = st.integers(0, 50)
RULES: list[SearchStrategy[Any]] = [
    _typed("string", TEXT, minLength=LENGTH, maxLength=LENGTH, examples=st.lists(TEXT, max_size=4)),
    _typed("string", TEXT, format=st.sampled_from(["multiline", "duration", "date", "time", "date-time", "password"])),
    _typed("string", MOMENT, format=st.just("date-time")),
    _typed("string", st.dates().map(str), format=st.just("date")),
    _typed("string", st.times().map(str), format=st.just("time")),
    _typed("number", NUMBER, minimum=BOUND, maximum=BOUND, exclusiveMinimum=BOUND),
    _typed("integer", NUMBER, minimum=BOUND, maximum=BOUND),
    _typed("boolean", st.booleans()),
    _typed("object", OBJECT),
    _typed("array", st.lists(JSON, max_size=4), items=st.sampled_from([{"type": kind} for kind in TYPES])),
    _chosen(),
    _several(),
    st.tuples(st.fixed_dictionaries({"type": st.lists(st.sampled_from(TYPES), min_size=1, max_size=3)}), JSON),
    st.tuples(st.just({}), JSON),
    JSON.map(lambda value: ({"const": value}, value)),
    st.tuples(st.dictionaries(st.sampled_from(["type", "enum", "items", "format", "examples"]), JSON), JSON),
]


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    """One Param of any kind, with a default that may or may not fit, or none."""
    rule, value = draw(st.one_of(RULES))
    default = draw(st.one_of(st.just(value), st.just(value), JSON))
    required = draw(st.sampled_from([False, False, False, True]))
    name = draw(st.one_of(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), TEXT.filter(bool)))
    words = {**rule, **draw(_words())}
    described = draw(st.one_of(st.just(""), TEXT))
    return Parameter(
        name=name, rule=words, default=None if required else default, required=required, description=described
    )
