"""Lets bots edit as often as the storm's Slack allows, which counts nothing.

A storm of hundreds of kills makes hundreds of runs end; at fifty edits a minute its calm would last for an hour. The
budget itself is held by tests/bot/test_edits.py.
"""

from bot.slack import edits

vars(edits)["EDITS_A_MINUTE"] = 3_000
