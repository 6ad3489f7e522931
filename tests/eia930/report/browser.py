# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium without network that notes whatever a page says, asks for or gets wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Where Chromium is installed, if it is."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Any]:
    """A browser of playwright; whoever calls has made sure that both are there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@dataclass
class Seen:
    """A page that is open, and what it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def scroll(self) -> None:
        """Come past every chart, so that all that wait for it are drawn."""
        for box in self.page.query_selector_all("details[open] figure.history"):
            box.scroll_into_view_if_needed()
            self.page.wait_for_function("box => box.querySelector('canvas')", arg=box)
        self.page.evaluate("scrollTo(0, 0)")


@contextmanager
def opened(started: Any, path: Path, **options: Any) -> Iterator[Seen]:
    """Open a file in a context of its own, offline."""
    context = started.new_context(offline=True, **({"viewport": WIDE} | options))
    seen = Seen(context.new_page())
    seen.page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
    seen.page.on("request", lambda request: seen.asked.append(request.url))
    seen.page.goto(path.absolute().as_uri())
    yield seen
    context.close()
