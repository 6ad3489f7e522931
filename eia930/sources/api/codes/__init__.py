# SPDX-License-Identifier: Apache-2.0
"""Which codes the API has: its own lists, asked for once a day."""
