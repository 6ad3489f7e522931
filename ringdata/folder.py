# SPDX-License-Identifier: Apache-2.0
"""Open a folder of blocks only if every file that will be read is there, whole, and of one run."""

import json
from pathlib import PurePosixPath

from pyarrow.fs import FileType

from ringdata.errors import DamagedFile, EmptySplit, MissingFile, MixedVersions, NotFinished
from ringdata.files import Files
from ringdata.formats import ShardFormat, format_in
from ringdata.layout import SPLITS, VERSION, Layout
from ringdata.manifest import AGAIN, Entry, Folder

LAYOUT = "layout.json"
SEQUENCES = "sequences.parquet"
_DEPTH = 4  # tfds/<name>/<config>/<version> lies four levels below the root that holds _SUCCESS


def open_folder(files: Files, split: str, *, verify: str = "size") -> tuple[Folder, ShardFormat]:
    """Check the folder for one split: every file by size, layout.json and sequences.parquet whole.

    What stands beside a shard is read whole by `Folder.read` as the shard is opened, the shard itself by checksum as
    its windows are read. `verify="sha256"` reads all of them here.

    Raises NotFinished, MissingFile, DamagedFile, MixedVersions or EmptySplit, each with the file and the remedy.
    """
    if verify not in ("size", "sha256"):
        raise ValueError(f"verify {verify!r}: give 'size' or 'sha256'")
    manifest = _manifest(files, _finished_root(files))
    folder, form = Folder(files, _layout(files), manifest), format_in(list(manifest))
    _check_split(folder, split)
    sizes = files.sizes()
    for name, rows in _expected(folder, form, split).items():
        _check_file(files, name, manifest.get(name), sizes.get(name), rows)
        if name in (LAYOUT, SEQUENCES) or verify == "sha256":
            folder.read(name)
    _check_strangers(folder, form, split, set(sizes))
    return folder, form


def _finished_root(files: Files) -> PurePosixPath:
    """The nearest folder at or above that holds _SUCCESS."""
    if files.infos([files.root])[0].type == FileType.File:
        raise MissingFile(f"{files.path} is a file: give the folder that holds it, such as OUTPUT/blocks/panel")
    above = [folder for folder in (files.root, *files.root.parents) if folder.name or folder.root][: _DEPTH + 1]
    for folder, info in zip(above, files.infos([folder / "_SUCCESS" for folder in above]), strict=True):
        if info.type == FileType.File:
            return folder
    raise NotFinished(
        f"{files.path}: no _SUCCESS here or in the {_DEPTH} folders above: the run that writes it has not ended "
        "well, or only a part was copied; run it (again), or copy the whole output with _SUCCESS and manifest.json"
    )


def _manifest(files: Files, root: PurePosixPath) -> dict[str, Entry]:
    """The manifest's entries of this folder, by file name."""
    path = root / "manifest.json"
    try:
        listed = json.loads(files.read(path))["files"]
        held = {PurePosixPath(f["path"]): Entry(f.get("rows", -1), f["bytes"], f["sha256"]) for f in listed}
    except FileNotFoundError:
        raise MissingFile(f"{path} is missing beside _SUCCESS; {AGAIN}") from None
    except (ValueError, KeyError, TypeError) as wrong:
        raise DamagedFile(f"{path} is no manifest ({wrong}); {AGAIN}") from wrong
    return {path.name: entry for path, entry in held.items() if root / path.parent == files.root}


def _layout(files: Files) -> Layout:
    path = files.root / LAYOUT
    try:
        content = files.read(path)
        version = json.loads(content)["version"]
        if version != VERSION:
            raise MixedVersions(
                f"{path} is of version {version}, this reader reads {VERSION}; install the reader of that version, "
                "or run the pipeline again"
            )
        return Layout.from_json(content)
    except FileNotFoundError:
        raise MissingFile(f"{path} is missing: give a folder such as OUTPUT/blocks/panel; {AGAIN}") from None
    except (ValueError, KeyError, TypeError) as wrong:
        raise DamagedFile(f"{path} is no layout ({wrong}); {AGAIN}") from wrong


def _check_split(folder: Folder, split: str) -> None:
    if split not in SPLITS:
        raise EmptySplit(f"no split {split!r}; there are {', '.join(SPLITS)}")
    if not folder.layout.split(split):
        full = [name for name in SPLITS if folder.layout.split(name)]
        raise EmptySplit(
            f"{folder.files.path}: split {split!r} holds no block, for none of {folder.layout.grid.block_hours} hours "
            f"lies whole within it (splits that hold some: {', '.join(full) or 'none'}); ask for more hours, or move "
            "the cuts"
        )


def _expected(folder: Folder, form: ShardFormat, split: str) -> dict[str, int]:
    """Files that reading the split may touch, with their rows (-1: not counted)."""
    rows = {form.shard(shard): shard.rows for shard in folder.layout.split(split)}
    beside = {f"{name}{ending}": -1 for name in rows for ending in form.endings}
    return {**rows, **beside, LAYOUT: -1, SEQUENCES: -1}


def _check_file(files: Files, name: str, entry: Entry | None, size: int | None, rows: int) -> None:
    path = files.root / name
    if size is None:
        raise MissingFile(f"{path} is missing; {AGAIN}")
    if entry is None:
        raise MixedVersions(f"{path} is not in manifest.json: it is of another run; {AGAIN}")
    if size != entry.size:
        raise DamagedFile(f"{path} has {size:,} bytes where manifest.json has {entry.size:,}; {AGAIN}")
    if rows >= 0 and entry.rows not in (-1, rows):
        raise MixedVersions(f"{path}: manifest.json has {entry.rows} rows, {LAYOUT} has {rows}; {AGAIN}")


def _check_strangers(folder: Folder, form: ShardFormat, split: str, present: set[str]) -> None:
    """Shards of another run in the same folder would be read by loaders that glob for them."""
    if strangers := form.strangers(folder, split, present):
        raise MixedVersions(
            f"{folder.files.root / strangers[0]} is of another run than {LAYOUT} beside it; remove it, or {AGAIN}"
        )
