# SPDX-License-Identifier: Apache-2.0
"""A group as it stands where nothing that decides it changed; else it is assembled, and its account kept."""

from __future__ import annotations

from collections.abc import Sequence

from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.record.unchanged.inputs import inputs_of
from eia930.record.unchanged.kept import keep_account, kept_account
from eia930.sources.fetched import Failure
from eia930.sources.source import NamesAnswers, Reading
from eia930.store.storage import Storage


def group(
    storage: Storage,
    source: Reading,
    span: Span,
    *,
    screening: Screening,
    failures: Sequence[Failure] = (),
    formats: Sequence[str] = (),
    drop_history: bool = False,
) -> GroupReport:
    """What `assemble` gives, and raises; files and account are the same whether they were kept or made anew."""
    # What could not be had is in no name of what was.
    inputs = None if failures else inputs_of(storage, source, span, screening=screening, formats=formats)
    if inputs and (account := kept_account(storage, span, inputs)):
        return account
    account = assemble(
        storage,
        source.keeping() if isinstance(source, NamesAnswers) else source,
        span,
        screening=screening,
        failures=failures,
        formats=formats,
        drop_history=drop_history,
    )
    if inputs:
        keep_account(storage, span, inputs, account)
    return account
