"""Menus, radio buttons and checkboxes: one or several of some options, people, conversations or channels."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.elements import Interactive
from demo.slack.blocks.parts import (
    ConversationFilter,
    MarkedOption,
    Option,
    OptionGroup,
    Part,
    Placeholder,
    exactly_one,
    refuse,
)


class Focusable(Interactive):
    """What elements have that hold a value."""

    focus_on_load: bool | None = None


class Menu(Focusable):
    """What all menus share."""

    placeholder: Placeholder | None = None


class _Several(Menu):
    max_selected_items: Annotated[int, Field(ge=1)] | None = None


class _Offering(Part):
    """Options, or groups of them, and not both."""

    options: Annotated[list[Option], Field(min_length=1, max_length=limits.SELECT_OPTIONS)] | None = None
    option_groups: Annotated[list[OptionGroup], Field(min_length=1, max_length=limits.SELECT_GROUPS)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Offering":
        exactly_one(self, "options", "option_groups")
        return self

    def offered(self) -> list[Option]:
        """All options, grouped or not."""
        return [*(self.options or ()), *(option for group in self.option_groups or () for option in group.options)]


def _among(chosen: Sequence[Part], offered: Sequence[Part], key: str) -> None:
    """Refuse what is chosen from the start and isn't offered, exactly as it is offered."""
    if any(option not in offered for option in chosen):
        raise refuse(f"`{key}` must match an option exactly", f"/{key}")


class StaticSelect(Menu, _Offering):
    """One of some options."""

    type: Literal["static_select"]
    initial_option: Option | None = None

    @model_validator(mode="after")
    def _chosen_is_offered(self) -> "StaticSelect":
        _among([self.initial_option] if self.initial_option else [], self.offered(), "initial_option")
        return self


class MultiStaticSelect(_Several, _Offering):
    """Several of some options."""

    type: Literal["multi_static_select"]
    initial_options: Annotated[list[Option], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _chosen_are_offered(self) -> "MultiStaticSelect":
        _among(self.initial_options or [], self.offered(), "initial_options")
        return self


class _Asking(Part):
    min_query_length: Annotated[int, Field(ge=0)] | None = None


class ExternalSelect(Menu, _Asking):
    """One of the options that the app suggests while someone types."""

    type: Literal["external_select"]
    initial_option: Option | None = None


class MultiExternalSelect(_Several, _Asking):
    """Several of the options that the app suggests while someone types."""

    type: Literal["multi_external_select"]
    initial_options: Annotated[list[Option], Field(min_length=1)] | None = None


class UsersSelect(Menu):
    """One person."""

    type: Literal["users_select"]
    initial_user: str | None = None


class MultiUsersSelect(_Several):
    """Several people."""

    type: Literal["multi_users_select"]
    initial_users: Annotated[list[str], Field(min_length=1)] | None = None


class _Conversations(Part):
    default_to_current_conversation: bool | None = None
    filter: ConversationFilter | None = None


class ConversationsSelect(Menu, _Conversations):
    """One conversation of any kind."""

    type: Literal["conversations_select"]
    initial_conversation: str | None = None
    response_url_enabled: bool | None = None


class MultiConversationsSelect(_Several, _Conversations):
    """Several conversations of any kind."""

    type: Literal["multi_conversations_select"]
    initial_conversations: Annotated[list[str], Field(min_length=1)] | None = None


class ChannelsSelect(Menu):
    """One public channel."""

    type: Literal["channels_select"]
    initial_channel: str | None = None
    response_url_enabled: bool | None = None


class MultiChannelsSelect(_Several):
    """Several public channels."""

    type: Literal["multi_channels_select"]
    initial_channels: Annotated[list[str], Field(min_length=1)] | None = None


_Options = Annotated[list[MarkedOption], Field(min_length=1, max_length=limits.CHOICES)]


class RadioButtons(Focusable):
    """One of at most ten options, all in sight."""

    type: Literal["radio_buttons"]
    options: _Options
    initial_option: MarkedOption | None = None

    @model_validator(mode="after")
    def _chosen_is_offered(self) -> "RadioButtons":
        _among([self.initial_option] if self.initial_option else [], self.options, "initial_option")
        return self


class Checkboxes(Focusable):
    """Any of at most ten options."""

    type: Literal["checkboxes"]
    options: _Options
    initial_options: Annotated[list[MarkedOption], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _chosen_are_offered(self) -> "Checkboxes":
        _among(self.initial_options or [], self.options, "initial_options")
        return self


Select = StaticSelect | ExternalSelect | UsersSelect | ConversationsSelect | ChannelsSelect
MultiSelect = (
    MultiStaticSelect | MultiExternalSelect | MultiUsersSelect | MultiConversationsSelect | MultiChannelsSelect
)
