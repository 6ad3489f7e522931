# SPDX-License-Identifier: Apache-2.0
"""Who holds an output says so from the first moment on: another host takes silence for death."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from eia930.errors import Superseded
from eia930.store import lease
from eia930.store.holding import holding
from eia930.store.storage import Storage
from pipelines import report
from pipelines.historical import main
from tests.eia930.report.folder import write_folder
from tests.eia930.sources.serving import Asked, Reply, serving

_PATIENCE = 60.0
"""Seconds for which a beat is waited for: as long as a busy machine may take."""


def beats(storage: Storage) -> Callable[[], bool]:
    """Whether another beat of the run came than the one that lay there at first."""
    first = lease.last_beat(storage, "run")
    pause = threading.Event()
    return lambda: any(
        pause.wait(0.05) or lease.last_beat(storage, "run") != first for _ in range(int(_PATIENCE / 0.05))
    )


def test_a_load_beats_while_it_waits_for_the_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers no request for a list before it has seen the lease beaten."""
    monkeypatch.setenv("EIA_API_KEY", "0123456789abcdef")
    storage = Storage.at(str(tmp_path))
    seen: list[bool] = []

    def reply(asked: Asked) -> Reply:
        if "/facet/" in asked.path:
            seen.append(beats(storage)())
        return 404, {}, b'{"error": "Not found.", "code": 404}'

    with serving(reply) as server:
        words = ("--regions=PACW", "--start=2023-03-01", "--end=2023-03-02", "--tries=1", "--formats=parquet")
        assert main([f"--api_url={server.url}", f"--output={tmp_path}", *words]) == 1
    assert seen == [True, True]


def test_whoever_holds_a_lease_beats_it_and_lets_go(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    with holding(storage, "run", lease.Owner.here("a"), every=0.01):
        assert beats(storage)()
        with pytest.raises(Superseded), holding(storage, "run", lease.Owner.here("b")):
            pass
    with holding(storage, "run", lease.Owner.here("c")):
        pass


def test_whoever_is_followed_is_told_once(tmp_path: Path) -> None:
    storage, lost = Storage.at(str(tmp_path)), threading.Event()
    with holding(storage, "run", lease.Owner.here("a"), every=0.01, lost=lost.set):
        assert storage.create(f"{lease.ROOT}/run/000007.owner", b"{}")
        assert lost.wait(_PATIENCE)


def test_the_page_is_not_made_anew_under_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path)
    storage = Storage.at(str(tmp_path))
    with holding(storage, "run", lease.Owner.here("another")):
        assert report.main([f"--output={tmp_path}"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: another run works on")
    assert not (tmp_path / "report" / "index.html").exists()
    assert report.main([f"--output={tmp_path}"]) == 0
    # It has let go.
    with holding(storage, "run", lease.Owner.here("another")):
        pass
