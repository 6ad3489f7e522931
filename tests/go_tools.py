# SPDX-License-Identifier: Apache-2.0
"""Programs that tests run for real and that Go builds: an S3 server and Beam's Prism. Built once, into build/.

python -m tests.go_tools builds them all (three minutes); a test builds the one that it needs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.conftest import lacking

BUILD = Path(__file__).resolve().parent.parent / "build"


@dataclass(frozen=True, slots=True)
class GoTool:
    """A Go program at one version."""

    source: str
    version: str
    folder: Path

    @property
    def binary(self) -> Path:
        """Where it is, once built."""
        return self.folder / f"{self.source.rsplit('/', 1)[-1]}-{self.version}"

    def build(self) -> Path:
        """Build it unless it is there; RuntimeError with Go's last words where that fails."""
        if not self.binary.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder) as unfinished:
                self._install(Path(unfinished))
                (Path(unfinished) / self.source.rsplit("/", 1)[-1]).rename(self.binary)
        return self.binary

    def _install(self, folder: Path) -> None:
        command = ["go", "install", f"{self.source}@{self.version}"]
        done = subprocess.run(
            command, env={**os.environ, "GOBIN": str(folder)}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"Go could not build {self.source}: {done.stderr.strip().splitlines()[-1]}")

    def here(self) -> Path:
        """The binary, for a test that skips where there is no Go, or Go cannot reach its modules."""
        if not self.binary.exists() and shutil.which("go") is None:
            lacking(f"{self.binary.name} is not built, and go is not on the PATH (Debian: apt install golang-go)")
        try:
            return self.build()
        except RuntimeError as error:
            lacking(str(error))


VERSITYGW = GoTool("github.com/versity/versitygw/cmd/versitygw", "v1.8.0", BUILD / "s3" / "bin")
PRISM = GoTool("github.com/apache/beam/sdks/v2/go/cmd/prism", f"v{version('apache-beam')}", BUILD / "prism" / "bin")


def main() -> int:
    """Build all."""
    for tool in (VERSITYGW, PRISM):
        print(tool.build())
    return 0


if __name__ == "__main__":
    sys.exit(main())
