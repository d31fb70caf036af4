import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.slack.page.charts import HEIGHT, WIDTH, lay_out, nice_ticks, show_number
from tests.demo.slack import gallery

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False, allow_infinity=False).filter(lambda n: n == 0 or abs(n) > 1e-6)


@given(NUMBERS, NUMBERS)
def test_ticks_span_the_values(one: float, other: float) -> None:
    """From at or below the lowest to at or above the highest, rising, and few enough to read."""
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high)
    slack = (high - low or abs(high) or 1) * 1e-6
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 7


@given(st.lists(NUMBERS, min_size=1, max_size=20), st.sampled_from(["line", "bar", "area"]))
def test_every_mark_is_inside_the_picture(values: list[float], kind: str) -> None:
    """Whatever the values are, no point or bar leaves the view box."""
    made = lay_out(gallery.chart(kind, "any", gallery.series("one", *values))["chart"])
    for mark in made.series[0].marks:
        assert 0 <= mark.x <= mark.x + mark.width <= WIDTH
        assert 0 <= mark.y <= mark.y + mark.height <= HEIGHT


def test_a_bar_means_its_value() -> None:
    """Bars start at zero: twice the value is twice the height, and a loss hangs below."""
    two, one, loss = lay_out(gallery.chart("bar", "b", gallery.series("s", 2, 1, -1))["chart"]).series[0].marks
    assert two.height == pytest.approx(2 * one.height, abs=0.1)
    assert loss.y == pytest.approx(one.y + one.height, abs=0.1)


def test_higher_is_higher() -> None:
    """A line rises with its values, and has a point for each category in order."""
    made = lay_out(gallery.chart("line", "l", gallery.series("s", 0.1, 0.2, 0.3))["chart"])
    marks = made.series[0].marks
    assert [mark.y for mark in marks] == sorted((mark.y for mark in marks), reverse=True)
    assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)
    assert [tick.label for tick in made.x_ticks] == ["v9", "v10", "v11"]


def test_slices_share_the_pie() -> None:
    """Each segment says its part of the whole; a single one is a full circle."""
    made = lay_out(gallery.pie("p", a=3, b=1)["chart"])
    assert [(each.name, each.share, each.marks[0].value) for each in made.series] == [
        ("a", "75%", "3"),
        ("b", "25%", "1"),
    ]
    assert " 1 1 " in made.series[0].marks[0].path  # more than half: the long way round
    assert lay_out(gallery.pie("p", a=3)["chart"]).series[0].share == "100%"


@pytest.mark.parametrize(("value", "shown"), [(0.83, "0.83"), (12_040, "12,040"), (0.0, "0"), (1234.56, "1,234.6")])
def test_numbers_are_brief(value: float, shown: str) -> None:
    """Thousands are parted, decimals kept as far as they matter."""
    assert show_number(value) == shown
