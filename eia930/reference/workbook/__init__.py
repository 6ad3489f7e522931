# SPDX-License-Identifier: Apache-2.0
"""EIA's own workbook of reference tables: read, and held against ours."""
