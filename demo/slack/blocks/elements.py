"""Interactive elements and images."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from demo.slack import limits
from demo.slack.blocks.parts import Choices, Confirm, Id, Option, Part, Placeholder, PlainText, Url, at_most

AltText = Annotated[str, StringConstraints(min_length=1, max_length=limits.ALT_TEXT)]


class Image(Part):
    """A small picture beside text."""

    type: Literal["image"]
    image_url: Url
    alt_text: AltText


class Interactive(Part):
    """What every interactive element has."""

    action_id: Id | None = None
    confirm: Confirm | None = None


class Button(Interactive):
    """A button; with a `url` it opens that page too."""

    type: Literal["button"]
    text: Annotated[PlainText, at_most(limits.BUTTON_TEXT)]
    url: Url | None = None
    value: Annotated[str, StringConstraints(max_length=limits.BUTTON_VALUE)] | None = None
    style: Literal["primary", "danger"] | None = None
    accessibility_label: Annotated[str, StringConstraints(max_length=limits.BUTTON_TEXT)] | None = None


class Overflow(Interactive):
    """The three dots with a few more actions."""

    type: Literal["overflow"]
    options: Annotated[list[Option], Field(min_length=1, max_length=limits.OVERFLOW_OPTIONS)]


class Input(Interactive):
    """What elements have that hold a value."""

    focus_on_load: bool | None = None


class _Prompted(Input):
    placeholder: Placeholder | None = None


class StaticSelect(_Prompted, Choices):
    """One of some options."""

    type: Literal["static_select"]
    initial_option: Option | None = None


class MultiStaticSelect(_Prompted, Choices):
    """Several of some options."""

    type: Literal["multi_static_select"]
    initial_options: list[Option] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None


class UsersSelect(_Prompted):
    """One person."""

    type: Literal["users_select"]
    initial_user: str | None = None


class DatePicker(_Prompted):
    """A day."""

    type: Literal["datepicker"]
    initial_date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None


class TimePicker(_Prompted):
    """A time of day."""

    type: Literal["timepicker"]
    initial_time: Annotated[str, StringConstraints(pattern=r"^\d\d:\d\d$")] | None = None
    timezone: str | None = None


class RadioButtons(Input):
    """One of at most ten options, all in sight."""

    type: Literal["radio_buttons"]
    options: Annotated[list[Option], Field(min_length=1, max_length=limits.CHOICES)]
    initial_option: Option | None = None


class Checkboxes(Input):
    """Any of at most ten options."""

    type: Literal["checkboxes"]
    options: Annotated[list[Option], Field(min_length=1, max_length=limits.CHOICES)]
    initial_options: list[Option] | None = None


class PlainTextInput(_Prompted):
    """A line or a paragraph of text."""

    type: Literal["plain_text_input"]
    initial_value: Annotated[str, StringConstraints(max_length=limits.INPUT_TEXT)] | None = None
    multiline: bool | None = None
    min_length: Annotated[int, Field(ge=0, le=limits.INPUT_TEXT)] | None = None
    max_length: Annotated[int, Field(ge=1, le=limits.INPUT_TEXT)] | None = None


class NumberInput(_Prompted):
    """A number, given as text."""

    type: Literal["number_input"]
    is_decimal_allowed: bool
    initial_value: str | None = None
    min_value: str | None = None
    max_value: str | None = None


Menu = Overflow | StaticSelect | UsersSelect | DatePicker | TimePicker | RadioButtons | Checkboxes
ActionElement = Annotated[Button | Menu, Field(discriminator="type")]
Accessory = Annotated[Button | Image | MultiStaticSelect | Menu, Field(discriminator="type")]
InputElement = Annotated[
    PlainTextInput
    | NumberInput
    | StaticSelect
    | MultiStaticSelect
    | UsersSelect
    | DatePicker
    | TimePicker
    | RadioButtons
    | Checkboxes,
    Field(discriminator="type"),
]
