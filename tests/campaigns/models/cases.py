"""The processes in which cases are tried: one imports the libraries once, and a fork of it opens each input.

    python -m tests.campaigns.models.cases FOLDER

It prepares every target in FOLDER and writes "ready".  Then it takes JSON objects with "target", "seed" and "folder", a
line each, and answers each in a line.  Each fork is limited in memory and processor time, and watched.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from random import Random

from tests.campaigns.files.memory import peak_mib, reset_peak
from tests.campaigns.models.target import Target

MODULES = ("folders", "checkpoints", "loras", "texts", "settings")
"""The modules of this package with targets."""
_ROOT = Path(__file__).parents[3]
_MIB = 2**20
_LOOKS, _QUICK_LOOKS = 1000, 100
"""How often a case is seen to do nothing before it counts as one that waits for ever, and how many looks are quick."""
_MAX_SENTENCE = 700


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one case showed.

    Attributes:
        made: What was wrong with the input, in a few words.
        refused: The sentence of the refusal; "" if the input was opened.
        faults: What was broken.
        seconds: The processor time that it took.
        mebibytes: The memory that it took above the libraries.
    """

    made: str = ""
    refused: str = ""
    faults: tuple[str, ...] = ()
    seconds: float = 0.0
    mebibytes: float = 0.0


def all_targets() -> tuple[Target, ...]:
    """Return the targets of all modules."""
    modules = (import_module(f"tests.campaigns.models.{name}") for name in MODULES)
    return tuple(target for module in modules for target in module.TARGETS)


class Server:
    """The process that imports the libraries."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir()
        names = ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HF_HOME")
        places = {name: str(home / name.lower()) for name in names}
        environment = {**os.environ, **places, "HOME": str(home), "OMP_NUM_THREADS": "1", "TMPDIR": str(home)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.models.cases", str(folder)],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise RuntimeError("the targets could not be prepared")

    def try_case(self, target: str, seed: str, folder: Path) -> Shown:
        """Make an input in an empty folder, and open it."""
        assert self._process.stdin is not None
        print(json.dumps({"target": target, "seed": seed, "folder": str(folder)}), file=self._process.stdin, flush=True)
        values = json.loads(self._line())
        return Shown(**{**values, "faults": tuple(values["faults"])})

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of the cases ended: {self._process.wait(60)}")
        return line.rstrip("\n")


def main() -> None:
    """Serve cases until the input ends."""
    room = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    targets = {target.name: target for target in all_targets()}
    for number, target in enumerate(targets.values()):
        (room / str(number)).mkdir()
        target.prepare(room / str(number))
    prepared = {name: room / str(number) for number, name in enumerate(targets)}
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        target = targets[case["target"]]
        shown = _in_fork(target, prepared[target.name], case["seed"], Path(case["folder"]))
        print(json.dumps(asdict(shown)), file=answers, flush=True)
    os._exit(0)  # nothing is left to do, and the libraries take their time


def _in_fork(target: Target, prepared: Path, seed: str, folder: Path) -> Shown:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(target, prepared, seed, folder, writing)
    os.close(writing)
    code, text = waited(child, reading)
    parts = text.splitlines()
    made = json.loads(parts[0]) if parts else ""
    if code == 0 and len(parts) == 2:
        values = json.loads(parts[1])
        return Shown(made=made, **{**values, "faults": tuple(values["faults"])})
    return Shown(made=made, faults=(_why_ended(code),))


def waited(child: int, reading: int, looks: int = _LOOKS) -> tuple[int, str]:
    """Return the exit code of a fork, negative for a signal, and what it wrote; a fork that waits is killed.

    It waits if all its threads sleep and none has computed, look after look.  On a busy machine it is ready to compute
    and has to stand in line, which is no waiting, however long it takes.

    Args:
        child: The process.
        reading: What it writes to.
        looks: How often it may be seen to wait.
    """
    idle, before, status = 0, "", 0
    while idle < looks:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        now, sleeps = _computed(child)
        idle = idle + 1 if sleeps and now == before else 0
        before = now
        time.sleep(0.002 if idle < _QUICK_LOOKS else 0.02)
    else:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        return os.waitstatus_to_exitcode(status), pipe.read()


def _computed(child: int) -> tuple[str, bool]:
    """Return how long the threads of a process have computed, and whether all of them sleep: what Linux tells."""
    found = []
    for task in Path(f"/proc/{child}/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found.append((task / "stat").read_text("ascii").rpartition(")")[2].split())
    times = " ".join(f"{fields[11]}+{fields[12]}" for fields in found)
    return times, all(fields[0] == "S" for fields in found)


def _why_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "it waits for something, or took too much memory or processor time, and was killed"
    if code == -signal.SIGXCPU:
        return "it took too much processor time"
    return f"the process crashed: {signal.Signals(-code).name}" if code < 0 else f"the process ended: {code}"


def _run(target: Target, prepared: Path, seed: str, folder: Path, writing: int) -> None:
    """Try a case in this fork, write what it showed, and end."""
    code = 1
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            print(json.dumps(target.make(prepared, Random(seed), folder)), file=pipe, flush=True)
            print(json.dumps(_tried(target, folder)), file=pipe, flush=True)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _tried(target: Target, folder: Path) -> dict[str, object]:
    from engine.errors import EngineError
    from tests.support.engine.watching import Watch

    watch = Watch([folder], caches=[Path(os.environ["HOME"])])
    canaries = _Canaries(folder / "outside")
    faults: list[str] = []
    refused = ""
    with _limited(target):
        reset_peak()
        before, begun = peak_mib(), time.process_time()
        watch.begin()
        try:
            target.load(folder)
        except EngineError as error:
            refused = str(error)
        except BaseException as error:
            faults.append(f"{type(error).__name__}: {str(error)[:300]} ({_place(error)})")
        watch.end()
        seconds, mebibytes = time.process_time() - begun, max(0.0, peak_mib() - before)
    faults += watch.faults[:5] + canaries.faults()
    faults += [f"{path.name} was made" for path in folder.rglob("executed")]
    faults += _of_sentence(refused)
    if mebibytes > target.mebibytes:
        faults.append(f"it took {mebibytes:.0f} MiB")
    if seconds > target.seconds:
        faults.append(f"it took {seconds:.1f} s")
    return {"refused": refused, "faults": faults, "seconds": seconds, "mebibytes": mebibytes}


class _Canaries:
    """Files that nothing may read; the system notes when native code does."""

    def __init__(self, folder: Path) -> None:
        self._files = [path for path in folder.rglob("*") if path.is_file()]
        for path in self._files:
            os.utime(path, (0, path.stat().st_mtime))

    def faults(self) -> list[str]:
        """Return a few words for each that was read."""
        return [f"read {path.name}, which is outside" for path in self._files if path.stat().st_atime]


def _of_sentence(refused: str) -> list[str]:
    """Return what is wrong with a sentence for the user."""
    found = []
    if len(refused) > _MAX_SENTENCE:
        found.append(f"a sentence of {len(refused)} characters: {refused[:200]}")
    if not refused.isprintable():
        found.append(f"a sentence with control characters: {refused[:200]!r}")
    if "Traceback" in refused:
        found.append(f"a traceback: {refused[:200]}")
    return found


@contextmanager
def _limited(target: Target) -> Iterator[None]:
    """Limit what this process may take; beyond twice the promise it is stopped, so that the machine stays whole."""
    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (int(used + 8 * target.mebibytes * _MIB), resource.RLIM_INFINITY))
    cpu = int(time.process_time() + 2 * target.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:])


if __name__ == "__main__":
    main()
