"""Schedules as the tests need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.scheduling.clock import anchored
from bot.scheduling.spec import ScheduleSpec, Who
from bot.scheduling.when import read_when

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HOSTILE = (
    "{{ 6*7 }}", "{{ var.value.secret }}", "[[ prefix ]]", "{% raw %}", "{# #}", "it's", '"quoted"', "'''", '"""',
    "line\nbreak", "back\\slash", "'); import os; os.system('id') #", '"""\nraise SystemExit\n"""', "\\N{BULLET}",
    "%s %(x)s", "{braces}", "\u202eright to left", "🚂" * 20, "<!channel>", "]]", "\r\n\t", "f'{1/0}'",
)  # fmt: skip


def spec(spec_id: str = "nightly", said: str = "daily at 02:00", **fields: Any) -> ScheduleSpec:
    """A schedule of `delays`, made now by Dana; `fields` change it."""
    dana = Who(id="U0DANA", name="Dana")
    given: dict[str, Any] = {
        "id": spec_id, "model": "delays", "dag_id": "train_delays", "zone": "Europe/Amsterdam", "maker": dana,
        "owner": dana, "created": NOW, "start": NOW, "channel": "C0DELAYS", "conf": {"months": 9},
    } | fields  # fmt: skip
    when = anchored(read_when(said), given["zone"], given["start"])
    return ScheduleSpec(**{"when": when} | given)


words = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
whos = st.builds(Who, id=words.filter(bool), name=words)
hostile_specs = st.builds(
    spec,
    model=words.filter(bool),
    conf=st.dictionaries(words.filter(lambda key: key != "stationmaster"), values, max_size=4),
    compute=st.none() | st.dictionaries(words, values, max_size=3),
    ref=words,
    reason=words,
    channel=words,
    maker=whos,
    owner=whos,
    said=st.sampled_from(["daily at 02:00", "every 2 weeks on friday at 18:00", "0 0 L * *", "hourly"]),
)
