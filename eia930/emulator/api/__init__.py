# SPDX-License-Identifier: Apache-2.0
"""The API's own ways: queries, pages, envelopes, refusals."""
