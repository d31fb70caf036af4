"""Charts: what Slack takes of them, whatever is to be drawn."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.messages.charts import Chart, Series, block
from bot.messages.render import Rendered
from tests.slack_rules import problems


def chart(labels: tuple[str, ...], *series: Series) -> Chart:
    return Chart("auc of delays", "version", "auc", labels, series)


def drawn(found: Chart) -> dict[str, Any]:
    made = block(found)
    assert made is not None
    return dict(made["chart"])


def test_a_line_is_drawn() -> None:
    """A point for each label, in order, with the axes' names."""
    assert block(chart(("v1", "v2"), Series("auc", (0.65, 0.7)))) == {
        "type": "data_visualization",
        "title": "auc of delays",
        "chart": {
            "type": "line",
            "series": [{"name": "auc", "data": [{"label": "v1", "value": 0.65}, {"label": "v2", "value": 0.7}]}],
            "axis_config": {"categories": ["v1", "v2"], "x_label": "version", "y_label": "auc"},
        },
    }


def test_the_last_points_and_the_first_series_stay() -> None:
    """Twenty and six: what older pages of Slack's allow."""
    labels = tuple(f"v{number}" for number in range(30))
    values = tuple(float(number) for number in range(30))
    made = drawn(chart(labels, *(Series(f"s{number}", values) for number in range(9))))
    assert made["axis_config"]["categories"] == list(labels[10:])
    assert [each["name"] for each in made["series"]] == [f"s{number}" for number in range(6)]


def test_a_point_that_is_no_number_is_left_out_of_every_series() -> None:
    """Because each series has to cover each label."""
    made = drawn(chart(("a", "b", "c"), Series("x", (1.0, math.nan, 3.0)), Series("y", (1.0, 2.0, math.inf))))
    assert made["axis_config"]["categories"] == ["a"]
    assert [each["data"] for each in made["series"]] == [[{"label": "a", "value": 1.0}]] * 2


def test_nothing_to_draw_is_no_block() -> None:
    """Without labels, values, or numbers among them."""
    for found in (
        chart((), Series("x", (1.0,))),
        chart(("a",)),
        chart(("a",), Series("x", ())),
        chart(("a",), Series("x", (math.nan,))),
    ):
        assert block(found) is None


TEXTS = st.text(max_size=60)
LINES = st.builds(Series, TEXTS, st.lists(st.floats(), max_size=30).map(tuple))


@given(
    st.builds(
        Chart, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=30).map(tuple), st.lists(LINES, max_size=8).map(tuple)
    )
)
def test_slack_takes_whatever_is_drawn(found: Chart) -> None:
    """Labels that are equal, empty or long; values of any kind."""
    made = block(found)
    if made is not None:
        assert problems(Rendered(text="t", blocks=[made])) == []
        assert len(set(made["chart"]["axis_config"]["categories"])) == len(made["chart"]["axis_config"]["categories"])
