"""What pydantic found wrong, in Slack's words: `must be less than 76 characters [json-pointer:/blocks/0/text/text]`."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

_REASONS = {
    "missing": "missing required field: {last}",
    "extra_forbidden": "invalid additional property: {last}",
    "union_tag_invalid": "unsupported type: {tag}",
    "union_tag_not_found": "missing required field: type",
    "string_too_short": "must be more than 0 characters",
    "too_long": "no more than {max_length} items allowed",
    "too_short": "no fewer than {min_length} items allowed",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be no more than {le}",
    "less_than": "must be less than {lt}",
    "string_type": "must provide a string",
    "bool_type": "must provide a boolean",
    "int_type": "must provide an integer",
    "float_type": "must provide a number",
    "list_type": "must provide an array",
    "dict_type": "must provide an object",
    "model_type": "must provide an object",
    "model_attributes_type": "must provide an object",
    "literal_error": "must be a valid enum value",
    "slack": "{reason}",
}


def complaints(model: TypeAdapter[Any], document: str, value: Any, root: str) -> Iterator[str]:
    """What is wrong with `value`, whose JSON is `document` and which stands at the JSON pointer `root`."""
    try:
        model.validate_json(document, strict=True)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            yield complaint(_reason(error), root + _pointer(error, value))


def complaint(reason: str, pointer: str) -> str:
    """One line of `response_metadata.messages`."""
    return f"[ERROR] {reason} [json-pointer:{pointer}]"


def _reason(error: ErrorDetails) -> str:
    if _is_null(error):
        return f"missing required field: {error['loc'][-1]}"
    context = {"last": error["loc"][-1] if error["loc"] else "", **(error.get("ctx") or {})}
    match error["type"]:
        case "string_too_long":
            return f"must be less than {context['max_length'] + 1} characters"
        case "string_pattern_mismatch":
            return "invalid url" if "://" in context["pattern"] or ":)" in context["pattern"] else "invalid format"
        case "literal_error" if context["last"] == "type":
            return f"unsupported type: {error['input']}"
    return _REASONS[error["type"]].format_map(context) if error["type"] in _REASONS else error["msg"]


def _pointer(error: ErrorDetails, value: Any) -> str:
    """The JSON pointer of an error: pydantic's location, without the tags of its unions, which are no keys."""
    here, found, parts = value, "", list(error["loc"])
    if error["type"] == "extra_forbidden" or _is_null(error):
        parts.pop()
    for index, part in enumerate(parts):
        if _leads_on(here, part, last=index == len(parts) - 1):
            here = here[part]
            found += f"/{part}"
    if error["type"] == "union_tag_invalid":
        return f"{found}/type"
    return found + str(error.get("ctx", {}).get("at", ""))


def _is_null(error: ErrorDetails) -> bool:
    """Whether a key has null for a value where something is needed, which is like having no such key."""
    return error["input"] is None and error["type"].endswith("_type") and isinstance(error["loc"][-1], str)


def _leads_on(here: Any, part: int | str, *, last: bool) -> bool:
    """Whether a part of a location is a key here: where more follows, a key of a plain value is a tag instead."""
    if isinstance(here, dict):
        return part in here and (last or isinstance(here[part], dict | list))
    return isinstance(here, list) and isinstance(part, int)
