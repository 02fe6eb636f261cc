"""`warmer` as it is installed, except that its renderer needs no model and never stops sending previews.

python -m tests.support.terminal.streaming_warmer STEPS SECONDS_A_STEP [ARGUMENTS]
"""

from __future__ import annotations

import sys

from engine.fake import FakeRenderer
from tui import cli
from tui.app import launch


def main() -> None:
    """Run the command with the arguments after the first two."""
    steps, seconds = int(sys.argv[1]), float(sys.argv[2])
    setattr(launch, "_renderer", lambda _: FakeRenderer(steps=steps, step_seconds=seconds))  # noqa: B010 (as in seams)
    cli.main(sys.argv[3:])


if __name__ == "__main__":
    main()
