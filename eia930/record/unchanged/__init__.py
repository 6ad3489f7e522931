# SPDX-License-Identifier: Apache-2.0
"""Groups whose files and account are what assembling them again would give: they are kept as they stand."""
