"""A headless Chromium for tests of pages; where there is none, those tests are skipped with one reason."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000  # milliseconds until what a test waits for must be there
expect.set_options(timeout=PATIENCE)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is missing: install Debian's `chromium`, or set CHROMIUM to its path"
)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A Chromium that is gone when the block is left."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()
