# SPDX-License-Identifier: Apache-2.0
"""A tool that is missing is one line with its remedy, and a failed build leaves nothing half made."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from deploy.flink import cluster, distribution, layout, parts

WANTED = parts.versions(flink="1.19", runner="0")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def tool(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


@pytest.mark.usefixtures("tools")
def test_each_missing_tool_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(parts.MissingPartError, match=r"^java is not on the PATH: install a Java 17"):
        parts.check_java()
    with pytest.raises(parts.MissingPartError, match=r"^mvn is not on the PATH: install Apache Maven"):
        parts.job_jar(tmp_path, WANTED)
    with pytest.raises(parts.MissingPartError, match=r"^go is not on the PATH: install Go"):
        parts.boot(tmp_path, WANTED)


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('openjdk version "21.0.1"', True),
        ('java version "1.8.0"', False),
    ],
)
def test_old_java_is_refused(tools: Path, said: str, fits: bool) -> None:  # noqa: FBT001
    tool(tools / "java", f"echo '{said}' >&2")
    if fits:
        parts.check_java()
    else:
        with pytest.raises(parts.MissingPartError, match="not 17 or later"):
            parts.check_java()


def test_a_failed_build_leaves_nothing_half_made(tools: Path, tmp_path: Path) -> None:
    tool(tools / "mvn", "echo '[ERROR] no such runner'", "exit 1")
    with pytest.raises(parts.MissingPartError, match=r"beam-runners-flink-1.19:0 .*no such runner"):
        parts.job_jar(tmp_path / "made", WANTED)
    assert not list((tmp_path / "made" / "lib").iterdir())


def test_a_worker_s_python_is_this_one_and_does_not_wait_for_pip(tmp_path: Path) -> None:
    parts.worker(tmp_path, tmp_path / "boot")
    python = tmp_path / "bin" / "python"

    def said(*words: str) -> str:
        return subprocess.run([python, *words], capture_output=True, text=True, check=True).stdout

    assert said("-c", "import sys; print(sys.executable)").strip() == sys.executable
    assert said("-m", "pip", "freeze", "--all") == said("-m", "pip", "show", "apache-beam") == ""
    # What a job brings is installed as ever.
    assert said("-m", "pip", "--version").startswith("pip ")
    assert "--no-index" in said("-m", "pip", "install", "--help")


def test_up_without_java_is_one_line_and_code_2(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cluster.main(["--folder", str(tmp_path / "cluster"), "up"]) == 2
    assert capsys.readouterr().err.startswith("flink: java is not on the PATH")
    assert cluster.main(["--folder", str(tmp_path / "cluster"), "flags"]) == 2
    assert capsys.readouterr().err.startswith("flink: no cluster is noted")


def test_the_pom_and_the_lock_name_one_flink() -> None:
    assert distribution.locked().startswith(f"{parts.versions().flink}.")


def test_of_flinks_archive_is_kept_what_a_cluster_needs(tmp_path: Path) -> None:
    kept = ("lib/flink-dist-1.19.3.jar", "lib/log4j-core-2.17.1.jar", "plugins/metrics-prometheus/reporter.jar")
    with tarfile.open(tmp_path / "flink.tar.gz", "w:gz") as archive:
        for name in (*kept, "lib/flink-scala_2.12-1.19.3.jar", "opt/flink-python-1.19.3.jar", "lib/../../log4j-x.jar"):
            (tmp_path / "one").write_text(name)
            archive.add(tmp_path / "one", f"apache-flink-libraries-1.19.3/deps/{name}")
    distribution.unpack(tmp_path / "flink.tar.gz", tmp_path / "made")
    made = {str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*") if path.is_file()}
    assert made == set(kept)


def test_memory_grows_with_slots() -> None:
    one, two = layout.shares(1), layout.shares(2)
    assert (one["memory.network.max"], two["memory.network.max"]) == ("80m", "160m")
    assert two["cpu.cores"] == "2"


def test_worker_script_runs_this_python_with_this_checkout(tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    tool(boot, 'exec python -c "import deploy.flink, sys; print(sys.executable, sys.argv[1:])" "$@"')
    script = parts.worker(tmp_path, boot)
    ran = subprocess.run([str(script), "--id=1-1"], capture_output=True, text=True, check=True, cwd="/")
    # On stderr: a pool reads nothing of its workers.
    assert ran.stdout == ""
    assert ran.stderr.startswith(f"{sys.executable} ['--semi_persist_dir={parts.scratch(tmp_path)}/worker-")
    assert ran.stderr.endswith("'--id=1-1']\n")
