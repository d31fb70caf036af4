"""Secrets at rest."""

from __future__ import annotations

from bot.cipher import Cipher

KEY = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.slack.test/commands/T1/1/x"


def test_what_was_encrypted_is_read_with_the_same_key_only() -> None:
    """It is never the same twice, and says nothing of what it holds."""
    cipher = Cipher(KEY)
    secret = cipher.encrypt(URL, "request-1")
    assert Cipher(KEY).decrypt(secret, "request-1") == URL
    assert Cipher(KEY + "x").decrypt(secret, "request-1") is None
    assert secret != cipher.encrypt(URL, "request-1")
    assert "slack" not in secret


def test_what_was_changed_or_moved_is_not_read() -> None:
    """A secret is bound to what it belongs to: in another row it is none."""
    cipher = Cipher(KEY)
    secret = cipher.encrypt(URL, "request-1")
    assert cipher.decrypt(secret, "request-2") is None
    assert cipher.decrypt(("A" if secret[0] != "A" else "B") + secret[1:], "request-1") is None
    for damaged in ("", "x", "not base64!", secret[:20], URL):
        assert cipher.decrypt(damaged, "request-1") is None
