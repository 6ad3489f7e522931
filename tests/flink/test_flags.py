# SPDX-License-Identifier: Apache-2.0
"""What is wrong about the words of `deploy.flink.cluster` is one line, before anything is built or started."""

from pathlib import Path

import pytest

from deploy.flink import cluster


@pytest.mark.parametrize(("words", "said"), [
    (["up", "--taskmanagers=0"], "argument --taskmanagers: '0' is no whole number above 0"),
    (["up", "--slots=-1"], "argument --slots: '-1' is no whole number above 0"),
    (["upp"], "invalid choice: 'upp'"),
    ([], "arguments are required: verb"),
    (["down", "--flder=x"], "no flag --flder; did you mean --folder?"),
    (["kill-taskmanager", "x"], "invalid int value: 'x'"),
    (["--folder=gone", "status"], "run `up` first"),
])  # fmt: skip
def test_wrong_words_are_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cluster.main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []
