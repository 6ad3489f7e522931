# SPDX-License-Identifier: Apache-2.0
"""Where the data come from: routes, respondents, hours, plan, client, rate, storage, stored responses, rows."""
