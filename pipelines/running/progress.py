# SPDX-License-Identifier: Apache-2.0
"""What a user sees while hours are fetched: a bar on a terminal, a line now and then elsewhere.

The dispatcher, wherever it works, beats its news into the output; whoever drives the run reads them there.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from tqdm import tqdm

from eia930.errors import Stop
from eia930.sources.beat import Beat
from eia930.sources.session import NAME
from eia930.store import lease
from eia930.store.keys import OBJECTS
from eia930.store.storage import Storage

_LINE_EVERY = 15.0


class Progress:
    """Shows the dispatcher's news, in a thread, until the end of its block."""

    def __init__(self, storage: Storage, run: str, *, per_hour: int | None, files: int) -> None:
        self._storage = storage
        self._run = run
        self._per_hour = per_hour
        self._files = files
        self._began = datetime.now(UTC)
        self._told = False
        self._line_said = ""
        self._done = threading.Event()
        self._bar = tqdm(
            total=0,
            unit=" h",
            unit_scale=True,
            desc="fetch",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            # A postfix begins with its own comma.
            bar_format="{desc} {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
            **_screen(),
        )
        self._said = -math.inf
        self._thread = threading.Thread(target=self._loop, name="progress", daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        with suppress(Stop):
            # A storage that is away is told of by whoever works on it.
            self._show(lease.news_of(self._storage, NAME, Beat))
        self._bar.close()

    def _loop(self) -> None:
        while not self._done.wait(lease.BEAT):
            try:
                self._show(lease.news_of(self._storage, NAME, Beat))
            except Stop:
                # The dispatcher sees the same, and stops with a reason.
                return

    def _show(self, news: Beat | None) -> None:
        if news is None or news.run != self._run:
            return
        hours = news.tally.hours
        self._bar.total = news.hours_wanted
        self._bar.n = min(hours, news.hours_wanted)
        self._bar.set_postfix_str(told(news, per_hour=self._per_hour), refresh=False)
        self._bar.refresh()
        fetched = hours >= news.hours_wanted
        due = news.tally.sent and time.monotonic() - self._said > _LINE_EVERY
        if self._bar.disable and not self._told and (fetched or due):
            share = 100 * hours / news.hours_wanted if news.hours_wanted else 100
            self._say(f"fetch {share:3.0f} %  {told(news, per_hour=self._per_hour)}")
        if fetched:
            self._show_files()

    def _show_files(self) -> None:
        """All is fetched: how many tidy files of this run are staged, or stand, so far."""
        self._told = True
        if self._bar.disable and time.monotonic() - self._said < _LINE_EVERY / 3:
            return
        folders = (f"{OBJECTS}/tidy", "tidy")
        done = sum(entry.modified >= self._began for folder in folders for entry in self._storage.list(folder))
        line = f"assemble  {done:,} of {self._files:,} files" if done < self._files else "check, cut blocks, publish"
        self._bar.set_description_str(line)
        if self._bar.disable and line != self._line_said:
            self._say(line)

    def _say(self, line: str) -> None:
        self._said, self._line_said = time.monotonic(), line
        print(line, file=sys.stderr, flush=True)


def told(news: Beat, *, per_hour: int | None) -> str:
    """`277 windows, 1,384,468 records, 8,702/s, 99 % of the rate, 3 retried; retrying: ConnectionRefusedError`."""
    if not news.hours_wanted:
        return "nothing to ask: all is stored"
    tally = news.tally
    seconds = max(1e-9, (tally.last_answer or 0) - (tally.first_start or 0))
    speed = tally.rows / seconds if tally.last_answer else 0.0
    parts = [f"{tally.answered:,} windows", f"{tally.rows:,} records", f"{speed:,.0f}/s"]
    if per_hour and tally.sent > 1 and tally.first_start and tally.last_start:
        starts = max(1e-9, tally.last_start - tally.first_start)
        # A burst at the start is within the limit, and no more than all of it.
        used = min(1.0, (tally.sent - 1) / starts / (per_hour / 3600))
        parts.append(f"{100 * used:.0f} % of the rate")
    if tally.retried:
        parts.append(f"{tally.retried:,} retried")
    return ", ".join(parts) + (f"; {tally.trouble}" if tally.trouble else "")


def _screen() -> dict[str, int]:
    """Columns and rows of a terminal that does not know its own: in nothing, nothing would be shown."""
    try:
        known = all(os.get_terminal_size(sys.stderr.fileno()))
    except OSError:
        return {}
    return {} if known else {"ncols": 80, "nrows": 24}
