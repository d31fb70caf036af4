"""One file a command: its arguments, its message, its handler, its buttons. Found by `bot.commands.discover`."""
