# SPDX-License-Identifier: Apache-2.0
"""Many small stored responses of a respondent in few objects, verbatim and under their own names."""
