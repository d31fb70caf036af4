"""How a form looks: its pages, sections, labels and hints, and what of a value it says that it can't show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain import Parameter, Pipeline
from bot.forms import draft_of, form_page, page_count, read_page, without_defaults
from bot.forms.fields import block_id
from demo.slack.states import initial_values
from tests.bot.forms.kit import MODEL, needed, param, pipeline, submitted, untouched, view
from tests.payloads.values import HOSTILE


def inputs(of: Pipeline, values: dict[str, Any] | None = None, page: int = 1) -> list[dict[str, Any]]:
    return [block for block in view(of, values, page)["blocks"] if block["type"] == "input"]


def one(parameter: Parameter, value: Any = ...) -> dict[str, Any]:
    """The first input of a form of one field."""
    return inputs(pipeline(parameter), {} if value is ... else {parameter.name: value})[0]


def said(of: Pipeline, values: dict[str, Any] | None = None, page: int = 1) -> str:
    """All the small print of a page."""
    blocks = [block for block in view(of, values, page)["blocks"] if block["type"] == "context"]
    return "\n".join(element["text"] for block in blocks for element in block["elements"])


# ---- the page -----------------------------------------------------------------------------------------------------


def test_a_form_says_whose_it_is() -> None:
    """The model first; its own callback id; the draft and the page, and nothing else, in its metadata."""
    found = form_page("delays", pipeline(param("x", 1)), {"x": 2}, draft="d-17").render()
    assert found["title"]["text"] == "Train delays"
    assert found["callback_id"] == "run_form"
    assert found["blocks"][0]["text"]["text"] == "*delays*"
    assert draft_of(found["private_metadata"]) == ("d-17", 1)
    assert found["submit"]["text"] == "Start"


def test_a_long_form_has_pages() -> None:
    """Fourteen fields each; all but the last lead on, all but the first lead back; a page too far is the last."""
    of = pipeline(*[param(f"p{at}", at) for at in range(40)])
    assert page_count(of) == 3
    assert [len(inputs(of, page=page)) for page in (1, 2, 3, 4)] == [14, 14, 12, 12]
    pages = [view(of, page=page) for page in (1, 2, 3)]
    assert [page["submit"]["text"] for page in pages] == ["Next", "Next", "Start"]
    assert [page["blocks"][0]["text"]["text"] for page in pages][1] == "*delays*  page 2 of 3"
    back = [json.dumps(page["blocks"]).count("run_form:back") for page in pages]
    assert back == [0, 1, 1]


def test_pages_do_not_depend_on_values() -> None:
    """So that a page is read as it was made, whatever was filled in meanwhile."""
    of = pipeline(*[param(f"p{at}", "a", type="string") for at in range(14)], param("last", 1))
    values = {f"p{at}": "x" * 3_000 for at in range(14)}
    assert [len(inputs(of, values, page)) for page in (1, 2)] == [14, 1]


def test_heavy_fields_take_more_pages() -> None:
    """A page stays within what Slack takes of a view, whatever its menus hold."""
    enum = [f"{'字' * 70} {at}" for at in range(100)]
    of = pipeline(*[param(f"p{at}", [], type="array", items={"enum": enum}) for at in range(12)])
    assert page_count(of) > 2
    values = {f"p{at}": enum for at in range(12)}
    state = untouched(of, values)
    assert submitted(of, state, values).values == values


def test_no_parameters_make_a_form_too() -> None:
    """There is still something to start."""
    of = pipeline()
    assert len(view(of)["blocks"]) == 1
    assert submitted(of, untouched(of)) == ({}, {})


def test_notes_of_the_caller_are_shown() -> None:
    """Such as what it will cost."""
    found = form_page("delays", pipeline(), {}, draft="d", notes=["about $1.40 <!channel>"]).render()
    assert found["blocks"][1]["elements"][0]["text"] == "about $1.40 &lt;!channel&gt;"


def test_sections_are_headers() -> None:
    """What has none comes first; a section begins once, in the order of its first parameter."""
    of = pipeline(
        param("a", 1, section="One"), param("b", 1, section="Two"), param("c", 1), param("d", 1, section="One")
    )
    shown = [
        block["text"]["text"] if block["type"] == "header" else block["block_id"] for block in view(of)["blocks"][1:]
    ]
    assert shown == ["param:c", "One", "param:a", "param:d", "Two", "param:b"]


def test_a_section_is_said_again_on_its_next_page() -> None:
    """A reader doesn't remember it."""
    of = pipeline(*[param(f"p{at}", at, section="Many") for at in range(13)])
    assert [block["text"]["text"] for block in view(of, page=2)["blocks"] if block["type"] == "header"] == ["Many"]


# ---- words --------------------------------------------------------------------------------------------------------


