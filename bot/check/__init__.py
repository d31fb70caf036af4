"""`stationmaster check`: is everything there that the bot needs? In words, a line each."""
