# SPDX-License-Identifier: Apache-2.0
"""Runs the prototype by import, so that workers find its functions by name, as they find ours."""

import sys

from tests.flink.prototype import main

if __name__ == "__main__":
    main(sys.argv[1:])
