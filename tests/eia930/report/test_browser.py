# SPDX-License-Identifier: Apache-2.0
"""The page, looked at: Chromium draws it, on a phone, in the dark, on paper and without JavaScript."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eia930.account.stored import INDEX
from eia930.report.build import write_page
from eia930.store.storage import Storage
from tests.conftest import lacking
from tests.eia930.report.browser import PHONE, WIDE, browser, chromium, opened
from tests.eia930.report.folder import HOURS, write_folder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    if chromium() is None:
        lacking("no Chromium on this host: apt-get install chromium")
    if find_spec("playwright") is None:
        lacking("no playwright here: pip install playwright")
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def index(built: Path) -> Path:
    return built / INDEX


def faults(started: Any, index: Path, **options: Any) -> list[str]:
    """What a page that is looked through says or asks for, itself aside."""
    with opened(started, index, **options) as seen:
        if options.get("java_script_enabled", True):
            seen.scroll()
        return [*seen.said, *(url for url in seen.asked if not url.startswith(("file:", "data:", "blob:")))]


@pytest.mark.parametrize(
    "options",
    [{"viewport": WIDE}, {"viewport": PHONE}, {"color_scheme": "dark"}, {"java_script_enabled": False}],
    ids=["wide", "phone", "dark", "no JavaScript"],
)
def test_nothing_goes_wrong_and_nobody_is_asked(started: Any, index: Path, options: dict[str, Any]) -> None:
    assert faults(started, index, **options) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("<script>throw new Error('on purpose')</script>", "on purpose"),
        ("<img src='https://example.org/x.png'>", "example.org"),
    ],
)
def test_what_goes_wrong_is_noticed(started: Any, index: Path, tmp_path: Path, broken: str, said: str) -> None:
    (tmp_path / "page.html").write_text(index.read_text("utf-8").replace("</main>", f"{broken}</main>"), "utf-8")
    assert any(said in fault for fault in faults(started, tmp_path / "page.html"))


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_history_is_drawn(started: Any, index: Path, viewport: dict[str, int]) -> None:
    with opened(started, index, viewport=viewport) as seen:
        seen.scroll()
        canvases = seen.page.query_selector_all("figure.history canvas")
        assert len(canvases) == len(seen.page.query_selector_all("figure.history")) == 2
        for canvas in canvases:
            assert ink(canvas) > 0.02


def ink(canvas: Any) -> float:
    """The share of a canvas that is painted."""
    return float(
        canvas.evaluate(
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
            " for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n / (d.length / 4); }"
        )
    )


@pytest.mark.parametrize("viewport", [WIDE, PHONE, {"width": 320, "height": 600}], ids=["wide", "phone", "small"])
def test_nothing_is_wider_than_the_screen(started: Any, index: Path, viewport: dict[str, int]) -> None:
    with opened(started, index, viewport=viewport) as seen:
        seen.scroll()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_labels_stand_beside_their_rows(started: Any, index: Path, viewport: dict[str, int]) -> None:
    with opened(started, index, viewport=viewport) as seen:
        rows = seen.page.evaluate(
            "[...document.querySelectorAll('.map tbody tr')].map(row => ['th', 'svg', 'td:last-child'].map(what => {"
            " const box = row.querySelector(what).getBoundingClientRect(); return (box.top + box.bottom) / 2; }))"
        )
        assert len(rows) == 3
        assert all(max(middles) - min(middles) <= 1 for middles in rows)


@pytest.mark.parametrize("viewport", [WIDE, PHONE, {"width": 320, "height": 600}], ids=["wide", "phone", "small"])
def test_a_key_stands_beside_its_first_word(started: Any, index: Path, viewport: dict[str, int]) -> None:
    with opened(started, index, viewport=viewport) as seen:
        apart = seen.page.evaluate(
            "[...document.querySelectorAll('.key, .legend span')].filter(key => { const text = key.lastChild;"
            " const word = document.createRange(); word.setStart(text, 0); word.setEnd(text, 1);"
            " const [a, b] = [key.querySelector('i'), word].map(one => one.getBoundingClientRect());"
            " return b.left < a.right || b.top > a.bottom; }).map(key => key.textContent)"
        )
        assert apart == []


def test_flags_are_drawn_as_the_key_shows_them(started: Any, index: Path) -> None:
    """A dot fills π/4 of the square around it, a triangle half."""
    with opened(started, index, device_scale_factor=4) as seen:
        seen.scroll()
        box = seen.page.query_selector("figure.history[data-name=PACW]")
        for _ in range(8):
            box.query_selector("button:has-text('Next flagged')").click()
            if "negative_or_zero" in box.query_selector(".readout").inner_text():
                break
        filled = box.query_selector("canvas").evaluate(
            "c => { const {width, height} = c, d = c.getContext('2d').getImageData(0, 0, width, height).data;"
            " let n = 0, box = [1e9, 1e9, 0, 0]; for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {"
            " const i = 4 * (y * width + x); if (d[i] === 194 && d[i + 1] === 65 && d[i + 2] === 12) { n += 1;"
            " box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)]; } }"
            " return n / (box[2] - box[0]) / (box[3] - box[1]); }"
        )
        assert filled == pytest.approx(3.14159 / 4, abs=0.06)


def test_the_number_of_an_event_keeps_off_the_badge_beside_it(started: Any, tmp_path: Path) -> None:
    """Where data are synthetic, a badge ends each title; numbers hang left of their column, `10.` the widest."""
    write_page(Storage.at(str(write_folder(tmp_path, source="emulator"))))
    with opened(started, tmp_path / INDEX) as seen:
        left, right = (one.bounding_box() for one in seen.page.query_selector_all(".worst li")[:2])
        assert left["y"] == right["y"]
        assert right["x"] - left["x"] - left["width"] > 45


def test_a_flagged_hour_can_be_looked_up(started: Any, index: Path) -> None:
    """The value read out is the one packed by Python: the way back in page.js is right."""
    with opened(started, index) as seen:
        seen.scroll()
        box = seen.page.query_selector("figure.history[data-name=PACW]")
        found = []
        for _ in range(4):
            box.query_selector("button:has-text('Next flagged')").click()
            found.append(box.query_selector(".readout").inner_text())
        assert any("global_outlier 2,000,000 MW" in text for text in found)


def test_hours_are_read_out_under_the_pointer(started: Any, index: Path) -> None:
    with opened(started, index) as seen:
        seen.scroll()
        box = seen.page.query_selector("figure.history[data-name=ERCO]")
        box.query_selector(".u-over").hover()
        assert ": mean " in box.query_selector(".readout").inner_text()
        box.query_selector("button:has-text('Week')").click()
        box.query_selector(".u-over").hover(position={"x": 40, "y": 40})
        assert " UTC: " in box.query_selector(".readout").inner_text()


def test_colours_follow_the_theme(started: Any, index: Path) -> None:
    with opened(started, index) as seen:
        seen.scroll()
        drawn = "() => document.querySelector('figure.history canvas').toDataURL()"
        light = seen.page.evaluate(drawn)
        seen.page.emulate_media(color_scheme="dark")
        seen.page.wait_for_function(f"light => ({drawn})() !== light", arg=light)
        assert ink(seen.page.query_selector("figure.history canvas")) > 0.02


def test_paper_gets_the_static_charts(started: Any, index: Path) -> None:
    with opened(started, index) as seen:
        seen.scroll()
        seen.page.emulate_media(media="print")
        assert not seen.page.is_visible("figure.history canvas")
        assert seen.page.is_visible("figure.history .chart svg")
        assert len(seen.page.pdf()) > 50_000


def test_without_javascript_the_charts_are_there(started: Any, index: Path) -> None:
    from PIL import Image

    with opened(started, index, java_script_enabled=False) as seen:
        chart = seen.page.query_selector("figure.history .chart")
        colours = Image.open(io.BytesIO(chart.screenshot())).convert("RGB").getcolors(1 << 20)
        assert colours
        most = max(number for number, _ in colours)
        assert most < 0.97 * sum(number for number, _ in colours)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_page_without_an_hour_is_whole(started: Any, tmp_path: Path, viewport: dict[str, int]) -> None:
    write_folder(tmp_path, {("region-data", "SEPA", "D"): np.full(HOURS, np.nan)})
    write_page(Storage.at(str(tmp_path)))
    assert faults(started, tmp_path / INDEX, viewport=viewport) == []
    with opened(started, tmp_path / INDEX, viewport=viewport) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert len(seen.page.query_selector_all("svg")) == 1  # requests a minute


def test_markup_in_data_runs_nothing(started: Any, tmp_path: Path) -> None:
    evil = "</script><script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">"

    def spoil(report: dict[str, Any]) -> None:
        report["failures"] = [{"request": evil, "reason": evil, "remedy": evil}]

    write_folder(tmp_path, change=spoil, name=lambda route, code, kind: f"EBA.{code}-ALL.{kind}.H{evil}")
    write_page(Storage.at(str(tmp_path)))
    with opened(started, tmp_path / INDEX) as seen:
        seen.scroll()
        assert seen.page.title() != "run"
        assert seen.said == []
        assert seen.page.query_selector_all("img") == []
