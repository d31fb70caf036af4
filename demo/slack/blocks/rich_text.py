"""Rich text: sections, lists, quotes and preformatted text."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from demo.slack import limits
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
    url: Url | None = None


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


class RichTeam(_Styled):
    """A mention of a workspace."""

    type: Literal["team"]
    team_id: str


class RichColor(_Styled):
    """A colour, as `#` and six hexadecimal digits."""

    type: Literal["color"]
    value: str


class RichDate(_Styled):
    """A moment, shown in the reader's zone; `timestamp` in seconds since 1970."""

    type: Literal["date"]
    timestamp: int
    format: str
    url: Url | None = None
    fallback: str | None = None


_Border = Annotated[int, Field(ge=0, le=1)]
RichElement = Annotated[
    RichPlain
    | RichLink
    | RichEmoji
    | RichUser
    | RichChannel
    | RichGroup
    | RichTeam
    | RichBroadcast
    | RichColor
    | RichDate,
    Field(discriminator="type"),
]


class RichSection(Part):
    """A paragraph."""

    type: Literal["rich_text_section"]
    elements: list[RichElement]


class RichPreformatted(Part):
    """A block of code or of a log: runs of text and links only."""

    type: Literal["rich_text_preformatted"]
    elements: list[Annotated[RichPlain | RichLink, Field(discriminator="type")]]
    border: _Border | None = None
    language: str | None = None


class RichQuote(Part):
    """A quotation."""

    type: Literal["rich_text_quote"]
    elements: list[RichElement]
    border: _Border | None = None


class RichList(Part):
    """A list whose items are sections."""

    type: Literal["rich_text_list"]
    style: Literal["bullet", "ordered"]
    elements: list[RichSection]
    indent: Annotated[int, Field(ge=0, le=limits.RICH_TEXT_INDENT)] | None = None
    offset: Annotated[int, Field(ge=0)] | None = None
    border: _Border | None = None


class RichText(Part):
    """Formatted text as a tree, with no markup to escape."""

    type: Literal["rich_text"]
    elements: Annotated[
        list[Annotated[RichSection | RichPreformatted | RichQuote | RichList, Field(discriminator="type")]],
        Field(min_length=1),
    ]
    block_id: Id | None = None
