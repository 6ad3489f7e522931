# SPDX-License-Identifier: Apache-2.0
"""What a server was asked for hours: every load asks for its lists of codes besides, once a day."""

from contextlib import closing
from pathlib import Path

from eia930.emulator import Emulator, RowSource
from eia930.emulator.server import Seen
from eia930.reference.routes import ROUTES
from eia930.sources.api.client import Api
from eia930.sources.api.codes.lists import ask_list, missing_lists
from eia930.store.storage import Storage


def hours_asked(server: Emulator) -> list[Seen]:
    """The requests for rows, in the order in which they came."""
    return [one for one in server.requests if "/facet/" not in one.path]


def have_lists(out: Path, rows: RowSource) -> None:
    """The lists of all routes lie in the output, of today: a load asks for hours at once."""
    with Emulator(rows) as server, closing(Api(server.url, "0123456789abcdef")) as api:
        for asked in missing_lists((), ROUTES):
            ask_list(api, Storage.at(str(out)), asked)
