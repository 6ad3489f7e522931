# SPDX-License-Identifier: Apache-2.0
"""Rows on their way to Avro are what pyarrow itself makes of them, moments as milliseconds."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from eia930.record.avro import _rows

HOURS = 70_000
"""More than one batch."""


@pytest.mark.parametrize("hours", [0, 1, HOURS])
def test_rows_are_those_of_the_tables(hours: int) -> None:
    chance = np.random.default_rng(1)
    gone = chance.random(hours) < 0.3
    table = pa.table(
        {
            "period": pa.array(np.arange(hours) * 3600, pa.timestamp("s", "UTC")),
            "retrieved_at": pa.array(np.arange(hours), pa.timestamp("s", "UTC"), mask=gone),
            "type": pa.array(chance.choice(["D", "NG"], hours).tolist(), pa.string()),
            "source": pa.array(
                chance.choice(["api", "files"], hours).tolist(), pa.string(), mask=gone
            ).dictionary_encode(),
            "value": pa.array(np.where(chance.random(hours) < 0.1, -0.0, chance.normal(0, 1e9, hours)), mask=gone),
            "adjusted": pa.nulls(hours, pa.float64()),
            "estimate_by": pa.nulls(hours, pa.dictionary(pa.int32(), pa.string())),
        }
    )
    count = Counter[str]()
    found = list(_rows([table, table.slice(hours // 2)], count))
    wanted = [*table.to_pylist(), *table.slice(hours // 2).to_pylist()]
    for row in wanted:
        for name in ("period", "retrieved_at"):
            row[name] = None if row[name] is None else round(row[name].timestamp() * 1000)
    assert count["rows"] == len(wanted)
    assert found == wanted
    assert {type(value) for row in found for value in row.values()} <= {int, str, float, type(None)}
