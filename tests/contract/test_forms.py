"""A form of every kind of Param, and what arrives of it in Airflow: a DAG's own schemas, and Airflow's own checks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain import Pipeline, RunKey
from bot.errors import NotFound
from bot.forms import page_count, read_page, without_defaults
from demo.slack.states import Values
from tests.bot.forms.kit import MODEL, answered, submitted, untouched
from tests.contract.orchestrators import AirflowStage, new_id

pytestmark = pytest.mark.airflow

DAG = "every_kind"
NEEDED = {"needed": "night line"}


async def declared(stage: AirflowStage) -> Pipeline:
    """The DAG as Airflow tells it, once it has read the file."""
    await stage.ended("tiny")
    try:
        return await stage.orchestrator.pipeline(DAG)
    except NotFound:
        pytest.fail(f"Airflow has read tests/dags without {DAG}")


async def conf(stage: AirflowStage, values: dict[str, Any]) -> dict[str, Any]:
    """The conf of a run that was started with these values: Airflow has held them against its schemas."""
    run = await stage.orchestrator.start(RunKey(DAG, new_id("form")), values)
    return run.conf


async def test_defaults_arrive_as_they_are(airflow_stage: AirflowStage) -> None:
    """An untouched form, but for what has no default, gives a conf that Airflow takes: the DAG's own values."""
    of = await declared(airflow_stage)
    found = submitted(of, untouched(of, NEEDED), NEEDED)
    assert found.errors == {}
    assert without_defaults(of, found.values) == NEEDED
    assert set(found.values) == {each.name for each in of.parameters} - {"secret"}
    arrived = await conf(airflow_stage, found.values)
    assert json.dumps(arrived, sort_keys=True) == json.dumps(found.values, sort_keys=True)


ANSWERS: dict[str, tuple[Any, Any]] = {  # what a person gives, and the JSON value that arrives
    "untyped_number": ("4", 4),
    "untyped_text": ("{{ 6*7 }}", "{{ 6*7 }}"),
    "untyped_flag": ("Yes", True),
    "untyped_list": ("three\nfour", ["three", "four"]),
    "untyped_object": ('{"a": [1, 2.0, null]}', {"a": [1, 2.0, None]}),
    "untyped_null": ("12", "12"),
    "bounded": ("12345678", "12345678"),
    "lines": (None, None),
    "optional": ("none", "none"),
    "needed": ("a name", "a name"),
    "long": ("short", "short"),
    "whole": ("128", 128),
    "rate": ("0.5", 0.5),
    "batch": ("all", "all"),
    "flag": ("No", False),
    "perhaps": ("Yes", True),
    "pick": ("log_loss", "log_loss"),
    "labelled": ("2", 2),
    "hundreds": ('"code 7"', "code 7"),
    "proposed": ("Bravo", "Bravo"),
    "airports": (["LGA", "EWR"], ["LGA", "EWR"]),
    "some": (["one", "three"], ["one", "three"]),
    "named": (["Two bananas", "3"], ["2", "3"]),
    "strings": ("x, y\nz", ["x, y", "z"]),
    "numbers": ("1\n2.5\n-3", [1, 2.5, -3]),
    "objects": ('[{"name": "m", "x": 1}]', [{"name": "m", "x": 1}]),
    "day": ("2026-02-28", "2026-02-28"),
    "clock": ("23:59", "23:59:00"),
    "moment": (1_769_900_400, "2026-02-01T00:00:00+01:00"),
    "span": ("P1DT2H", "P1DT2H"),
    "settings": (None, None),
}


async def test_answers_arrive_with_their_types(airflow_stage: AirflowStage) -> None:
    """Every kind of field, filled in by hand: Airflow takes the conf, and gives back numbers, texts, lists, nulls."""
    of = await declared(airflow_stage)
    state: Values = untouched(of)
    for name, (given, _) in ANSWERS.items():
        state = answered(of, state, name, given)
    values: dict[str, Any] = {}
    for page in range(1, page_count(of) + 1):
        found = read_page(MODEL, of, values, state, page=page)
        assert found.errors == {}
        values |= found.values
    expected = {name: value for name, (_, value) in ANSWERS.items()}
    arrived = await conf(airflow_stage, values)
    shown = {name: arrived[name] for name in expected}
    assert json.dumps(shown, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("bounded", "x", "too short"),
        ("whole", "129", "too large"),
        ("rate", "0", "too small"),
        ("objects", '[{"no": 1}]', "doesn't fit"),
        ("span", "15 minutes", "doesn't fit"),
        ("numbers", "1\ntwo", "is not a list"),
    ],
)
async def test_what_airflow_would_refuse_is_refused_at_its_field(
    airflow_stage: AirflowStage, name: str, given: str, words: str
) -> None:
    """With words, and for that field alone."""
    of = await declared(airflow_stage)
    found = submitted(of, answered(of, untouched(of, NEEDED), name, given), NEEDED)
    assert list(found.errors) == [f"param:{name}"]
    assert words in found.errors[f"param:{name}"]
