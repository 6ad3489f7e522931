# SPDX-License-Identifier: Apache-2.0
"""EIA's own series names, taken apart: `EBA.PACW-ALL.NG.WND.H`, `EBA.BPAT-PACW.ID.H`, `EBA.CISO-PGAE.D.H`."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"EBA\.(?P<respondent>[^.-]+)-(?P<partner>[^.]+)\.(?P<kind>[^.]+(?:\.[^.]+)?)\.H")


@dataclass(frozen=True, slots=True)
class SeriesName:
    """`partner` is `ALL`, a neighbour or a sub-region; `kind` is D, DF, NG, TI, ID or NG.<fuel>."""

    respondent: str
    partner: str
    kind: str

    @property
    def fuel(self) -> str:
        """The energy source of a generation-by-fuel series, else an empty string."""
        return self.kind.partition(".")[2]


def parse_series_id(series_id: str) -> SeriesName:
    """Take a series name apart; ValueError for anything that is not an hourly UTC series of Form EIA-930."""
    found = _NAME.fullmatch(series_id)
    if not found:
        raise ValueError(f"{series_id!r} is no series name like EBA.PACW-ALL.D.H")
    return SeriesName(found["respondent"], found["partner"], found["kind"])


def series_id(respondent: str, kind: str, partner: str = "ALL") -> str:
    """Put a series name together."""
    return f"EBA.{respondent}-{partner}.{kind}.H"
