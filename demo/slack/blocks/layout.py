"""The plain blocks of messages and views."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.elements import Button, FeedbackButtons, IconButton, Image, Overflow, Picture, WorkflowButton
from demo.slack.blocks.inputs import DateTimePicker, FileInput, Picker, RichTextInput, TextInput
from demo.slack.blocks.menus import Checkboxes, MultiSelect, RadioButtons, Select
from demo.slack.blocks.parts import Id, Label, Mrkdwn, Part, PlainText, Text, address, at_most, length, refuse


class Block(Part):
    """What every block has."""

    block_id: Id | None = None


_Menu = Select | MultiSelect | RadioButtons | Checkboxes
_Everywhere = Button | WorkflowButton | Overflow | _Menu | Picker
Accessory = Annotated[_Everywhere | Image, Field(discriminator="type")]
ActionElement = Annotated[_Everywhere | DateTimePicker | RichTextInput, Field(discriminator="type")]
InputElement = Annotated[
    TextInput | _Menu | Picker | DateTimePicker | RichTextInput | FileInput, Field(discriminator="type")
]


class Header(Block):
    """A title."""

    type: Literal["header"]
    text: Annotated[PlainText, at_most(limits.HEADER)]
    level: Annotated[int, Field(ge=1, le=4)] | None = None


class Section(Block):
    """Text, or fields in two columns, with an element beside them."""

    type: Literal["section"]
    text: Text | None = None
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
            raise refuse("missing required field: text")
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


class ContextActions(Block):
    """Small buttons below an answer."""

    type: Literal["context_actions"]
    elements: Annotated[
        list[Annotated[FeedbackButtons | IconButton, Field(discriminator="type")]],
        Field(min_length=1, max_length=limits.CONTEXT_ACTIONS),
    ]


class ImageBlock(Block, Picture):
    """A picture."""

    title: Label | None = None


class Markdown(Block):
    """Standard Markdown."""

    type: Literal["markdown"]
    text: Annotated[str, length(limits.MARKDOWN_CHARACTERS)]


class Alert(Block):
    """A coloured notice."""

    type: Literal["alert"]
    text: Annotated[Text, at_most(limits.ALERT)]
    level: Literal["default", "info", "warning", "error", "success"] | None = None


class InputBlock(Block):
    """A labelled input."""

    type: Literal["input"]
    label: Label
    element: InputElement
    hint: Label | None = None
    optional: bool | None = None
    dispatch_action: bool | None = None


class File(Block):
    """A remote file, which the app has told Slack of before."""

    type: Literal["file"]
    external_id: Annotated[str, length(limits.ID)]
    source: Literal["remote"]


class Video(Block):
    """A player of a video elsewhere."""

    type: Literal["video"]
    video_url: Annotated[str, address("https://")]
    thumbnail_url: Annotated[str, address("https?://")]
    alt_text: Annotated[str, length(limits.ALT_TEXT, least=0)]
    title: Annotated[PlainText, at_most(limits.VIDEO_TITLE)]
    title_url: Annotated[str, address("https://", limits.VIDEO_LINK)] | None = None
    author_name: Annotated[str, length(limits.VIDEO_NAME)] | None = None
    provider_name: Annotated[str, length(limits.VIDEO_NAME)] | None = None
    provider_icon_url: Annotated[str, address("https?://", limits.VIDEO_LINK)] | None = None
    description: Annotated[PlainText, at_most(limits.VIDEO_TITLE)] | None = None
