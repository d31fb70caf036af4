"""Elements into which people type, or with which they pick a day or a time."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from demo.slack import limits
from demo.slack.blocks.elements import Actionable, Interactive
from demo.slack.blocks.parts import DispatchActionConfig, Placeholder, refuse
from demo.slack.blocks.rich_text import RichText


def _day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as exc:
        raise refuse("must be a date as YYYY-MM-DD") from exc
    return value


def _time_of_day(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError as exc:
        raise refuse("must be a time as HH:mm") from exc
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as exc:  # unknown, malformed, or the name of a folder of zones
        raise refuse("must be a time zone of the IANA database") from exc
    return value


def _number(value: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        raise refuse("must be a number")
    return value


_Number = Annotated[str, AfterValidator(_number)]


class _Field(Interactive):
    focus_on_load: bool | None = None
    placeholder: Placeholder | None = None


class DatePicker(_Field):
    """A day."""

    type: Literal["datepicker"]
    initial_date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)] | None = None


class TimePicker(_Field):
    """A time of day."""

    type: Literal["timepicker"]
    initial_time: Annotated[str, StringConstraints(pattern=r"^\d\d:\d\d$"), AfterValidator(_time_of_day)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] | None = None


class DateTimePicker(Interactive):
    """A moment, in whole seconds since 1970, of ten digits."""

    type: Literal["datetimepicker"]
    initial_date_time: Annotated[int, Field(ge=10**9, lt=10**10)] | None = None
    focus_on_load: bool | None = None


class _Typed(Actionable):
    focus_on_load: bool | None = None
    placeholder: Placeholder | None = None
    dispatch_action_config: DispatchActionConfig | None = None


class PlainTextInput(_Typed):
    """A line or a paragraph of text."""

    type: Literal["plain_text_input"]
    initial_value: Annotated[str, StringConstraints(max_length=limits.INPUT_TEXT)] | None = None
    multiline: bool | None = None
    min_length: Annotated[int, Field(ge=0, le=limits.INPUT_TEXT)] | None = None
    max_length: Annotated[int, Field(ge=1, le=limits.INPUT_TEXT)] | None = None

    @model_validator(mode="after")
    def _least_comes_before_most(self) -> "PlainTextInput":
        _ordered(self.min_length, self.max_length, "min_length", "max_length")
        return self


class NumberInput(_Typed):
    """A number, given as text."""

    type: Literal["number_input"]
    is_decimal_allowed: bool
    initial_value: _Number | None = None
    min_value: _Number | None = None
    max_value: _Number | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "NumberInput":
        least, most, start = _decimal(self.min_value), _decimal(self.max_value), _decimal(self.initial_value)
        _ordered(least, most, "min_value", "max_value")
        _ordered(least, start, "min_value", "initial_value")
        _ordered(start, most, "initial_value", "max_value")
        if start is not None and not self.is_decimal_allowed and start % 1:
            raise refuse("must be a whole number", "/initial_value")
        return self


class EmailInput(_Typed):
    """An e-mail address."""

    type: Literal["email_text_input"]
    initial_value: str | None = None


class UrlInput(_Typed):
    """A web address."""

    type: Literal["url_text_input"]
    initial_value: str | None = None


class RichTextInput(_Typed):
    """Formatted text; lines say how much room it has."""

    type: Literal["rich_text_input"]
    initial_value: RichText | None = None
    min_lines: Annotated[int, Field(ge=1, le=limits.INPUT_LINES)] | None = None
    max_lines: Annotated[int, Field(ge=1, le=limits.INPUT_LINES)] | None = None


class FileInput(Actionable):
    """Files that a person uploads."""

    type: Literal["file_input"]
    filetypes: Annotated[list[str], Field(min_length=1)] | None = None
    max_files: Annotated[int, Field(ge=1, le=limits.INPUT_FILES)] | None = None


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _ordered(low: Decimal | int | None, high: Decimal | int | None, lower: str, upper: str) -> None:
    if low is not None and high is not None and low > high:
        raise refuse(f"`{lower}` must not be greater than `{upper}`", f"/{lower}")


TextInput = PlainTextInput | NumberInput | EmailInput | UrlInput
Picker = DatePicker | TimePicker
