"""Tests of `bot/launching`."""
