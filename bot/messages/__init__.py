"""How what the bot says becomes Slack's JSON, and fits."""
