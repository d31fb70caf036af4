"""Tests of `bot/settings`."""
