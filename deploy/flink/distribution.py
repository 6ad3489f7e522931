# SPDX-License-Identifier: Apache-2.0
"""Flink itself, from PyPI: downloaded and unpacked once, as requirements-flink.lock has it.

`apache-flink-libraries` holds Flink's jars (web UI and reporters among them) and no start scripts.
"""

import re
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from deploy.flink import parts

LOCK = parts.CHECKOUT / "requirements-flink.lock"
_KEPT = re.compile(r"lib/(flink-dist|log4j)-[^/]+\.jar|plugins/metrics-prometheus/[^/]+\.jar")
"""Flink, its logs and its figures; nothing of SQL, Scala and Python, which Beam's runner does not use."""


def locked() -> str:
    """Flink's version, as 1.19.3."""
    (found,) = re.findall(r"^apache-flink-libraries==(\S+)", LOCK.read_text("utf-8"), re.MULTILINE)
    return str(found)


def flink(folder: Path) -> Path:
    """The folder with Flink's `lib/` and `plugins/`, made below `folder` where it is not there yet.

    Raises MissingPartError where PyPI cannot be reached or sends something else than what is locked.
    """
    made = folder / f"flink-{locked()}"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            _download(Path(unfinished))
            (archive,) = Path(unfinished).glob("*.tar.gz")
            unpack(archive, Path(unfinished) / "flink")
            (Path(unfinished) / "flink").rename(made)
    return made


def unpack(archive: Path, target: Path) -> None:
    """What a cluster needs of Flink's source archive, below `target`."""
    with tarfile.open(archive) as whole:
        for member in whole:
            name = PurePosixPath(*PurePosixPath(member.name).parts[2:])
            if member.isfile() and _KEPT.fullmatch(str(name)):
                member.name = str(name)
                whole.extract(member, target, filter="data")


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    failure = f"pip could not download Flink {locked()} (230 MB)"
    parts.make(failure, [*command, f"--dest={folder}", "--require-hashes", f"--requirement={LOCK}"])
