# SPDX-License-Identifier: Apache-2.0
"""The report page: one self-contained file that says what was loaded, what is missing and what is doubtful."""
