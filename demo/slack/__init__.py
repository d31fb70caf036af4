"""A stand-in Slack: its Web API, Socket Mode and a page for people, on one loopback port.

slack_sdk and Bolt reach it unchanged: point `SLACK_API_URL` at `StandIn.api_url`.
"""

from demo.slack.standin import StandIn

__all__ = ["StandIn"]
