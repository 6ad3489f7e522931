# SPDX-License-Identifier: Apache-2.0
"""Where the data come from: routes, respondents, plan, client, rate, storage, stored responses, rows."""
