"""The Web API: one module for each family of methods, and a table of them all."""

from demo.slack.api.methods import METHODS, Method
from demo.slack.api.server import WebApi

__all__ = ["METHODS", "Method", "WebApi"]
