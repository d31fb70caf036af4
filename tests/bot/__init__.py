"""Tests of what `bot/` holds, file by file."""
