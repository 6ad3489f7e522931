# SPDX-License-Identifier: Apache-2.0
"""Programs: each one screen, `build` and `main`."""
