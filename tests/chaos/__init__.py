"""Bots that are killed at random while people type, between fakes that count what came of every request."""
