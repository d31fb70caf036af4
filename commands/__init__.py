"""One file a command: its arguments, message, handler and buttons. `bot.conversation.commands.discover` finds it."""
