"""Tables: the plain one, and the one with pages."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.layout import Block
from demo.slack.blocks.parts import Part, length, refuse
from demo.slack.blocks.rich_text import RichText


class RawText(Part):
    """A cell of text."""

    type: Literal["raw_text"]
    text: Annotated[str, length(limits.DATA_TABLE_CHARACTERS)]


class RawNumber(Part):
    """A cell with a number and how to show it."""

    type: Literal["raw_number"]
    value: float
    text: Annotated[str, length(limits.DATA_TABLE_CHARACTERS)]


class ColumnSettings(Part):
    """How a table's column is set."""

    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Cell = Annotated[RawText | RawNumber | RichText, Field(discriminator="type")]
Row = Annotated[list[Cell], Field(min_length=1, max_length=limits.TABLE_COLUMNS)]


class Table(Block):
    """Rows of cells; the first row is the heading."""

    type: Literal["table"]
    rows: Annotated[list[Row], Field(min_length=1, max_length=limits.TABLE_ROWS)]
    column_settings: Annotated[list[ColumnSettings | None], Field(max_length=limits.TABLE_COLUMNS)] | None = None


class DataTable(Block):
    """A table that people can sort and leaf through; the first row is the heading, `page_size` in rows."""

    type: Literal["data_table"]
    caption: Annotated[str, length(limits.DATA_TABLE_CHARACTERS)]
    rows: Annotated[list[Row], Field(min_length=2, max_length=limits.DATA_TABLE_ROWS)]
    page_size: Annotated[int, Field(ge=1, le=limits.DATA_TABLE_PAGE)] | None = None
    row_header_column_index: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_a_rectangle(self) -> "DataTable":
        width = len(self.rows[0])
        for index, row in enumerate(self.rows):
            if len(row) != width:
                raise refuse("all rows must have the same number of cells", f"/rows/{index}")
        for index, cell in enumerate(self.rows[0]):
            if cell.type == "rich_text":
                raise refuse("unsupported type: rich_text", f"/rows/0/{index}/type")
        if (self.row_header_column_index or 0) >= width:
            raise refuse(f"must be less than {width}", "/row_header_column_index")
        return self
