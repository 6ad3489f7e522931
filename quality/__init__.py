# SPDX-License-Identifier: Apache-2.0
"""What can be trusted: screening, cross-checks, gaps and the report. Reads the record, never changes a value."""
