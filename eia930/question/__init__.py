# SPDX-License-Identifier: Apache-2.0
"""What is asked: a question, its plan, the spans and windows that it is cut into."""
