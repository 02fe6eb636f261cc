"""The program of the worker that stays, with the fake worker in place of the one that needs torch."""

from __future__ import annotations

import sys

from engine import serve
from engine.worker import process
from tests.support.engine.workers import FAKE_WORKER

if __name__ == "__main__":
    process.WORKER = FAKE_WORKER
    sys.exit(serve.main())
