# SPDX-License-Identifier: Apache-2.0
"""Open a folder of blocks only if every file that will be read is there, whole, and of one run."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import TypeVar

from pyarrow.fs import FileType

from ringdata.config import CONFIGS
from ringdata.errors import DamagedFile, EmptySplit, FolderError, MissingFile, MixedVersions, NotFinished
from ringdata.files import Files
from ringdata.formats import ShardFormat, format_in
from ringdata.kept import kept_folder, output_of
from ringdata.layout import SPLITS, VERSION, Layout
from ringdata.manifest import AGAIN, LAYOUT, LOOKS, MANIFEST, SEQUENCES, Entry, Folder, read_entries, read_named
from ringdata.shards import ShardReader, Tokens

_OPENERS = 8
_SYNTHETIC = "synthetic"
"""Where below an output a load without a key writes."""
_DEEPEST = 4
"""Folders of an output above its blocks: `tfds/eia930/panel/1.0.0`."""
_NO_DOCUMENT = (ValueError, KeyError, TypeError, RecursionError)
"""What reading a manifest or a layout raises where a file is none."""
_Taken = TypeVar("_Taken")


def open_folder(files: Files, split: str, *, verify: str = "size") -> Folder:
    """Check the folder for one split: every file by size, layout.json and sequences.parquet whole.

    What stands beside a shard is read whole by `Folder.read` as the shard is opened, the shard itself by checksum as
    its windows are read. `verify="sha256"` reads all of them here.

    Raises NotFinished, MissingFile, DamagedFile, MixedVersions or EmptySplit, each with the file and the remedy.
    """
    if verify not in ("size", "sha256"):
        raise ValueError(f"verify {verify!r}: give 'size' or 'sha256'")
    for left in reversed(range(LOOKS)):
        try:
            return _checked(open_any(files), split, verify)
        except (DamagedFile, MissingFile, MixedVersions):
            if not left or kept_folder(files.real_root) is None:
                raise
    raise AssertionError("a last look raises")


def _checked(folder: Folder, split: str, verify: str) -> Folder:
    files, manifest, form = folder.files, folder.manifest, format_in(list(folder.manifest))
    _check_split(folder, split)
    sizes = files.sizes()
    for name, rows in _expected(folder, form, split).items():
        if (entry := manifest.get(name)) is None or sizes.get(name) != entry.size:
            # Another may publish just now.
            sizes |= {name: entry.size} if entry is not None and folder.look_elsewhere(name) else {}
        _check_file(files, name, entry, sizes.get(name), rows)
        if name in (LAYOUT, SEQUENCES) or verify == "sha256":
            folder.read(name)
    _check_strangers(folder, form, split, set(sizes))
    return folder


class SplitShards:
    """The shards of a split, each opened when it is first read, or all at once by `open_all`."""

    def __init__(self, folder: Folder, split: str) -> None:
        self.described = folder.layout.split(split)
        self._folder = folder
        self._readers: dict[int, ShardReader] = {}

    @property
    def _form(self) -> ShardFormat:
        return format_in(list(self._folder.manifest))

    def open_all(self) -> None:
        """FolderError where one is not as it was written."""
        with ThreadPoolExecutor(min(_OPENERS, len(self.described))) as pool:
            list(pool.map(lambda number: self._found(number, lambda reader: reader), range(len(self.described))))

    def read(self, number: int, row: int, token: int, out: Tokens) -> Tokens:
        """As a shard reads, from where it is now: another run may have taken its place since the folder was opened."""
        return self._found(number, lambda reader: reader.read(self._folder.files, row, token, out))

    def _found(self, number: int, take: Callable[[ShardReader], _Taken]) -> _Taken:
        """What is taken of a shard, opened anew from where it is now where that is refused."""
        for left in reversed(range(LOOKS)):
            try:
                reader = self._readers.get(number)
                if reader is None:
                    reader = self._readers[number] = self._form.open(self._folder, self.described[number])
                return take(reader)
            except FolderError:
                self._readers.pop(number, None)
                if not left or not self._looked_elsewhere(number):
                    raise
        raise AssertionError("a last look raises")

    def _looked_elsewhere(self, number: int) -> bool:
        return self._folder.look_elsewhere(self._form.shard(self.described[number]))


def open_any(files: Files) -> Folder:
    """A finished folder, whatever splits it holds; no shard is looked at."""
    _check_place(files)
    manifest, written = _manifest(files)
    return Folder(files, _layout(files, manifest.get(LAYOUT)), manifest, written)


def _check_place(files: Files) -> None:
    """Refuse what is no folder, or one above or below the blocks."""
    kind = files.reach()
    if kind == FileType.NotFound:
        beside = _synthetic_beside(files)
        hint = f"; {beside} does, whose hours are synthetic: no load with a key has written here" if beside else ""
        raise MissingFile(f"{files.path} does not exist: give a folder such as OUTPUT/blocks/panel{hint}")
    if kind == FileType.File:
        raise MissingFile(f"{files.path} is a file: give the folder that holds it, such as OUTPUT/blocks/panel")
    above = ("", "blocks", f"{_SYNTHETIC}/blocks")
    below = [PurePosixPath(folder) / config.name for folder in above for config in reversed(CONFIGS)]
    found = files.infos([files.root / LAYOUT, *(files.root / place / LAYOUT for place in below)])
    there = [place for place, info in zip(below, found[1:], strict=True) if info.type == FileType.File]
    if found[0].type != FileType.File and there:
        raise MissingFile(f"{files.path} holds no blocks itself: give {files.path.rstrip('/')}/{there[0]}")


def _synthetic_beside(files: Files) -> str:
    """The folder of the same name that a load without a key has written below the output; empty where none has."""
    words, above = files.path.rstrip("/").split("/"), [root for root in files.root.parents if root.name][:_DEEPEST]
    try:
        infos = files.infos([root / _SYNTHETIC / files.root.relative_to(root) for root in above])
    except FolderError:
        return ""
    found = (number for number, info in enumerate(infos, 1) if info.type == FileType.Directory)
    number = next(found, 0)
    return "/".join([*words[:-number], _SYNTHETIC, *words[-number:]]) if number else ""


def _manifest(files: Files) -> tuple[dict[str, Entry], bytes]:
    """The folder's own manifest, by file name: whoever writes blocks writes it last."""
    try:
        content = files.read(files.root / MANIFEST)
    except FileNotFoundError:
        raise NotFinished(
            f"{files.path}: no {MANIFEST}: the run that writes these blocks has not ended well, or is older than this "
            "reader, or only a part was copied; run it (again), cut them again (python -m pipelines.blocks), or copy "
            "the whole folder"
        ) from None
    try:
        return read_entries(content), content
    except _NO_DOCUMENT as wrong:
        raise DamagedFile(f"{files.root / MANIFEST} is no manifest ({wrong}); {AGAIN}") from wrong


