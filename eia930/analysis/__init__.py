# SPDX-License-Identifier: Apache-2.0
"""The short way of an analyst to an output's hours: `eia930.hours(...)`. Needs numpy and pyarrow alone."""
