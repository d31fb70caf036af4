"""What blocks are made of: texts, addresses, options, confirmation dialogs."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from demo.slack import limits


class Part(BaseModel):
    """Any object of Block Kit: a key that Slack does not know is an error."""

    model_config = ConfigDict(extra="forbid")


def refuse(reason: str, at: str = "") -> PydanticCustomError:
    """An error in Slack's words; `at` is where in the object that is checked, as a JSON pointer."""
    return PydanticCustomError("slack", "{reason}", {"reason": reason, "at": at})


def _not_blank(value: str) -> str:
    if not value.strip():
        raise refuse("must be more than 0 characters")
    return value


def length(most: int, *, least: int = 1) -> StringConstraints:
    """How many characters a bare string may have."""
    return StringConstraints(min_length=least, max_length=most)


_Shown = Annotated[str, StringConstraints(max_length=limits.TEXT), AfterValidator(_not_blank)]


class PlainText(Part):
    """Text without formatting."""

    type: Literal["plain_text"]
    text: _Shown
    emoji: bool | None = None


class Mrkdwn(Part):
    """Text in Slack's mrkdwn."""

    type: Literal["mrkdwn"]
    text: _Shown
    verbatim: bool | None = None


Text = Annotated[PlainText | Mrkdwn, Field(discriminator="type")]


def at_most(characters: int) -> AfterValidator:
    """A text object may hold at most that many characters."""

    def check(value: PlainText | Mrkdwn) -> PlainText | Mrkdwn:
        if len(value.text) > characters:
            raise refuse(f"must be less than {characters + 1} characters", "/text")
        return value

    return AfterValidator(check)


def address(schemes: str, most: int = limits.URL) -> StringConstraints:
    """What a URL looks like; `schemes` is a regular expression."""
    return StringConstraints(max_length=most, pattern=rf"^(?:{schemes})[^\s<>]+$")


Id = Annotated[str, length(limits.ID)]
Url = Annotated[str, address(r"[A-Za-z][A-Za-z0-9+.-]*:")]
WebUrl = Annotated[str, address(r"https?://")]
Label = Annotated[PlainText, at_most(limits.LABEL)]
Placeholder = Annotated[PlainText, at_most(limits.PLACEHOLDER)]
Style = Literal["primary", "danger"]


class Confirm(Part):
    """The dialog that asks again before an action."""

    title: Annotated[PlainText, at_most(limits.CONFIRM_TITLE)]
    text: Annotated[Text, at_most(limits.CONFIRM_TEXT)]
    confirm: Annotated[PlainText, at_most(limits.CONFIRM_BUTTON)]
    deny: Annotated[PlainText, at_most(limits.CONFIRM_BUTTON)]
    style: Style | None = None


class _Choice(Part):
    value: Annotated[str, length(limits.OPTION_VALUE)]


class Option(_Choice):
    """One choice of a menu, in plain text."""

    text: Annotated[PlainText, at_most(limits.OPTION_TEXT)]
    description: Annotated[PlainText, at_most(limits.OPTION_TEXT)] | None = None


class OverflowOption(Option):
    """One choice of an overflow menu; with a `url` it opens that page too."""

    url: Url | None = None


class MarkedOption(_Choice):
    """One choice of checkboxes and radio buttons, which may have formatting."""

    text: Annotated[Text, at_most(limits.OPTION_TEXT)]
    description: Annotated[Text, at_most(limits.OPTION_TEXT)] | None = None


class OptionGroup(Part):
    """Choices under a heading."""

    label: Annotated[PlainText, at_most(limits.OPTION_TEXT)]
    options: Annotated[list[Option], Field(min_length=1, max_length=limits.SELECT_OPTIONS)]


class DispatchActionConfig(Part):
    """When a text input tells of what is typed."""

    trigger_actions_on: Annotated[
        list[Literal["on_enter_pressed", "on_character_entered"]], Field(min_length=1, max_length=2)
    ]


class ConversationFilter(Part):
    """Which conversations a menu offers; one criterion at least."""

    include: Annotated[list[Literal["im", "mpim", "private", "public"]], Field(min_length=1)] | None = None
    exclude_external_shared_channels: bool | None = None
    exclude_bot_users: bool | None = None

    @model_validator(mode="after")
    def _filters_something(self) -> "ConversationFilter":
        if not self.model_fields_set:
            raise refuse("missing required field: include")
        return self


class SlackFile(Part):
    """A file in Slack, by its id or its address."""

    id: Annotated[str, StringConstraints(pattern=r"^F[A-Z0-9]{8,}$")] | None = None
    url: WebUrl | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "SlackFile":
        exactly_one(self, "id", "url")
        return self


def exactly_one(part: Part, *names: str) -> None:
    """Refuse an object that has none of these keys, or more than one."""
    given = [name for name in names if getattr(part, name) is not None]
    if not given:
        raise refuse(f"missing required field: {names[0]}")
    if len(given) > 1:
        raise refuse(f"must define either {' or '.join(f'`{name}`' for name in names)}, not both")
