"""The audit trail sealed by a keyed chain, its head published outside the database; verified, exported."""
