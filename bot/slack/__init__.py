"""Slack's two ways in, the listeners behind both, and what they share with `bot.chat`."""
