"""`python -m pl_native.cli`: the same as `pl-native`."""

import sys

from pl_native.cli import main

sys.exit(main())