def test_a_label_is_the_title_or_the_name() -> None:
    """And the hint is the description, and what the field takes."""
    rate = param("rate", 0.1, description="How far", title="Rate of learning", minimum=0.001, maximum=1, type="number")
    assert one(rate)["label"]["text"] == "Rate of learning"
    assert one(rate)["hint"]["text"] == "How far. Takes 0.001 to 1 (default 0.1)."
    assert one(param("rate", 0.1))["label"]["text"] == "rate"
    assert "hint" not in one(param("rate", 0.1))


def test_markdown_is_shown_as_mrkdwn() -> None:
    """Above the input, in place of the plain description."""
    both = param("x", 1, description="plain", description_md="See **this** <!here>")
    assert said(pipeline(both)) == "See *this* &lt;!here&gt;"
    assert "hint" not in one(both)


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 40}, "1 to 40 characters."),
        ({"type": "string", "minLength": 1}, "At least 1 character."),
        ({"type": "string", "maxLength": 40}, "At most 40 characters."),
        ({"type": "string", "format": "duration"}, "A duration, such as PT15M or P1D."),
        ({"type": "array", "items": {"type": "string"}}, "One a line."),
        ({"type": "array", "items": {"type": "object"}}, "As JSON."),
        ({"type": "object"}, "As JSON."),
        ({"type": ["integer", "string"]}, "Takes a whole number or a text."),
        ({"type": "string", "examples": ["a"]}, "Choose one, or write another below."),
    ],
)
def test_a_hint_says_what_an_input_does_not(rule: dict[str, Any], hint: str) -> None:
    """Before it is refused."""
    assert one(needed("x", **rule))["hint"]["text"] == hint


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_stay_words(text: str) -> None:
    """In every place where a DAG's author may write: Slack takes the form, nothing is alive, the values are whole."""
    rules: list[dict[str, Any]] = [
        {"type": "string"}, {"type": "string", "format": "multiline"}, {"enum": [text, "a"]}, {"const": text},
        {"type": "string", "examples": [text, "b"]}, {"type": "array", "examples": [text]}, {"type": "object"},
        {"type": "array", "items": {"enum": [text, "c"]}}, {"format": text}, {"type": ["integer", "string"]},
    ]  # fmt: skip
    words = {"title": text, "section": text, "description_md": text, "values_display": {text: text, "a": text}}
    values = {"type": "object"}
    declared = [
        Parameter(
            name=f"{text}{at}", rule=rule | words, description=text, default={text: text} if rule == values else text
        )
        for at, rule in enumerate(rules)
    ]
    of = Pipeline(dag_id="delays", parameters=tuple(declared))
    assert submitted(of, untouched(of)).values == {each.name: each.default for each in declared}


# ---- ids ----------------------------------------------------------------------------------------------------------


def test_ids_are_of_the_name() -> None:
    """Short plain names as they are, others by a digest; an id names one parameter, and Slack takes it."""
    names = ["rate", "x" * 300, "x" * 301, "a b", "a:other", "", "字"]
    ids = [block_id(name) for name in names] + [block_id(name, "other") for name in names]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 255
    assert block_id("rate") == "param:rate"


# ---- what an input begins with ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "element"),
    [
        (param("x", 0.00001, type="number"), {"type": "number_input", "initial_value": "0.00001"}),
        (param("x", 3.0, type="integer"), {"type": "number_input", "initial_value": "3", "is_decimal_allowed": False}),
        (param("x", 2, type="integer", minimum=0.5, maximum=9), {"min_value": "1", "max_value": "9"}),
        (param("x", 1e300, type="number"), {"type": "plain_text_input", "initial_value": "1e+300"}),
        (param("x", 2**60, type="integer"), {"type": "plain_text_input", "initial_value": str(2**60)}),
        (param("x", "a\nb", type="string"), {"multiline": True, "initial_value": "a\nb"}),
        (param("x", "", type="string"), {"multiline": False}),
        (param("x", ["a", "b c"], type="array"), {"multiline": True, "initial_value": "a\nb c"}),
        (param("x", ["a", ""], type="array"), {"initial_value": '["a", ""]'}),
        (param("x", [1, 2], type="array"), {"initial_value": "[1, 2]"}),
        (param("x", [1, 2], type="array", items={"type": "number"}), {"initial_value": "1\n2"}),
        (param("x", {"a": [1]}, type="object"), {"initial_value": '{\n  "a": [\n    1\n  ]\n}'}),
        (param("x", True, type="boolean"), {"type": "radio_buttons"}),
        (param("x", 7, enum=[*range(100)]), {"type": "static_select"}),
        (param("x", 7, enum=[*range(101)]), {"type": "external_select", "min_query_length": 0}),
        (param("x", "a" * 76, enum=["a" * 76]), {"type": "external_select"}),
        (param("x", ["a"], type="array", items={"enum": ["a"]}, maxItems=1), {"max_selected_items": 1}),
        (param("x", [7], type="array", items={"enum": [*range(101)]}), {"type": "multi_external_select"}),
        (param("x", "2026-01-31", type="string", format="date"), {"initial_date": "2026-01-31"}),
        (param("x", "12:13:14", type="string", format="time"), {"initial_time": "12:13"}),
        (
            param("x", "2026-01-31T06:00:30+01:00", type="string", format="date-time"),
            {"type": "datetimepicker", "initial_date_time": 1_769_835_630},
        ),
    ],
)
def test_an_input_begins_with_the_value(parameter: Parameter, element: dict[str, Any]) -> None:
    """In the kind of input that is for it."""
    found = one(parameter)["element"]
    assert found | element == found


