# SPDX-License-Identifier: Apache-2.0
"""Programs: each one screen, `build` and `main`."""

import logging

# Beam says on import that a client of Google's is missing, which nobody here needs.
logging.getLogger().addFilter(lambda record: "apitools not found" not in record.getMessage())