def _layout(files: Files, entry: Entry | None) -> Layout:
    path = files.root / LAYOUT
    try:
        content = files.read(path) if entry is None else _layout_named(files, entry)
        version = json.loads(content)["version"]
        if version != VERSION:
            raise MixedVersions(
                f"{path} is of version {version}, this reader reads {VERSION}; install the reader of that version, "
                "or run the pipeline again"
            )
        return Layout.from_json(content)
    except FileNotFoundError:
        raise MissingFile(f"{path} is missing: give a folder such as OUTPUT/blocks/panel; {AGAIN}") from None
    except _NO_DOCUMENT as wrong:
        raise DamagedFile(f"{path} is no layout ({wrong}); {AGAIN}") from wrong


def _layout_named(files: Files, entry: Entry) -> bytes:
    """As the manifest names it; what stands at its place where that is nowhere: it may say of which version it is."""
    try:
        return read_named(files, LAYOUT, entry)
    except DamagedFile:
        return files.read(files.root / LAYOUT)


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
    if rows >= 0 and entry.rows != rows:
        raise MixedVersions(f"{path}: manifest.json has {entry.rows} rows, {LAYOUT} has {rows}; {AGAIN}")


def _check_strangers(folder: Folder, form: ShardFormat, split: str, present: set[str]) -> None:
    """Shards of another run in the same folder would be read by loaders that glob for them.

    Newer ones of the output itself are none: staged, or named by its manifest, while the folder's own is the earlier.
    """
    strangers = form.strangers(folder, split, present)
    if strangers and (unknown := set(strangers) - _coming(folder.files)):
        raise MixedVersions(
            f"{folder.files.root / min(unknown)} is of another run than {LAYOUT} beside it; remove it, or {AGAIN}"
        )


def _coming(files: Files) -> set[str]:
    """Files of the folder that its output keeps, or that the output's manifest names."""
    kept, output = kept_folder(files.real_root), output_of(files.real_root)
    if kept is None or output is None:
        return set()
    # A publication moves a file from the one to the other; the next, back.
    names = set(files.sizes(kept))
    named = _named(files, output)
    names |= set(files.sizes(kept))
    return named | {name.rpartition(".")[0] for name in names}


def _named(files: Files, output: PurePosixPath) -> set[str]:
    inside = files.real_root.relative_to(output)
    try:
        paths = map(PurePosixPath, read_entries(files.read(output / MANIFEST)))
    except (FolderError, *_NO_DOCUMENT):
        return set()
    return {path.name for path in paths if path.parent == inside}
