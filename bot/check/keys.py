"""The keys that the bot can do without, and what it does without them."""

from __future__ import annotations

from bot.check.findings import Finding, good, odd
from bot.settings.config import Settings


def keys(settings: Settings) -> list[Finding]:
    """A finding for each."""
    return [_audit(settings), _store(settings)]


def _audit(settings: Settings) -> Finding:
    about = "audit trail"
    if not settings.audit_key.get_secret_value():
        return odd(about, "not sealed: whoever can write the database can change it. Give AUDIT_KEY, 32 characters")
    if not (settings.audit_head_file or settings.audit_head_s3):
        return odd(about, "sealed, its head published in the log alone: give AUDIT_HEAD_FILE or AUDIT_HEAD_S3 too")
    return good(about, "sealed, and its head published")


def _store(settings: Settings) -> Finding:
    about = "response_urls"
    if not settings.store_key.get_secret_value():
        return odd(about, "kept in memory: after a restart answers go out as messages. Give STORE_KEY")
    return good(about, "kept encrypted, for half an hour")
