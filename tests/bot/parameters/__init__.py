"""Tests of `bot/parameters`."""
