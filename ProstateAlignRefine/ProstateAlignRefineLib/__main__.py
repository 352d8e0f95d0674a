"""`python -m ProstateAlignRefineLib`, where the console command is not on the path."""

import sys

from .cli import main

sys.exit(main())
