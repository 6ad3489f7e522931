# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for, and what a run says of the tests that it left out."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: half as many again as cores, for tests wait a good part of their time for what they started."""
    return (os.cpu_count() or 1) * 3 // 2


LEFT_OUT = {
    "slow": "long, or one more of a kind, or by an S3 server that Go builds: make test-slow",
    "flink": "a real Flink cluster (Java 17, Maven and Go): make test-flink",
    "recorded": "millions of real rows, which are no part of this repository: make test-recorded",
}
"""By marker: what the tests need that `make test` leaves out, and what runs them."""
CLOSER = {
    "[gcp]": "make test-gcp",
    "for the readers of forecasts": "make test-forecasting",
    "for the readers": "make test-readers",
    "not installed": "make test-ml",
    "recorded EIA rows": "RECORDED=folder make test-recorded (tests/data/README.md says what lies there)",
}
"""By words of the reason of a skip: which command runs such tests."""
_left_out = pytest.StashKey[Counter[str]]()


def lacking(reason: str) -> NoReturn:
    """Skip a test for want of a program that its machine may lack; but CI installs them all, so there it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: CI should have installed it")
    pytest.skip(reason)


BESIDE = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "recorded"
RECORDED = Path(os.environ.get("RECORDED") or BESIDE)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded real rows and responses. A test that asks for it is marked `recorded`."""
    if not RECORDED.is_dir():
        pytest.skip("no recorded EIA rows on this machine")
    return RECORDED


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Before pytest picks by marker. An S3 server takes minutes where Go has not built it yet."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "recorded" in fixtures:
            item.add_marker(pytest.mark.recorded)
        if "s3" in fixtures and not item.get_closest_marker("flink"):
            item.add_marker(pytest.mark.slow)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Counts what `-m "not NAME"` left out, by NAME."""
    for item in items:
        counts = item.config.stash.setdefault(_left_out, Counter())
        unwanted = [name for name in LEFT_OUT if f"not {name}" in item.config.option.markexpr]
        counts.update(name for name in unwanted if item.get_closest_marker(name))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of several workers each has collected all: what it left out goes to whoever tells the outcome."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        counts: Counter[str] = session.config.stash.get(_left_out, Counter())
        told["left out"] = dict(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended."""
    node.config.stash[_left_out] = Counter(getattr(node, "workeroutput", {}).get("left out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The last lines: how many tests did not run, why, and which command runs them."""
    counts = config.stash.get(_left_out, Counter())
    lines = [f"{count:5} left out: {LEFT_OUT[name]}" for name, count in sorted(counts.items())]
    lines += [f"{count:5} skipped: {told(why)}" for why, count in sorted(_skipped(terminalreporter).items())]
    if lines:
        terminalreporter.section("not run")
        for line in lines:
            terminalreporter.line(line)


def told(reason: str) -> str:
    """The reason of a skip, and what to type where a command runs such tests."""
    command = next((command for words, command in CLOSER.items() if words in reason), None)
    return reason if command is None else f"{reason}: {command}"


def _skipped(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Tests by the reason for which they were skipped."""
    found: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", ()):
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        found[reason.removeprefix("Skipped: ")] += 1
    return found
