# SPDX-License-Identifier: Apache-2.0
"""What the files of EIA, and the server that has them, do or may do beside the plain case."""

from dataclasses import dataclass, field
from typing import Any


def _quirk(help_text: str, *default: int) -> Any:
    return field(default=default[0] if default else False, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Quirks of the emulator's files; none by default. Each is a flag `--files_…`."""

    old_headers: bool = _quirk("17, 42 and 63 columns, as before the release of Q2 2025, for 19, 44 and 65")
    no_misprints: bool = _quirk("headers without the two misprints of 65-column files")
    thousands: bool = _quirk('numbers from 1,000 on as "1,060"')
    bom: bool = _quirk("a byte-order mark before the header")
    crlf: bool = _quirk("lines that end in CR LF")
    iso_stamps: bool = _quirk("stamps as 2020-07-01T06:00:00")
    bare_codes: bool = _quirk("sub-regions in small letters and without leading zeros")
    new_imputed: bool = _quirk("an (Imputed) column that nobody knows")
    new_reported: bool = _quirk("a reported column that nobody knows")
    unknown_authority: bool = _quirk("an authority that no table knows, with the hours of the first one")
    forecast_tail: bool = _quirk("a last day with forecasts alone, at the end of the open BALANCE file")
    differ: int = _quirk("demand cells a BALANCE file that are 1 MW above the API's", 0)
    lack: int = _quirk("demand cells a BALANCE file that are empty though the API has them", 0)
    repeat: int = _quirk("last lines that a file has twice", 0)
    no_index: bool = _quirk("the index is not there")
    html_404: bool = _quirk("a file that is not there answers 404, not 200, with the HTML page")
    no_etag: bool = _quirk("no ETag")
    no_last_modified: bool = _quirk("no Last-Modified")
    no_range: bool = _quirk("Range is ignored: always the whole file")
    no_length: bool = _quirk("no Content-Length: the end of the connection ends the body")
    no_gzip: bool = _quirk("never compressed in transport")
    rebuild_after: int = _quirk("requests after which a file is rebuilt, one value in it revised; 0 never", 0)
