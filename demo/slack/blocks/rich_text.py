"""Rich text: sections, lists, quotes and preformatted text."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from demo.slack.blocks.parts import Id, Part, Url


class Style(Part):
    """How a run of text looks."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    code: bool | None = None
    underline: bool | None = None


class _Styled(Part):
    style: Style | None = None


class RichPlain(_Styled):
    """A run of text."""

    type: Literal["text"]
    text: Annotated[str, StringConstraints(min_length=1)]


class RichLink(_Styled):
    """A link."""

    type: Literal["link"]
    url: Url
    text: str | None = None
    unsafe: bool | None = None


class RichEmoji(_Styled):
    """An emoji by its short name, without colons."""

    type: Literal["emoji"]
    name: str
    unicode: str | None = None


class RichUser(_Styled):
    """A mention of a person."""

    type: Literal["user"]
    user_id: str


class RichChannel(_Styled):
    """A link to a channel."""

    type: Literal["channel"]
    channel_id: str


class RichGroup(_Styled):
    """A mention of a user group."""

    type: Literal["usergroup"]
    usergroup_id: str


class RichBroadcast(_Styled):
    """@here, @channel or @everyone."""

    type: Literal["broadcast"]
    range: Literal["here", "channel", "everyone"]


class RichDate(_Styled):
    """A moment, shown in the reader's zone; `timestamp` in seconds since 1970."""

    type: Literal["date"]
    timestamp: int
    format: str
    url: Url | None = None
    fallback: str | None = None


RichElement = Annotated[
    RichPlain | RichLink | RichEmoji | RichUser | RichChannel | RichGroup | RichBroadcast | RichDate,
    Field(discriminator="type"),
]


class RichSection(Part):
    """A paragraph."""

    type: Literal["rich_text_section"]
    elements: list[RichElement]


class RichPreformatted(Part):
    """A block of code or of a log."""

    type: Literal["rich_text_preformatted"]
    elements: list[RichElement]
    border: int | None = None
    language: str | None = None


class RichQuote(Part):
    """A quotation."""

    type: Literal["rich_text_quote"]
    elements: list[RichElement]
    border: int | None = None


class RichList(Part):
    """A list whose items are sections."""

    type: Literal["rich_text_list"]
    style: Literal["bullet", "ordered"]
    elements: list[RichSection]
    indent: int | None = None
    offset: int | None = None
    border: int | None = None


class RichText(Part):
    """Formatted text as a tree, with no markup to escape."""

    type: Literal["rich_text"]
    elements: list[Annotated[RichSection | RichPreformatted | RichQuote | RichList, Field(discriminator="type")]]
    block_id: Id | None = None