def test_a_number_outside_its_bounds_is_shown() -> None:
    """Slack would refuse the form, so that the bounds are held when it comes back."""
    found = one(param("x", 5, type="integer", maximum=9), 10)["element"]
    assert found["initial_value"] == "10"
    assert "max_value" not in found


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (param("x", "a" * 3_001, type="string"), "x has 3,001 characters, too many to show"),
        (param("x", "c", enum=["a", "b"]), "x is c, which is not one of the choices: it stays unless you choose one."),
        (param("x", ["a", "z"], type="array", items={"enum": ["a"]}), "x is a,z, which can't be shown whole"),
        (param("x", "1905-01-01T00:00:00Z", type="string", format="date-time"), "can't be shown whole"),
        (param("x", "soon", type="string", format="date"), "x is soon, which can't be shown whole"),
        (param("x", {"a": "b" * 3_000}, type="object"), "can't be shown whole"),
        (param("x", [*range(150)], type="array", items={"enum": [*range(150)]}), "can't be shown whole"),
    ],
)
def test_a_value_that_no_input_shows_is_kept_and_said(parameter: Parameter, words: str) -> None:
    """It isn't asked for again, and isn't lost."""
    of = pipeline(parameter)
    assert words in said(of)
    assert inputs(of)[0]["optional"] is True
    assert submitted(of, untouched(of)).values == {"x": parameter.default}


@pytest.mark.parametrize(
    ("parameter", "optional"),
    [
        (param("x", 1, type="integer"), False),
        (param("x", 1, type=["integer", "null"]), True),
        (param("x", 1), True),
        (param("x", "a", type="string"), True),
        (param("x", "a", type="string", minLength=1), False),
        (param("x", ["a"], type="array", minItems=1), False),
        (param("x", True, type="boolean"), False),
        (param("x", "a", enum=["a", None]), True),
        (needed("x", type="string"), False),
        (needed("x", type="array"), False),
    ],
)
def test_an_input_may_be_left_empty_where_that_means_something(parameter: Parameter, optional: bool) -> None:
    """Slack itself asks for the others."""
    assert one(parameter)["optional"] is optional


# ---- what isn't asked ---------------------------------------------------------------------------------------------


def test_constants_and_secrets_are_not_asked() -> None:
    """A constant is shown, and is always the same; a secret is neither shown nor given, since Airflow has it."""
    secret = {"type": "string", "format": "password"}
    of = pipeline(param("fixed", 5, const=5), needed("always", const="x"), param("key", "hush", **secret))
    words = said(of)
    assert inputs(of) == []
    assert "fixed is always 5." in words
    assert "key is a secret and not asked in Slack: it keeps its value." in words
    assert "hush" not in json.dumps(view(of))
    assert submitted(of, {}, {"fixed": 6}).values == {"fixed": 5, "always": "x"}
    assert "start this model in Airflow to give it" in said(pipeline(needed("key", **secret)))


def test_a_field_that_was_not_on_the_page_keeps_its_value() -> None:
    """A DAG's schema may have changed while the form was open: no error stands where there is no field."""
    before, after = pipeline(param("a", 1)), pipeline(param("a", 1), param("b", 2), needed("c", type="string"))
    state = initial_values(view(before)["blocks"])
    assert read_page(MODEL, after, {"a": 3}, state) == ({"a": 1, "b": 2}, {})


def test_a_field_of_another_kind_keeps_its_value() -> None:
    """What was given in the input of the old kind is no answer to the new one."""
    state = initial_values(view(pipeline(param("a", "old", type="string")))["blocks"])
    assert read_page(MODEL, pipeline(param("a", 2, type="integer")), {}, state).values == {"a": 2}


def test_only_what_differs_from_the_defaults() -> None:
    """By JSON type; what the pipeline doesn't know stays."""
    of = pipeline(param("a", 1), param("b", True), param("c", None), needed("d"))
    values = {"a": 1.0, "b": 1, "c": None, "d": None, "e": 1}
    assert without_defaults(of, values) == {"a": 1.0, "b": 1, "d": None, "e": 1}
    assert without_defaults(of, {"a": 1, "b": True}) == {}
