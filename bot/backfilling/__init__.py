"""Runs of a past span: which, at what price, started one after the other, on one card."""
