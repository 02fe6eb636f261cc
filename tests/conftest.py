"""One thread a process: tiny models gain nothing from more, and two runs at once would spin against each other."""

import os

os.environ["OMP_NUM_THREADS"] = "1"
