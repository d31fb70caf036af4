"""The page for people: what Slack's client would show, and what people do there."""

from demo.slack.page.routes import Page

__all__ = ["Page"]
