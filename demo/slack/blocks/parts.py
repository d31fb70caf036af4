"""What blocks are made of: texts, options, confirmation dialogs."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from demo.slack import limits


class Part(BaseModel):
    """Any object of Block Kit: a key that Slack does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class PlainText(Part):
    """Text without formatting."""

    type: Literal["plain_text"]
    text: Annotated[str, StringConstraints(min_length=1)]
    emoji: bool | None = None


class Mrkdwn(Part):
    """Text in Slack's mrkdwn."""

    type: Literal["mrkdwn"]
    text: Annotated[str, StringConstraints(min_length=1)]
    verbatim: bool | None = None


Text = Annotated[PlainText | Mrkdwn, Field(discriminator="type")]


def at_most(characters: int) -> AfterValidator:
    """A text object may hold at most that many characters."""

    def check(value: PlainText | Mrkdwn) -> PlainText | Mrkdwn:
        if len(value.text) > characters:
            raise ValueError(f"must be less than {characters + 1} characters")
        return value

    return AfterValidator(check)


Id = Annotated[str, StringConstraints(min_length=1, max_length=limits.ID)]
Url = Annotated[str, StringConstraints(max_length=limits.URL)]
Label = Annotated[PlainText, at_most(limits.LABEL)]
Placeholder = Annotated[PlainText, at_most(limits.PLACEHOLDER)]


class Confirm(Part):
    """The dialog that asks again before an action."""

    title: Annotated[PlainText, at_most(limits.CONFIRM_TITLE)]
    text: Annotated[Text, at_most(limits.CONFIRM_TEXT)]
    confirm: Annotated[PlainText, at_most(limits.CONFIRM_BUTTON)]
    deny: Annotated[PlainText, at_most(limits.CONFIRM_BUTTON)]
    style: Literal["primary", "danger"] | None = None


class Option(Part):
    """One choice of a menu."""

    text: Annotated[Text, at_most(limits.OPTION_TEXT)]
    value: Annotated[str, StringConstraints(min_length=1, max_length=limits.OPTION_VALUE)]
    description: Annotated[Text, at_most(limits.OPTION_TEXT)] | None = None
    url: Url | None = None


class OptionGroup(Part):
    """Choices under a heading."""

    label: Annotated[PlainText, at_most(limits.OPTION_TEXT)]
    options: Annotated[list[Option], Field(min_length=1, max_length=limits.SELECT_OPTIONS)]


class Choices(Part):
    """What static menus share: options, or groups of them, and not both."""

    options: Annotated[list[Option], Field(min_length=1, max_length=limits.SELECT_OPTIONS)] | None = None
    option_groups: Annotated[list[OptionGroup], Field(min_length=1, max_length=limits.SELECT_GROUPS)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Choices":
        if (self.options is None) == (self.option_groups is None):
            raise ValueError("exactly one of options and option_groups is needed")
        return self
