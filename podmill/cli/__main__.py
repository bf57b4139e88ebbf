"""``python -m podmill.cli``."""

import sys

from podmill.cli import main

if __name__ == "__main__":
    sys.exit(main())
