# SPDX-License-Identifier: Apache-2.0
"""Several respondents in one request, so that pages come back full where each alone would leave its own half empty."""
