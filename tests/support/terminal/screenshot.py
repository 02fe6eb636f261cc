"""Take the README's picture: warmer in a real sixel terminal, on a virtual screen.

    python -m tests.support.terminal.screenshot docs/images/screenshot.png [--prompt P | --file FILE] [--seed N]
        [--keys 3,n,...]

It needs xterm, Xvfb, xdotool and ImageMagick's `import`, from any Linux distribution.  It waits by time alone, because
the words on a screen cannot be read back: a slow machine needs a larger --wait.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZE = "1110x900"
XTERM = (
    *("xterm", "-ti", "vt340", "-tn", "xterm-256color", "-b", "8", "-bw", "0", "-bg", "#121212"),
    *("-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "122x47+0+0", "-xrm", "XTerm*maxGraphicSize: 2000x2000"),
)


def main() -> None:
    """Take one picture."""
    parser = argparse.ArgumentParser(description="Take a picture of warmer in a sixel terminal.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--prompt", default="a red sun over snowy mountains, two pine trees, a lake")
    parser.add_argument("--file", default="", help="open this picture instead of a prompt")
    parser.add_argument("--seed", default="7")
    parser.add_argument("--keys", default="", help="xdotool key names, joined by commas")
    parser.add_argument("--wait", type=float, default=18.0, help="seconds until the first grid is done")
    options = parser.parse_args()
    display = f":{os.getpid() % 500 + 100}"
    screen = subprocess.Popen(["Xvfb", display, "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp"])
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"DISPLAY": display, "HOME": home, "COLORTERM": "truecolor"}
        environment.pop("TMUX", None)
        time.sleep(1.0)
        begin = [options.file, "--model", "embedded"] if options.file else ["--prompt", options.prompt]
        command = [sys.executable, "-m", "tui", *begin, "--seed", options.seed]
        terminal = subprocess.Popen([*XTERM, "-e", *command], env=environment)
        try:
            time.sleep(options.wait)
            for key in filter(None, options.keys.split(",")):
                subprocess.run(["xdotool", "key", "--clearmodifiers", key], env=environment, check=True)
                time.sleep(4.0)
            subprocess.run(["import", "-window", "root", str(options.out)], env=environment, check=True)
        finally:
            terminal.terminate()
            terminal.wait()
            screen.terminate()
            screen.wait()


if __name__ == "__main__":
    main()
