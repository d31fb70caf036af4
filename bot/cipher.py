"""What must not stand in the database in clear: encrypted with a key of the settings, and bound to what it belongs to.

AES-256-GCM, with a key derived from STORE_KEY. The library is imported when a cipher is made.
"""

from __future__ import annotations

import base64
import os

_PURPOSE = b"stationmaster secrets at rest, version 1"
_NONCE = 12  # bytes


class Cipher:
    """Encrypts and decrypts with one key, which may be any text."""

    def __init__(self, key: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        self._aes = AESGCM(HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode()))

    def encrypt(self, text: str, about: str) -> str:
        """The text, unreadable without the key; different each time. `about` is what it belongs to."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._aes.encrypt(nonce, text.encode(), about.encode())).decode()

    def decrypt(self, secret: str, about: str) -> str | None:
        """The text; None where it was made with another key, belongs to something else, or was changed."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(secret, validate=True)
            return self._aes.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError):
            return None
