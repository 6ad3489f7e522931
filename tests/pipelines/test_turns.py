# SPDX-License-Identifier: Apache-2.0
"""Programs of a few requests take their turns in the pace that their key shares with loads."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from eia930.doctor.server import Server
from eia930.sources.quota import quota_name
from eia930.store.storage import Storage
from eia930.store.swapped import Swapped
from pipelines import doctor, reference
from pipelines.options.turns import turns
from tests.eia930.sources.serving import Asked, Reply, serving

KEY = "canary-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)


def nothing(_: Asked) -> Reply:
    return 404, {}, b'{"error": "Not found.", "code": 404}'


def booked(place: Path, url: str) -> bool:
    return Swapped(Storage.at(str(place)), quota_name(url, KEY)).read() is not None


def test_the_check_of_a_server_books_its_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quota = tmp_path / "quota"
    with serving(nothing) as server:
        words = ["--check", f"--api_url={server.url}", "--pause=0"]
        assert reference.main(words) == 3
        assert not booked(quota, server.url)
        assert reference.main([*words, f"--quota={quota}"]) == 3
        assert booked(quota, server.url)
    assert len(server.asked) == 2
    assert KEY not in "".join(capsys.readouterr())


@pytest.mark.parametrize(("program", "word"), [(reference.main, "--check"), (doctor.main, "--of=api")])
def test_a_place_that_was_named_and_cannot_be_written_ends_it_unasked(
    program: Callable[[Sequence[str]], int], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    with serving(nothing) as server:
        flags = [f"--api_url={server.url}", f"--quota={tmp_path / 'file' / 'quota'}", "--pause=0"]
        assert program([word, *flags]) == 2
        assert server.asked == []
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: --quota {tmp_path}")


def test_each_question_of_the_doctor_waits_for_its_turn() -> None:
    taken: list[int] = []
    with serving(nothing) as served:
        server = Server(served.url, key=KEY, pause=0.0, turn=lambda: taken.append(len(served.asked)))
        for path in ("/a", "/b", "/a"):
            server.get(path)
    assert taken == [0, 1]


def test_a_server_of_ones_own_has_no_quota_and_eias_has_this_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = tmp_path / "eia930" / "quota"
    turns(Namespace(quota=None), "http://127.0.0.1:1/v2", KEY)[0]()
    assert not place.exists()
    turns(Namespace(quota=None), "https://api.eia.gov/v2", KEY)[0]()
    assert booked(place, "https://api.eia.gov/v2")
