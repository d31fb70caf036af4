"""The blocks of messages and views."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from demo.slack import limits
from demo.slack.blocks.elements import Accessory, ActionElement, AltText, Image, InputElement
from demo.slack.blocks.parts import Id, Label, Mrkdwn, Part, PlainText, Text, Url, at_most
from demo.slack.blocks.rich_text import RichText


class Block(Part):
    """What every block has."""

    block_id: Id | None = None


class Header(Block):
    """A title."""

    type: Literal["header"]
    text: Annotated[PlainText, at_most(limits.HEADER)]
    level: Annotated[int, Field(ge=1, le=4)] | None = None


class Section(Block):
    """Text, or fields in two columns, with an element beside them."""

    type: Literal["section"]
    text: Annotated[Text, at_most(limits.SECTION_TEXT)] | None = None
    fields: (
        Annotated[
            list[Annotated[Text, at_most(limits.SECTION_FIELD)]],
            Field(min_length=1, max_length=limits.SECTION_FIELDS),
        ]
        | None
    ) = None
    accessory: Accessory | None = None
    expand: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Section":
        if self.text is None and self.fields is None:
            raise ValueError("missing required field: text")
        return self


class Divider(Block):
    """A line."""

    type: Literal["divider"]


class Context(Block):
    """Small print."""

    type: Literal["context"]
    elements: Annotated[
        list[Annotated[PlainText | Mrkdwn | Image, Field(discriminator="type")]],
        Field(min_length=1, max_length=limits.CONTEXT),
    ]


class Actions(Block):
    """Buttons and menus."""

    type: Literal["actions"]
    elements: Annotated[list[ActionElement], Field(min_length=1, max_length=limits.ACTIONS)]


class ImageBlock(Block):
    """A picture."""

    type: Literal["image"]
    image_url: Url
    alt_text: AltText
    title: Label | None = None


class Source(Part):
    """A page that a task refers to."""

    type: Literal["url"]
    url: Url
    text: str


class _Task(Block):
    type: Literal["task_card"]
    task_id: Annotated[str, StringConstraints(min_length=1)]
    title: Annotated[str, StringConstraints(min_length=1)]
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
    title: Annotated[str, StringConstraints(min_length=1)]
    tasks: list[PlanTask] | None = None


class RawText(Part):
    """A cell of text."""

    type: Literal["raw_text"]
    text: Annotated[str, StringConstraints(min_length=1)]


class RawNumber(Part):
    """A cell with a number and how to show it."""

    type: Literal["raw_number"]
    value: float
    text: Annotated[str, StringConstraints(min_length=1)]


class ColumnSettings(Part):
    """How a table's column is set."""

    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Cell = Annotated[RawText | RawNumber | RichText, Field(discriminator="type")]


class Table(Block):
    """Rows of cells; the first row is the heading."""

    type: Literal["table"]
    rows: Annotated[
        list[Annotated[list[Cell], Field(min_length=1, max_length=limits.TABLE_COLUMNS)]],
        Field(min_length=1, max_length=limits.TABLE_ROWS),
    ]
    column_settings: Annotated[list[ColumnSettings | None], Field(max_length=limits.TABLE_COLUMNS)] | None = None


class Markdown(Block):
    """Standard Markdown."""

    type: Literal["markdown"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=limits.MARKDOWN_CHARACTERS)]


class Alert(Block):
    """A coloured notice."""

    type: Literal["alert"]
    text: Annotated[Text, at_most(limits.ALERT)]
    level: Literal["default", "info", "warning", "error", "success"] | None = None


class InputBlock(Block):
    """A labelled input of a view."""

    type: Literal["input"]
    label: Label
    element: InputElement
    hint: Label | None = None
    optional: bool | None = None
    dispatch_action: bool | None = None


_Everywhere = Header | Section | Divider | Context | Actions | ImageBlock | RichText | Table | Markdown
MessageBlock = Annotated[_Everywhere | Plan | TaskCard, Field(discriminator="type")]
HomeBlock = Annotated[_Everywhere | InputBlock, Field(discriminator="type")]
ModalBlock = Annotated[
    Header | Section | Divider | Context | Actions | ImageBlock | RichText | Markdown | Alert | InputBlock,
    Field(discriminator="type"),
]
