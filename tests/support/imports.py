"""What a program imports, seen in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys


def imported_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after it has run `code`."""
    report = f"{code}\nimport sys\nprint('\\n'.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())
