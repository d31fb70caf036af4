"""The one generic DAG file, rendered from its template: constants of the installation, and nothing of any schedule."""

from __future__ import annotations

from functools import cache
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.domain import Scheduled
from bot.messages.templating import TEMPLATES
from bot.scheduling.spec import ID

TAG = "stationmaster-schedule"  # of every schedule's DAG; the catalogue's own tag would make models of them
_REVISION = "revision:"  # the beginning of the tag that says which revision of the spec Airflow has read
_BROKEN = "broken"  # the tag of what stands in for a spec that can't be read
_RUN_ID = "{{ run_id }}"  # Airflow fills it in: the schedule's run names the run that it starts


def dag_file(*, prefix: str, store: Literal["folder", "variable"], specs: str) -> str:
    """The file's source. Whatever the arguments hold arrives as a Python literal.

    `specs` is the name of the folder beside the file, or of the Airflow Variable.
    """
    return _template().render(prefix=prefix, store=store, specs=specs, tag=TAG, id_pattern=ID, run_id=_RUN_ID)


@cache
def _template() -> Template:
    """`[[ ]]`, because Airflow owns `{{ }}`; `repr` makes a literal of everything."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "dags"),
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        finalize=repr,
        autoescape=False,  # noqa: S701  # it is Python, and `repr` has its escaping
        keep_trailing_newline=True,
    )
    return environment.get_template("schedules.py.j2")


def specs_name(prefix: str) -> str:
    """What the file, without its ending, and the folder of specs beside it are called."""
    return f"{prefix}_schedules"


def dag_id(prefix: str, spec_id: str) -> str:
    """The id of the DAG that the file makes of a schedule."""
    return f"{prefix}__{spec_id}"


def index_id(prefix: str) -> str:
    """The id of the DAG that the file makes in any case, which never runs: that it is there says that the file is."""
    return f"{prefix}_schedules"


def revision_shown(dag: Scheduled) -> int:
    """Which revision of the schedule this DAG of Airflow's was made of; 0 where it is none of ours."""
    found = (tag.removeprefix(_REVISION) for tag in dag.tags if tag.startswith(_REVISION))
    return next((int(number) for number in found if number.isdecimal()), 0)


def trouble_shown(dag: Scheduled) -> str:
    """Why this DAG of Airflow's won't run, in words; empty where nothing is wrong but that it may be paused."""
    return dag.description.removeprefix("broken: ") if _BROKEN in dag.tags else dag.trouble


def schedule_of(prefix: str, run_id: str) -> str:
    """The id of the schedule that started the run of this id, as the id says; empty where it names none."""
    before, _, rest = run_id.partition("__")
    spec_id, _, parent = rest.partition("__")
    return spec_id if before == prefix and parent else ""
