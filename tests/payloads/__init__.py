"""Everything that the bot can send, held against four opinions of what Slack takes."""
