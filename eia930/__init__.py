# SPDX-License-Identifier: Apache-2.0
"""The U.S. hourly electricity record (Form EIA-930), from its sources to a checked record.

Data pass the rooms from top to bottom; each imports from those above it alone (quality/architecture, `make lint`):

    reference   who and what exists: routes, respondents, hours
    question    what is asked: plan, spans, windows
    store       what is kept: folders and buckets, leases, the manifest
    sources     where hours come from: one dispatcher, its pace; api
    record      what they say: grid, tidy files, rejects, their account
    screening   which values to doubt
    checks      which series contradict each other
    coverage    which hours exist at all
    account     what came of a load: sums, series, publication
    report      the page

Beside them stands `emulator`, which imitates a source; `program` is how every program starts, reads flags and ends.
"""

__version__ = "0.1.0"
