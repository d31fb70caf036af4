"""What an app is doing: a task, and a plan of several."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.charts import repeated
from demo.slack.blocks.layout import Block
from demo.slack.blocks.parts import Part, WebUrl, length, refuse
from demo.slack.blocks.rich_text import RichText


class Source(Part):
    """A page that a task refers to."""

    type: Literal["url"]
    url: WebUrl
    text: Annotated[str, length(limits.TEXT)]


class _Task(Block):
    type: Literal["task_card"]
    task_id: Annotated[str, length(limits.ID)]
    title: Annotated[str, length(limits.TEXT)]
    details: RichText | None = None
    output: RichText | None = None
    sources: list[Source] | None = None


class TaskCard(_Task):
    """A task by itself: it can not be pending."""

    status: Literal["in_progress", "complete", "error"]


class PlanTask(_Task):
    """A task of a plan."""

    status: Literal["pending", "in_progress", "complete", "error"]


class Plan(Block):
    """Tasks in order; `title` is a bare string."""

    type: Literal["plan"]
    title: Annotated[str, length(limits.TEXT)]
    tasks: Annotated[list[PlanTask], Field(max_length=limits.PLAN_TASKS)]

    @model_validator(mode="after")
    def _tasks_differ(self) -> "Plan":
        for name in repeated([task.task_id for task in self.tasks]):
            raise refuse(f'`task_id` "{name}" already exists', "/tasks")
        return self
