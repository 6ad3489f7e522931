# SPDX-License-Identifier: Apache-2.0
"""The account of a group beside its files, under the name of all that decided both. May be deleted at any time.

raw/assembled/<route>/<respondent>.json   version, inputs, sha256 of the account, the account
"""

from __future__ import annotations

import hashlib

import msgspec

from eia930.question.span import Span
from eia930.record.assembly import GroupReport
from eia930.record.versions.revisions import revisions_path
from eia930.store.manifest import File
from eia930.store.objects import object_key
from eia930.store.storage import Storage

ROOT = "raw/assembled"
_VERSION = 1


class _Kept(msgspec.Struct, frozen=True):
    version: int
    inputs: str
    sha256: str
    account: msgspec.Raw


def kept_account(storage: Storage, span: Span, inputs: str) -> GroupReport | None:
    """The account of a group that was made of these inputs, where each of its files is as it was written; else None."""
    try:
        kept = msgspec.json.decode(storage.get(_path(span)), type=_Kept)
        if (kept.version, kept.inputs) != (_VERSION, inputs):
            return None
        if hashlib.sha256(kept.account).hexdigest() != kept.sha256:
            return None
        account = msgspec.json.decode(kept.account, type=GroupReport)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return account if _stands(storage, span, account.files) else None


def keep_account(storage: Storage, span: Span, inputs: str, account: GroupReport) -> None:
    """For the next run."""
    told = msgspec.json.encode(account)
    kept = _Kept(_VERSION, inputs, hashlib.sha256(told).hexdigest(), msgspec.Raw(told))
    storage.put(_path(span), msgspec.json.encode(kept))


def _stands(storage: Storage, span: Span, files: list[File]) -> bool:
    """Whether every file is whole at its path, or staged for an empty one; and no revisions stand that it has not."""
    revisions = revisions_path(span.route, span.respondent)
    if not any(file.path == revisions for file in files) and storage.exists(revisions):
        # Assembling says whether raw/ still tells them.
        return False
    return all(_is_whole(storage, file) for file in files)


def _is_whole(storage: Storage, file: File) -> bool:
    """What is staged is put over what stands, so it must be whole as well."""
    there, staged = (_sha256(storage, key) for key in (file.path, object_key(file.path, file.sha256)))
    return there in (None, file.sha256) and staged in (None, file.sha256) and (there or staged) is not None


def _sha256(storage: Storage, key: str) -> str | None:
    """None where there is no such object."""
    try:
        return hashlib.sha256(storage.get(key)).hexdigest()
    except KeyError:
        return None


def _path(span: Span) -> str:
    return f"{ROOT}/{span.route}/{span.respondent}.json"
