"""The app on a real terminal, with a renderer that needs no model.

python -m tests.support.terminal.fake_warmer FOLDER [ARGUMENTS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.fake import FakeRenderer
from tests.support.tui.driving import make_app


def main() -> None:
    """Run the app with its files under FOLDER."""
    make_app(Path(sys.argv[1]), *sys.argv[2:], renderer=FakeRenderer(step_seconds=0.05)).run()


if __name__ == "__main__":
    main()
