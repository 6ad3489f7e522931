# SPDX-License-Identifier: Apache-2.0
"""What unobserved demand holds in blocks of inputs=estimate: made once for an output, and kept beside it. No Beam.

    raw/filled/demand              all fills, under the name of all that decides them
    raw/filled/quarters/<month>    those of a quarter, under the name of what they are made of

May be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import zstandard

from eia930.estimating.areas import DEMAND
from eia930.estimating.causal.output import DemandFills, Load, demand_fills
from eia930.record.assembly import Screening
from eia930.record.tidy_series import SeriesRef
from eia930.record.unchanged.inputs import name_of, named
from eia930.record.unchanged.kept import keep, kept
from eia930.reference.routes import FORECAST as AHEAD
from eia930.reference.series import find_series
from eia930.store.storage import Storage
from transforms.block_settings import BlockSettings

_PATH = "raw/filled/demand"


def inputs_of(
    storage: Storage, refs: Sequence[SeriesRef], load: Load, chosen: BlockSettings, screening: Screening
) -> DemandFills:
    """The fills of an output: kept ones, where they are of these very files and settings; else made, and kept.

    The same bytes either way, on whichever worker.
    """
    refs = [ref for ref in refs if _bears(ref.series_id)]
    name = _name(refs, chosen, screening)
    if name and (data := kept(storage, _PATH, name, bytes)):
        try:
            return DemandFills.of_bytes(data)
        except (msgspec.MsgspecError, zstandard.ZstdError):
            pass  # as if it were not there
    names = [ref.series_id for ref in refs]
    fills = demand_fills(names, load, first=chosen.first, last=chosen.last, storage=storage)
    if name:
        keep(storage, _PATH, name, fills.to_bytes())
    return fills


def _bears(series_id: str) -> bool:
    """Whether a series bears on fills: demand, and its forecasts."""
    key = find_series(series_id)
    return key is not None and key.type in (DEMAND, AHEAD)


def _name(refs: Sequence[SeriesRef], chosen: BlockSettings, screening: Screening) -> str:
    """Names all that decides the fills; empty for a screening made while the program runs, which has no name."""
    how = name_of(screening)
    return how and named("fills", refs, chosen.cuts, sorted(chosen.against), how, chosen.first, chosen.last)
