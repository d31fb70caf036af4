"""Tests of `bot/installing`."""
