"""Alembic runs this: migrate over the connection that `bot.migrations.migrate` was given."""

from alembic import context

from bot.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
