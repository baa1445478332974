"""The command line: ``python -m lupa [options] [script [args]]``."""

import sys

from lupa._cli.program import main

if __name__ == "__main__":
    sys.exit(main())
