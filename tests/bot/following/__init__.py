"""Tests of `bot/following`."""
