"""Buttons and images."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.parts import (
    Confirm,
    Id,
    OverflowOption,
    Part,
    PlainText,
    SlackFile,
    Style,
    Url,
    WebUrl,
    at_most,
    exactly_one,
    length,
)

ButtonText = Annotated[PlainText, at_most(limits.BUTTON_TEXT)]
ButtonValue = Annotated[str, length(limits.BUTTON_VALUE, least=0)]
Spoken = Annotated[str, length(limits.BUTTON_TEXT)]  # what a screen reader says in place of a label


class Picture(Part):
    """What image blocks and elements share: an address or a file in Slack, and a text in its place."""

    type: Literal["image"]
    image_url: WebUrl | None = None
    slack_file: SlackFile | None = None
    alt_text: Annotated[str, length(limits.ALT_TEXT)]

    @model_validator(mode="after")
    def _has_one_source(self) -> "Picture":
        exactly_one(self, "image_url", "slack_file")
        return self


class Image(Picture):
    """A small picture beside text."""


class Actionable(Part):
    """What every interactive element has."""

    action_id: Id | None = None


class Interactive(Actionable):
    """An element that may ask again before its action."""

    confirm: Confirm | None = None


class Button(Interactive):
    """A button; with a `url` it opens that page too."""

    type: Literal["button"]
    text: ButtonText
    url: Url | None = None
    value: ButtonValue | None = None
    style: Style | None = None
    accessibility_label: Spoken | None = None


class Overflow(Interactive):
    """The three dots with a few more actions."""

    type: Literal["overflow"]
    options: Annotated[list[OverflowOption], Field(min_length=1, max_length=limits.OVERFLOW_OPTIONS)]


class InputParameter(Part):
    """A value that a workflow starts with."""

    name: Annotated[str, length(limits.ID)]
    value: str


class Trigger(Part):
    """The link that starts a workflow."""

    url: WebUrl
    customizable_input_parameters: list[InputParameter] | None = None


class Workflow(Part):
    """What a workflow button starts."""

    trigger: Trigger


class WorkflowButton(Part):
    """A button that starts a workflow; its `action_id` is required."""

    type: Literal["workflow_button"]
    action_id: Id
    text: ButtonText
    workflow: Workflow
    style: Style | None = None
    accessibility_label: Spoken | None = None
    confirm: Confirm | None = None


class FeedbackButton(Part):
    """Thumbs up, or thumbs down."""

    text: ButtonText
    value: Annotated[str, length(limits.BUTTON_VALUE)]
    accessibility_label: Spoken | None = None


class FeedbackButtons(Actionable):
    """A pair of buttons that judge an answer."""

    type: Literal["feedback_buttons"]
    positive_button: FeedbackButton
    negative_button: FeedbackButton


class IconButton(Interactive):
    """A button that shows an icon, to everybody or to a few people."""

    type: Literal["icon_button"]
    icon: Annotated[str, length(limits.ID)]
    text: ButtonText
    value: ButtonValue | None = None
    accessibility_label: Spoken | None = None
    visible_to_user_ids: Annotated[list[str], Field(max_length=limits.ICON_BUTTON_USERS)] | None = None
