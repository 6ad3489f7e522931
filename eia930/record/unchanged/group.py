# SPDX-License-Identifier: Apache-2.0
"""A group as it stands where nothing that decides it changed; else it is assembled, and its account kept.

raw/assembled/<route>/<respondent>   the account, under the name of all that decided it and the files
raw/estimated/<route>/<respondent>   the account that stands for it since estimates were added to its tidy file
"""

from __future__ import annotations

from collections.abc import Sequence

from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.record.unchanged.inputs import inputs_of, named
from eia930.record.unchanged.kept import all_whole, keep, kept, renew
from eia930.record.versions.revisions import revisions_path
from eia930.sources.fetched import Failure
from eia930.sources.source import NamesAnswers, Reading
from eia930.store.storage import Storage

ROOT = "raw/assembled"
FINISHED = "raw/estimated"


def group(
    storage: Storage,
    source: Reading,
    span: Span,
    *,
    screening: Screening,
    failures: Sequence[Failure] = (),
    drop_history: bool = False,
) -> GroupReport:
    """What `assemble` gives, and raises; files and account are the same whether they were kept or made anew."""
    # What could not be had is in no name of what was.
    inputs = None if failures else inputs_of(storage, source, span, screening=screening)
    if inputs and (account := _kept_account(storage, span, inputs)):
        return account
    account = assemble(
        storage,
        source.keeping() if isinstance(source, NamesAnswers) else source,
        span,
        screening=screening,
        failures=failures,
        drop_history=drop_history,
    )
    if inputs:
        keep(storage, _path(span), inputs, account)
    return account


def keep_finished(storage: Storage, assembled: GroupReport, finished: GroupReport) -> None:
    """A later stage has put other files in the place of those that were assembled, or stood for them."""
    if not renew(storage, _finished(assembled), assembled, finished):
        keep(storage, _finished(assembled), _files_of(assembled), finished)


def _kept_account(storage: Storage, span: Span, inputs: str) -> GroupReport | None:
    """What was made of these inputs, where all its files are as they were written, and no revisions beside them."""
    assembled = kept(storage, _path(span), inputs, GroupReport)
    if assembled is None:
        return None
    # The one whose files most likely stand goes first: files are read to be known whole.
    finished = kept(storage, _finished(assembled), _files_of(assembled), GroupReport)
    account = next((one for one in (finished, assembled) if one and all_whole(storage, one.files)), None)
    if account is None:
        return None
    revisions = revisions_path(span.route, span.respondent)
    # Of revisions that it has not, assembling says whether raw/ still tells them.
    stray = not any(file.path == revisions for file in account.files) and storage.exists(revisions)
    return None if stray else account


def _path(span: Span) -> str:
    return f"{ROOT}/{span.route}/{span.respondent}"


def _finished(assembled: GroupReport) -> str:
    return f"{FINISHED}/{assembled.route}/{assembled.respondent}"


def _files_of(account: GroupReport) -> str:
    return named(account.files)
