"""Programs that search in one folder and one state directory at the same time, and real small disks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.search.journal_files import journals_in
from engine.search.sessions import read_session
from tests.campaigns.disk.acts import damage

ROOT = Path(__file__).parents[3]
TIMEOUT = 120.0
_SEARCH = """
import errno, fcntl, os, sys
from pathlib import Path
from engine.open import folder_for, open_prompt
from engine.options import Options
from engine.search.answers import Picked
from tests.support.engine.searching import Running

def refused(*_, **__):
    raise OSError(errno.EOPNOTSUPP, "")

if sys.argv[3] == "bare":
    os.link = fcntl.flock = refused
opening = open_prompt(Options(seed=int(sys.argv[2])), "a lake")
folder = Path(sys.argv[1])
pictures = folder_for(opening, None if sys.argv[4] == "new" else folder / "s", folder)
sys.stdin.readline()
running = Running(opening, pictures)
running.finish()
for mark in (1, 0, 2, 1):
    running.tell(Picked(marks=(mark,)))
running.close()
assert not running.search.unsaved and not running.troubles, (running.search.unsaved, running.troubles)
print(pictures.folder)
"""
_SMALL_DISK = """
mkdir disk && mount -t tmpfs -o {options} none disk || exit 77
cp a.png disk/ && cd disk && {prepare}
{python} -c '{program}'
code=$?; mount -o remount,rw none . 2>../noise
find . -name ".latentpng-*" -printf "left %f\\n"; cd .. && cp -r disk kept && exit $code
"""
_VARY = """
import sys
from tests.support.tui.scripting import warmer
from latentpng.errors import LatentPngError
from tui.exit_codes import exit_code_of
try:
    sys.exit(warmer("vary", "a.png", "--count", 4, "--seed", 3, "--out", "out"))
except LatentPngError as error:
    print(error, file=sys.stderr)
    sys.exit(exit_code_of(error))
"""
_READ_ONLY = """
import os, subprocess, sys
from pathlib import Path
from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from tests.support.engine.searching import Running
def mount(how):
    subprocess.run(["mount", "-o", "remount," + how, "none", "."], check=True)
os.environ["XDG_STATE_HOME"] = str(Path.cwd().parent)
running = Running(open_prompt(Options(seed=5), "a lake"), Path("out"))
running.finish()
running.tell(Picked(marks=(1,)))
running.search.saving.result()
running.until(lambda: running.search.file(1) is not None)
mount("ro")
for mark in (0, 2):
    running.tell(Picked(marks=(mark,)))
running.until(lambda: bool(running.troubles))
if {is_writable}:
    mount("rw")
running.close()
for node in range(len(running.search.session.tree.nodes)):
    if running.search.file(node) is not None:
        print(running.search.file(node))
print(running.search.unsaved, file=sys.stderr)
sys.exit(9 if running.search.unsaved else 0)
"""
SMALL_DISKS = {
    "full": ("size=40k", "cat /dev/zero >filler 2>../noise || true", _VARY),
    "nearly full": ("size=36k", "true", _VARY),
    "out of inodes": ("size=1m,nr_inodes=6", "true", _VARY),
    "read-only": ("size=1m", "mkdir out && mount -o remount,ro none .", _VARY),
    "read-only in mid-session": ("size=4m", "true", _READ_ONLY.replace("{is_writable}", "False")),
    "read-only for a while": ("size=4m", "true", _READ_ONLY.replace("{is_writable}", "True")),
}


def programs_at_once(folder: Path, count: int, *, is_bare: bool, is_new: bool) -> Iterator[str]:
    """Let programs search at the same time, and yield what was lost.

    Args:
        folder: Their folder, which holds the index of sessions too.
        count: The number of programs.
        is_bare: Whether the file system has neither hard links nor locks.
        is_new: Whether each of them begins a session with the same prompt, so in a folder of its own.
    """
    kind = ("bare" if is_bare else "usual"), ("new" if is_new else "shared")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _SEARCH, folder, str(seed), *kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for seed in range(count)
    ]
    for program in programs:
        if program.stdin is not None:
            program.stdin.write("go\n")
            program.stdin.flush()
    ended = [program.communicate(timeout=TIMEOUT) for program in programs]
    yield from (error.splitlines()[-1] for _, error in ended if error)
    folders = {Path(out.strip()) for out, error in ended if not error}
    if is_new and len(folders) < count:
        yield f"{count} sessions with the same prompt share {len(folders)} folders"
    journals = [read_session(each, name) for each in folders for name in journals_in(each)]
    if len(journals) < count:
        yield f"{count} searches, and {len(journals)} journals"
    files = [path for journal in journals for path in journal.files.values()]
    if len(set(files)) < 5 * count:
        yield f"{5 * count} pictures were picked, and the journals name {len(set(files))} files"
    yield from filter(None, map(damage, files))
    yield from (f"{path.name} was left behind" for path in folder.rglob(".latentpng-*"))


def small_disk(folder: Path, name: str) -> tuple[list[str], str]:
    """Vary a picture, or search, on a real small file system.

    Returns:
        What was broken, and why it could not be tried; "" if it was.
    """
    options, prepare, program = SMALL_DISKS[name]
    if shutil.which("unshare") is None:
        return [], "this system has no unshare"
    script = _SMALL_DISK.format(options=options, prepare=prepare, python=sys.executable, program=program)
    way = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*way, "sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    if ran.returncode == 77 or ran.stderr.startswith("unshare:"):
        return [], "file systems cannot be mounted here"
    printed = [line for line in ran.stdout.splitlines() if not line.startswith("left ")]
    found = [line for line in ran.stdout.splitlines() if line.startswith("left ")]
    found += filter(None, (damage(folder / "kept" / line) for line in printed))
    made = {str(path.relative_to(folder / "kept")) for path in (folder / "kept").glob("out/*.png")}
    if made != set(printed):
        found.append(f"printed {printed}, made {sorted(made)}")
    wanted = len(printed) == 4 if program is _VARY else len(printed) >= 3
    if (ran.returncode, wanted) not in ((0, True), (9, False)) or "Traceback" in ran.stderr:
        found.append(f"exit code {ran.returncode} and {len(printed)} pictures: {ran.stderr}")
    return found, ""
