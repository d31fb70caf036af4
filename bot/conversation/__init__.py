"""Requests in, answers out: how commands, clicks, forms and the home tab are declared, read and answered."""
