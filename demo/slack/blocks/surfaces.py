"""Blocks that hold others, and which blocks stand where: in messages, in modals, on home tabs."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from demo.slack import limits
from demo.slack.blocks.charts import DataVisualization
from demo.slack.blocks.elements import Button, Image
from demo.slack.blocks.layout import (
    Actions,
    Alert,
    Block,
    Context,
    ContextActions,
    Divider,
    File,
    Header,
    ImageBlock,
    InputBlock,
    Markdown,
    Section,
    Video,
)
from demo.slack.blocks.parts import Part, PlainText, Text, at_most, length, refuse
from demo.slack.blocks.rich_text import RichText
from demo.slack.blocks.tables import DataTable, Table
from demo.slack.blocks.tasks import Plan, TaskCard

Surface = Literal["message", "home", "modal"]


class SlackIcon(Part):
    """One of Slack's own icons, by its name."""

    type: Literal["icon"]
    name: Annotated[str, length(limits.ID)]


class Card(Block):
    """A picture, a few lines and up to three buttons."""

    type: Literal["card"]
    hero_image: Image | None = None
    icon: Image | None = None
    slack_icon: SlackIcon | None = None
    title: Annotated[Text, at_most(limits.CARD_TITLE)] | None = None
    subtitle: Annotated[Text, at_most(limits.CARD_TITLE)] | None = None
    body: Annotated[Text, at_most(limits.CARD_BODY)] | None = None
    subtext: Annotated[Text, at_most(limits.CARD_BODY)] | None = None
    actions: Annotated[list[Button], Field(min_length=1, max_length=limits.CARD_BUTTONS)] | None = None

    @model_validator(mode="after")
    def _shows_something(self) -> "Card":
        if not any((self.hero_image, self.title, self.actions, self.body)):
            raise refuse("missing required field: title")
        if self.icon and self.slack_icon:
            raise refuse("must define either `icon` or `slack_icon`, not both")
        return self


class Carousel(Block):
    """Cards side by side."""

    type: Literal["carousel"]
    elements: Annotated[list[Card], Field(min_length=1, max_length=limits.CAROUSEL)]


_Child = Annotated[
    Actions | Context | Divider | Header | ImageBlock | Section | Table | Video, Field(discriminator="type")
]


class Container(Block):
    """Other blocks below one title, which may be folded away."""

    type: Literal["container"]
    title: Annotated[PlainText, at_most(limits.CARD_TITLE)] | None = None
    rich_text_title: RichText | None = None
    subtitle: Annotated[Text, at_most(limits.CARD_TITLE)] | None = None
    child_blocks: Annotated[list[_Child], Field(min_length=1, max_length=limits.CONTAINER)]
    width: Literal["narrow", "standard", "wide", "full"] | None = None
    icon: Image | None = None
    is_collapsible: bool | None = None
    default_collapsed: bool | None = None
    has_header_divider: bool | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Container":
        if self.title is None and self.rich_text_title is None:
            raise refuse("missing required field: title")
        if self.default_collapsed and not self.is_collapsible:
            raise refuse("must define `is_collapsible` to use `default_collapsed`")
        if self.has_header_divider and self.is_collapsible:
            raise refuse("must define either `is_collapsible` or `has_header_divider`, not both")
        return self


_Anywhere = Actions | Card | Context | Divider | Header | ImageBlock | InputBlock | RichText | Section | Video
_OnPages = _Anywhere | Carousel | Container | DataTable | Table
MessageBlock = Annotated[
    _OnPages | ContextActions | DataVisualization | File | Markdown | Plan | TaskCard, Field(discriminator="type")
]
HomeBlock = Annotated[_OnPages, Field(discriminator="type")]
ModalBlock = Annotated[_Anywhere | Alert, Field(discriminator="type")]

BLOCKS: dict[Surface, TypeAdapter[Any]] = {
    "message": TypeAdapter(list[MessageBlock]),
    "home": TypeAdapter(list[HomeBlock]),
    "modal": TypeAdapter(list[ModalBlock]),
}

_Title = Annotated[PlainText, at_most(limits.VIEW_TITLE)]


class View(Part):
    """What modals and home tabs share; their blocks are checked apart, as a list."""

    blocks: list[Any]
    private_metadata: Annotated[str, length(limits.VIEW_METADATA, least=0)] | None = None
    callback_id: Annotated[str, length(limits.ID, least=0)] | None = None
    external_id: Annotated[str, length(limits.ID, least=0)] | None = None


class Home(View):
    """A home tab: it has neither a title nor buttons of its own."""

    type: Literal["home"]


class Modal(View):
    """A modal. It needs a `submit` where it has an input."""

    type: Literal["modal"]
    title: _Title
    submit: _Title | None = None
    close: _Title | None = None
    clear_on_close: bool | None = None
    notify_on_close: bool | None = None


VIEW: TypeAdapter[Modal | Home] = TypeAdapter(Annotated[Modal | Home, Field(discriminator="type")])
