"""The same for `bot.backfilling`."""
