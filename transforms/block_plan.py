# SPDX-License-Identifier: Apache-2.0
"""Which blocks a catalogue of series gives, by arithmetic: the same on every worker, and told to the user. No Beam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eia930.record.tidy_series import SeriesRef
from eia930.reference.hours import stamp
from eia930.reference.respondents import respondents
from eia930.reference.routes import INTERCHANGE, SUBREGION
from eia930.reference.series import find_series
from ringdata.layout import REPORTED, SPLITS, Layout, Member
from ringdata.plan import plan_panel, plan_series
from transforms.block_settings import BlockSettings

_SUMS = ("region", "nation")


def slots_of(refs: Sequence[SeriesRef], chosen: BlockSettings) -> tuple[str, ...]:
    """Series ids by slot: those that have one keep it, new ones come after them, by id."""
    new = sorted({ref.series_id for ref in refs} - set(chosen.slots))
    return (*chosen.slots, *new)


def members_of(refs: Sequence[SeriesRef], chosen: BlockSettings) -> list[Member]:
    """The series as layouts know them, by slot."""
    held = {ref.series_id: ref for ref in refs}
    return [_member(name, held.get(name)) for name in slots_of(refs, chosen)]


def layouts_of(refs: Sequence[SeriesRef], chosen: BlockSettings) -> dict[str, Layout]:
    """Both configs; none where there is no series or no training format was asked for."""
    members = members_of(refs, chosen)
    if not refs or not chosen.formats:
        return {}
    return {
        "series": plan_series(members, cuts=chosen.cuts, inputs=chosen.inputs),
        "panel": plan_panel(members, cuts=chosen.cuts, inputs=chosen.inputs),
    }


def told(refs: Sequence[SeriesRef], chosen: BlockSettings) -> Iterator[str]:
    """Blocks by config and split, a line each; then a line that names the splits without any."""
    layouts = layouts_of(refs, chosen)
    for config, layout in layouts.items():
        counts = ((split, sum(shard.rows for shard in layout.split(split))) for split in SPLITS)
        yield f"blocks    {config}: {', '.join(f'{n:,} {split}' for split, n in counts)} blocks"
    if layouts and chosen.inputs != REPORTED:
        yield f"inputs    {chosen.inputs}: value is told from earlier hours and forecasts where demand was not observed"
    for configs, splits in _empty(layouts).items():
        first, last = (stamp(hour) for hour in (min(ref.first for ref in refs), max(ref.last for ref in refs)))
        yield (
            f"EMPTY     {_listed(splits)} {'holds' if len(splits) == 1 else 'hold'} no block of {_listed(configs)}: "
            f"values stand from {first} to {last}, validation is cut at {stamp(chosen.cuts.validation)}, test at "
            f"{stamp(chosen.cuts.test)}; move --validation_start and --test_start, or load more hours"
        )


def _empty(layouts: Mapping[str, Layout]) -> dict[tuple[str, ...], list[str]]:
    """Splits without a block, by the configs in which they have none."""
    found: dict[tuple[str, ...], list[str]] = {}
    for split in SPLITS:
        if configs := tuple(name for name, layout in layouts.items() if not layout.split(split)):
            found.setdefault(configs, []).append(split)
    return found


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _member(series_id: str, ref: SeriesRef | None) -> Member:
    """The series by its name and the tables; without a reference it holds no hour, and keeps its slot empty."""
    first, last = (ref.first, ref.last) if ref else (0, -1)
    key = find_series(series_id)
    if key is None:
        return Member(series_id, first, last, time_zone=ref.time_zone if ref else "UTC")
    found, part = respondents().get(key.respondent), key.route is SUBREGION
    kind = "subregion" if part else found.kind if found else "unknown"
    return Member(
        series_id,
        first,
        last,
        unit=key.route.unit,
        time_zone=found.time_zone if found else "UTC",
        area=key.kind if part else key.respondent,
        type=series_id.split(".", 2)[2].removesuffix(".H"),
        kind=kind,
        parent=key.respondent if part else "",
        partner=key.kind if key.route is INTERCHANGE else "",
        region=found.region if found else "",
        is_sum=kind in _SUMS,
    )
