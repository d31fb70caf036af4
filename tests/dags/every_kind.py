"""A DAG with a Param of every kind that Airflow's own trigger form has a field for; its task tells what arrived."""

from __future__ import annotations

import json
from typing import Any

from airflow.sdk import Param, dag, task

PLAIN: dict[str, Any] = {
    "untyped_number": 3,
    "untyped_text": "plain",
    "untyped_flag": False,
    "untyped_list": ["one", "two"],
    "untyped_object": {"key": "value"},
    "untyped_null": None,
}
TEXTS = {
    "bounded": Param("abc", type="string", minLength=2, maxLength=8, title="A short text", section="Texts"),
    "lines": Param("two\nlines", type=["string", "null"], format="multiline", section="Texts"),
    "optional": Param(None, type=["null", "string"], section="Texts"),
    "needed": Param(type="string", minLength=3, description="Has no default", section="Texts"),
    "long": Param("x" * 4_000, type="string", section="Texts"),
    "secret": Param("hush", type="string", format="password", section="Texts"),
}
NUMBERS = {
    "whole": Param(42, type="integer", minimum=0, maximum=128, description_md="A **whole** number", section="Numbers"),
    "rate": Param(0.00001, type="number", exclusiveMinimum=0, maximum=1, section="Numbers"),
    "batch": Param(1000, type=["integer", "string"], title="Batch size, or all", section="Numbers"),
}
CHOICES = {
    "flag": Param(True, type="boolean", section="Choices"),
    "perhaps": Param(None, type=["boolean", "null"], section="Choices"),
    "pick": Param("auc", type="string", enum=["auc", "log_loss"], section="Choices"),
    "labelled": Param(
        3, type=["number", "null"], enum=[1, 2, 3, None],
        values_display={1: "One", 2: "Two", 3: "Three - " + "very " * 20 + "many", None: "None at all"},
        section="Choices",
    ),
    "hundreds": Param("code 150", type="string", enum=[f"code {at}" for at in range(300)], section="Choices"),
    "long_choice": Param("a" * 200, type="string", enum=["a" * 200, "a" * 199 + "b"], section="Choices"),
    "proposed": Param("Alpha", type="string", examples=["Alpha", "Bravo", "Charlie"], section="Choices"),
}  # fmt: skip
LISTS = {
    "airports": Param(["JFK"], type="array", items={"enum": ["JFK", "LGA", "EWR"]}, section="Lists"),
    "some": Param(["two"], type="array", examples=["one", "two", "three"], section="Lists"),
    "named": Param(
        ["2"], type="array", examples=["1", "2", "3"], values_display={"1": "One box", "2": "Two bananas"},
        section="Lists",
    ),
    "strings": Param(["a b", "c"], type="array", items={"type": "string"}, section="Lists"),
    "numbers": Param([1, 2.5], type="array", items={"type": "number"}, section="Lists"),
    "objects": Param(
        [{"name": "n"}], type="array",
        items={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}, section="Lists",
    ),
}  # fmt: skip
OTHERS = {
    "day": Param("2026-01-31", type="string", format="date", section="Others"),
    "clock": Param("12:13:14", type=["string", "null"], format="time", section="Others"),
    "moment": Param("2026-01-31T06:00:30+01:00", type="string", format="date-time", section="Others"),
    "span": Param("PT15M", type="string", format="duration", section="Others"),
    "settings": Param({"a": {"b": [1, None]}}, type=["object", "null"], section="Others"),
    "fixed": Param("constant", const="constant"),
}


@task
def tell(*, params: dict[str, Any], ti: Any) -> None:
    ti.xcom_push(key="summary", value=json.dumps(dict(params), sort_keys=True))


@dag(
    schedule=None,
    params=PLAIN | TEXTS | NUMBERS | CHOICES | LISTS | OTHERS,
    tags=["stationmaster"],
    description="Takes every kind of parameter",
)
def every_kind() -> None:
    tell()


every_kind()
