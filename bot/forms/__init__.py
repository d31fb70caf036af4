"""Forms made from a pipeline's parameters: values in, modals out; Slack's state in, JSON values out. Pure."""

from bot.forms.pages import FormPage, PageResult, draft_of, form_page, page_count, read_page, without_defaults
from bot.forms.suggesting import suggestions

__all__ = [
    "FormPage",
    "PageResult",
    "draft_of",
    "form_page",
    "page_count",
    "read_page",
    "suggestions",
    "without_defaults",
]
