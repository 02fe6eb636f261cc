"""The app on a real terminal, with a renderer that needs no model, that notes how each of its searches ended.

    python -m tests.support.tui.recorded_warmer FOLDER [ARGUMENTS]

Pictures and state are under FOLDER, which is the working directory too.  `FOLDER/live/NAME.json` holds the session of
the folder NAME as it was in memory when its search ended: a file on disk can only be compared with something.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from engine.fake import FakeRenderer
from engine.search.journal_json import session_to_json
from engine.search.running import Search
from tests.support.tui.driving import make_app


def main() -> None:
    """Run the app with its files under FOLDER."""
    folder = Path(sys.argv[1]).absolute()
    live = folder / "live"
    live.mkdir(exist_ok=True)
    os.chdir(folder)
    wait = Search.wait

    def note_and_wait(self: Search) -> None:
        wait(self)
        session = json.dumps(session_to_json(self.session))
        (live / f"{self._pictures.folder.name}.json").write_text(session, "ascii")

    Search.wait = note_and_wait  # type: ignore[method-assign]  # the program under test has no other way in
    make_app(folder, *sys.argv[2:], renderer=FakeRenderer(step_seconds=0.05)).run()


if __name__ == "__main__":
    main()
