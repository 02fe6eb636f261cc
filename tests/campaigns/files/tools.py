"""Mutated pictures of other tools, given to the commands that read them, and to those that write.

Half of the mutations change a file; the other half change its texts, which then are written into a PNG, because a
changed byte mostly breaks the container before any tool is recognised.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

from latentpng.cli import main as latentpng_main
from latentpng.errors import ExitCode, LatentPngError
from latentpng.foreign.containers.texts import Texts, read_texts
from latentpng.png.texts import build_text
from tests.campaigns.files.contents import bytes_changed, json_changed
from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.pixel_counts import megapixels_of
from tests.campaigns.files.tool_seeds import good_files
from tests.campaigns.files.trial import Trial, is_safe
from tests.support.latentpng.files import png_of

MAX_BYTES = 2**17  # of a good file whose bytes are changed
_FORMS = ((), ("--raw",), ("--short",), ("--workflow", "-"))
_SEPARATED = frozenset({(), ("--short",)})  # forms whose lines are ours, and not the file's own text
_RARELY = 4  # one in so many files is also stripped and imported
_EXPECTED = frozenset({ExitCode.OK, ExitCode.UNREADABLE, ExitCode.NO_LATENT, ExitCode.DAMAGED, ExitCode.NEWER_VERSION})
_REFUSED = frozenset({ExitCode.USAGE, ExitCode.UNWRITABLE})  # of an import: its noise is unknown, it has a latent


class MutatedTools:
    """Gives one mutation after another to the commands."""

    def __init__(self, folder: Path) -> None:
        """Read the texts of the good files, each of which is written into this folder for that."""
        self.good = good_files()
        path, self._texts = folder / "hostile.png", list[Texts]()
        for data in self.good:
            path.write_bytes(data)
            self._texts += [found] if (found := _texts(path)) else []
        self._small = [data for data in self.good if len(data) <= MAX_BYTES]

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try one mutation."""
        if random.random() < 0.5:
            data = mutated(random.choice(self._small), random.choice(self._small), random)
        else:
            data = text_changed(random.choice(self._texts), random)
        give_to_commands(trial, data, random)


def give_to_commands(trial: Trial, data: bytes, random: Random) -> None:
    """Give a file to `inspect --json`, to one other form of it, and some to the commands that write."""
    path = trial.file(data)
    for words in (("--json",), random.choice(_FORMS)):
        _inspect(trial, words, path)
    if random.randrange(_RARELY):
        return
    trial.megapixels, trial.is_whole = megapixels_of(data)
    _write(trial, ("strip", "--all"), path, _EXPECTED)
    _write(trial, ("strip",), path, _EXPECTED)
    _write(trial, ("import",), path, _EXPECTED | _REFUSED)
    if path.read_bytes() != data:
        trial.fault("a command changed its input")


def _inspect(trial: Trial, words: tuple[str, ...], path: Path) -> None:
    code, out, err = run_command(trial, ["inspect", *words, str(path)])
    if code not in _EXPECTED:
        trial.fault(f"inspect {' '.join(words)} ends with exit code {code}")
    check_messages(trial, err)
    if words == ("--json",) and out:
        check_json(trial, out)
    elif words in _SEPARATED:
        trial.shown(f"inspect {' '.join(words)}", out.decode())


def _write(trial: Trial, words: tuple[str, ...], path: Path, expected: frozenset[ExitCode]) -> None:
    target = trial.place.folder / "new.png"
    code, _, err = run_command(trial, [*words, str(path), "--force", "--out", str(target)])
    check_messages(trial, err)
    left = set(os.listdir(trial.place.folder)) - {path.name}  # noqa: PTH208 - for every case
    if code not in expected or left != ({target.name} if code == ExitCode.OK else set()):
        trial.fault(f"{' '.join(words)} ends with exit code {code} and leaves {sorted(left)}")
    if words == ("strip", "--all") and code == ExitCode.OK:
        again, _, message = run_command(trial, [*words, str(target)])
        if again != ExitCode.OK or b"nothing to remove" not in message:
            trial.fault(f"strip --all says {message!r} about a file that was stripped")
    target.unlink(missing_ok=True)


def run_command(trial: Trial, words: list[str]) -> tuple[int, bytes, bytes]:
    """Run a command of `latentpng` in this process, and return its exit code and what it wrote to its streams."""
    streams = io.BytesIO(), io.BytesIO()

    def run() -> int:
        for stream in streams:
            stream.seek(0)
            stream.truncate()
        out, err = (io.TextIOWrapper(stream, "utf-8", newline="\n", write_through=True) for stream in streams)
        with redirect_stdout(out), redirect_stderr(err):
            code = latentpng_main(words)
        for wrapper in (out, err):
            wrapper.flush()
            wrapper.detach()
        return code

    code = trial.reading(words[0], run)
    return code if isinstance(code, int) else -1, streams[0].getvalue(), streams[1].getvalue()


def check_messages(trial: Trial, err: bytes) -> None:
    """Check that standard error has nothing but our sentences."""
    lines = err.decode("utf-8", "replace").split("\n")
    if lines.pop() or not all(line.startswith("latentpng: ") and is_safe(line) for line in lines):
        trial.fault(f"{err[:300]!r} is no message")


def check_json(trial: Trial, out: bytes) -> None:
    """Check that standard output is one line of valid JSON that is safe to show."""
    text = out.decode("utf-8", "replace")
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()  # lone surrogates are no text
    except ValueError as error:
        trial.fault(f"the output is no JSON: {error}")
    trial.shown("inspect --json", text)


def _texts(path: Path) -> Texts:
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
    return with_texts({keyword: text.decode("utf-8", "replace") for keyword, text in changed.items()})


def with_texts(texts: Texts) -> bytes:
    """Return a small PNG with these texts."""
    whole = png_of()
    return whole[:33] + b"".join(build_text(keyword[:79] or "a", text) for keyword, text in texts.items()) + whole[33:]
