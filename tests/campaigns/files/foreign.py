"""Give hostile pictures and texts of other tools to every command that reads them, and measure time and memory.

    python -m tests.campaigns.files.foreign [COUNT [SEED]]

The good files (`foreign_seeds`) are the cases of tests/cases/foreign, and one file for each container and form.  Half
of the mutations change a file; the other half change its texts, which then are written into a PNG, because a changed
byte mostly breaks the container before any tool is recognised.  Before that, the shortest file of each container is
cut after every byte.  Each file is given to `inspect --json` and to one other form of it; some are also given to
`strip --all` and `import`.

The exit code is 1 if a file takes more than a second of CPU time or 64 MiB.  A file is saved and named when a command
fails with an error of its own, prints what may control a terminal or is no JSON, or leaves a temporary or half-written
file behind.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

from latentpng.cli import main as latentpng_main
from latentpng.errors import ExitCode, LatentPngError
from latentpng.foreign.containers.texts import Texts, read_texts
from latentpng.png.texts import build_text
from tests.campaigns.files.campaign import save
from tests.campaigns.files.console import say
from tests.campaigns.files.contents import bytes_changed, json_changed
from tests.campaigns.files.foreign_seeds import good_files
from tests.campaigns.files.memory import memory_folder, peak_mib, reset_peak, resident_mib
from tests.campaigns.files.mutations import mutated
from tests.support.latentpng.files import png_of

LIMIT_SECONDS, LIMIT_MIB = 1.0, 64.0
MAX_BYTES = 2**17  # of a good file whose bytes are changed
CUT_BYTES = 1500  # of the good files that are cut after every byte
_FORMS = ((), ("--raw",), ("--short",), ("--workflow", "-"), ())  # one of them beside --json
_RARELY = 8  # one in so many files is also stripped and imported
_EXPECTED = frozenset({ExitCode.OK, ExitCode.UNREADABLE, ExitCode.NO_LATENT, ExitCode.DAMAGED, ExitCode.NEWER_VERSION})
_JOINERS = re.compile("[\u200c\u200d]")
_REFUSED = frozenset({ExitCode.USAGE, ExitCode.UNWRITABLE})  # of an import: its noise is unknown, it has a latent


class BrokenPromiseError(Exception):
    """A command printed or left behind what it must not."""


class Commands:
    """Runs the commands on one file after another, and records what they took.

    Attributes:
        codes: How often each exit code was returned by each form of each command.
        slowest: The largest CPU time in seconds, the command, and the file.
        most_memory: The largest peak in MiB above the baseline, and the file.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder for the files under test, which must be empty."""
        self._folder = folder
        self._baseline = 0.0
        self.start()

    def start(self) -> None:
        """Forget the figures, and take the memory that is used now for the baseline."""
        self.codes: Counter[tuple[str, int]] = Counter()
        self.slowest = (0.0, "", b"")
        self.most_memory = (0.0, b"")
        self._baseline = resident_mib()

    def run(self, data: bytes, *, rarely: bool) -> None:
        """Give a file to the commands.

        Args:
            data: The file.
            rarely: Give it to those that write files too.

        Raises:
            BrokenPromiseError: A command broke a promise.
            Exception: Whatever a command raises.
        """
        path = self._folder / "hostile.png"
        path.write_bytes(data)
        reset_peak()
        for words in (("--json",), _FORMS[self.codes.total() % len(_FORMS)]):
            self._inspect(words, path, data)
        self.most_memory = max(self.most_memory, (peak_mib() - self._baseline, data))
        if rarely:
            self._write(("strip", "--all"), path, data, also=())
            self._write(("import",), path, data, also=_REFUSED)
            if path.read_bytes() != data:
                raise BrokenPromiseError("a command changed its input")

    def _inspect(self, words: tuple[str, ...], path: Path, data: bytes) -> None:
        form = " ".join(("inspect", *words))
        code, out, err = self._timed(form, ["inspect", *words, str(path)], data)
        if code not in _EXPECTED:
            raise BrokenPromiseError(f"{form}: exit code {code}")
        _check_messages(err)
        if words == ("--json",) and out:
            _check_json(out)
        elif words in ((), ("--short",)) and not all(map(_is_safe, out.decode().split("\n"))):
            raise BrokenPromiseError(f"{form}: {out!r} has characters that may control a terminal")

    def _write(self, words: tuple[str, ...], path: Path, data: bytes, also: frozenset[ExitCode] | tuple[()]) -> None:
        target = self._folder / "new.png"
        form = " ".join(words)
        code, _, err = self._timed(form, [*words, str(path), "--out", str(target)], data)
        _check_messages(err)
        left = {each.name for each in self._folder.iterdir()} - {path.name}
        if code not in _EXPECTED.union(also) or left != ({target.name} if code == ExitCode.OK else set()):
            raise BrokenPromiseError(f"{form}: exit code {code}, and these files are left: {left}")
        if words[0] == "strip" and code == ExitCode.OK:
            again, _, message = self._timed(form, [*words, str(target)], data)
            if again != ExitCode.OK or b"nothing to remove" not in message:
                raise BrokenPromiseError(f"{form}: {message!r} about a file that was stripped")
        target.unlink(missing_ok=True)

    def _timed(self, form: str, words: list[str], data: bytes) -> tuple[int, bytes, bytes]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
        begin = time.process_time()
        with redirect_stdout(out), redirect_stderr(err):
            code = latentpng_main(words)
        seconds = time.process_time() - begin
        if form != "import":  # what it draws and writes takes as long as the picture is large
            self.slowest = max(self.slowest, (seconds, form, data))
        self.codes[form, code] += 1
        out.flush()
        err.flush()
        return code, out.buffer.getvalue(), err.buffer.getvalue()

    def report(self) -> str:
        """Return the figures so far."""
        codes = ", ".join(f"{form} -> {code}: {number}" for (form, code), number in sorted(self.codes.items()))
        return (
            f"{codes}\nslowest: {self.slowest[0]:.3f} s of CPU time, {self.slowest[1]}; "
            f"peak of resident memory above the baseline: {self.most_memory[0]:.1f} MiB"
        )


def _is_safe(line: str) -> bool:
    """Return whether a line has no characters that a terminal obeys; joiners of letters and emoji are none."""
    return not any(unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029" for sign in _JOINERS.sub("", line))


def _check_messages(err: bytes) -> None:
    lines = err.decode().split("\n")[:-1]
    if not all(line.startswith("latentpng: ") and _is_safe(line) for line in lines):
        raise BrokenPromiseError(f"{err!r} is no message")


def _check_json(out: bytes) -> None:
    text = out.decode()
    value: Any = json.loads(text)
    json.dumps(value, ensure_ascii=False).encode()  # lone surrogates are no text
    if not _is_safe(text.removesuffix("\n")):
        raise BrokenPromiseError(f"{out!r} has characters that may control a terminal")


def _texts(path: Path, data: bytes) -> Texts:
    path.write_bytes(data)
    try:
        return read_texts(path).texts
    except LatentPngError:
        return {}


def text_changed(texts: Texts, random: Random) -> bytes:
    """Return a PNG with the texts of a picture, one to three of them changed."""
    changed = {keyword: text.encode("utf-8", "surrogatepass") for keyword, text in texts.items()}
    for keyword in random.choices(list(changed), k=random.choice((1, 1, 2, 3))):
        text = changed[keyword]
        is_json = text.lstrip()[:1] in (b"{", b"[")
        changed[keyword] = json_changed(text, random) if is_json else bytes_changed(text, random)
    whole = png_of()
    chunks = (build_text(keyword[:79] or "a", text.decode("utf-8", "replace")) for keyword, text in changed.items())
    return whole[:33] + b"".join(chunks) + whole[33:]


def mutations(count: int, random: Random, folder: Path) -> Iterator[bytes]:
    """Yield mutations of the good files, and before them all beginnings of the shortest ones."""
    files = good_files()
    texts = [found for data in files if (found := _texts(folder / "hostile.png", data))]
    short = {data[:4]: data for data in reversed(files) if len(data) <= CUT_BYTES}  # one for each container
    yield from (data[:end] for data in short.values() for end in range(len(data)))
    small = [data for data in files if len(data) <= MAX_BYTES]
    for _ in range(count):
        if random.random() < 0.5:
            yield mutated(random.choice(small), random.choice(small), random)
        else:
            yield text_changed(random.choice(texts), random)


def main(count: int = 50_000, seed: int = 1) -> int:
    """Run the commands on all mutations, print the figures and return the exit code."""
    random = Random(seed)
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
        commands = Commands(Path(name))
        for data in good_files():  # imports and permanent caches belong to the baseline
            commands.run(data, rarely=True)
        commands.start()
        for number, data in enumerate(mutations(count, random, Path(name)), 1):
            try:
                commands.run(data, rarely=number % _RARELY == 0)
            except Exception:
                say(f"file {number}: {save(data, 'fault')}")
                raise
            if number % 5000 == 0:
                say(f"... {number} files: {commands.report()}")
    say(commands.report())
    say(f"slowest: {save(commands.slowest[2], 'slowest')}; most memory: {save(commands.most_memory[1], 'memory')}")
    return int(commands.slowest[0] > LIMIT_SECONDS or commands.most_memory[0] > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
