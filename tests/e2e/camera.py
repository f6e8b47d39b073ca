"""The fake camera of a page before it joins."""

from __future__ import annotations

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError


def wait_for_camera(page: Page) -> None:
    """Until its picture is there; when it does not come, the error says what the page says of it."""
    try:
        page.locator(".preview video:not([hidden])").wait_for()
    except PlaywrightTimeoutError as error:
        error.add_note(f"the page says: {page.locator('.door').all_inner_texts()}")
        raise
