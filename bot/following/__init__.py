"""Runs that go on: followed, shown on cards, steered, finished."""
