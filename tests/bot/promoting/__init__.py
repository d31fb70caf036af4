"""Tests of `bot/promoting`."""
