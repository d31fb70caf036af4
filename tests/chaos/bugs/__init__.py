"""Bugs to be put into a bot, each by importing a module: the harness has to find them."""
