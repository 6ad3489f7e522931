# SPDX-License-Identifier: Apache-2.0
"""EIA's six-month files, made from the same hours as the emulator's API, in every vintage and with every quirk."""
