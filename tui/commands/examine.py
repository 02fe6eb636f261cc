"""`warmer doctor` without rendering: versions, memory, GPUs, terminal, folders and model.  No torch."""

from __future__ import annotations

import getpass
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import platformdirs
import psutil
from packaging.requirements import Requirement

from engine.errors import EngineError, ModelError
from engine.models.find import model_identity
from engine.models.look import look_at_folder
from engine.options import Options
from engine.target import model_of, target_for_prompt
from latentpng.errors import ExitCode
from latentpng.record import Json
from tui import __version__
from tui.graphics.terminal import probe
from tui.graphics.terminal.capabilities import detect
from tui.graphics.terminal.hints import graphics_hint
from tui.paths import journal_path, sessions_root

PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "accelerate",
    "safetensors",
    "numpy",
    "pillow",
    "textual",
    "zstandard",
)
LOW_MEMORY = 2 * 2**30
LOW_SPACE = 2**30
_GPU_QUESTION = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader")
_GPU_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of `warmer doctor`.

    Attributes:
        name: What was looked at.
        found: What was found.
        note: True for something that is worth knowing but no problem.
        code: The exit code of a problem, else OK.
    """

    name: str
    found: str
    note: bool = False
    code: int = ExitCode.OK

    @property
    def status(self) -> str:
        """One of "ok", "note" and "problem"."""
        return "problem" if self.code else "note" if self.note else "ok"

    @property
    def line(self) -> str:
        """The finding as one line, without the user's name."""
        return f"{self.status:8} {self.name:11} {nameless(self.found)}"

    def to_json(self) -> dict[str, Json]:
        """Return the finding as a JSON object, without the user's name."""
        return {"check": self.name, "status": self.status, "found": nameless(self.found)}


def nameless(text: str) -> str:
    """Return a text without the home directory, and without the user's name in other paths."""
    home = str(Path.home())
    if len(home) > 1:
        text = re.sub(rf"{re.escape(home)}(?![\w-])", "~", text)
    with suppress(OSError, KeyError):  # the user of a container may have no name
        text = re.sub(rf"(?<=/){re.escape(getpass.getuser())}(?=[/\s:,]|$)", "<user>", text)
    return text


def examined(options: Options) -> Iterator[Finding]:
    """Yield all findings, the quick ones first."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Finding(name="warmer", found=f"{__version__}, Python {platform.python_version()}, {system}")
    yield packages()
    yield memory()
    yield from gpus()
    yield terminal(os.environ)
    for name, folder in folders().items():
        yield writable(name, folder)
    yield (found := model(options))
    if not found.code:
        yield first_settings(options)


def packages() -> Finding:
    """Return the installed versions; nothing is imported."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(name="packages", found=f"not installed: {', '.join(missing)}", code=ExitCode.NO_MODEL)
    if unfit := list(_unfit()):
        text = f"{'; '.join(unfit)}; installed: {', '.join(found)}"
        return Finding(name="packages", found=text, code=ExitCode.NO_MODEL)
    return Finding(name="packages", found=", ".join(found))


def _unfit() -> Iterator[str]:
    """Yield packages whose version does not meet the requirements that warmer was installed with."""
    with suppress(PackageNotFoundError):  # a checkout that is not installed has no requirements
        for need in map(Requirement, requires("warmer") or ()):
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            with suppress(PackageNotFoundError):
                if not need.specifier.contains(version(need.name), prereleases=True):
                    yield f"{need.name} {version(need.name)} is not supported: {need.specifier} is required"


def memory() -> Finding:
    """Return the main memory of the machine and its cores."""
    memory = psutil.virtual_memory()
    found = f"{_gib(memory.total)}, {_gib(memory.available)} of it free; {os.cpu_count()} cores"
    return Finding(name="memory", found=found, note=memory.available < LOW_MEMORY)


def gpus() -> Iterator[Finding]:
    """Yield the GPUs that NVIDIA's driver reports; only torch knows about others."""
    try:
        done = subprocess.run(_GPU_QUESTION, capture_output=True, text=True, timeout=_GPU_SECONDS, check=True)
    except FileNotFoundError:
        yield Finding(name="gpu", found="no NVIDIA driver found")
        return
    except (OSError, subprocess.SubprocessError):
        yield Finding(name="gpu", found="the NVIDIA driver is installed, but does not answer", note=True)
        return
    for line in done.stdout.splitlines():
        match [part.strip() for part in line.split(",")]:
            case [name, driver, total, free]:
                yield Finding(name="gpu", found=f"{name}, driver {driver}, {total}, {free} of it free")
            case _:
                yield Finding(name="gpu", found=line, note=True)


def terminal(environment: Mapping[str, str]) -> Finding:
    """Return what the terminal can do; it is asked, when there is one."""
    if not probe.on_terminal():
        return Finding(name="terminal", found="none: standard input or standard error is not a terminal", note=True)
    found = detect("auto", environment)
    size = shutil.get_terminal_size()
    parts = [
        found.protocol,
        "16 million colours" if found.truecolor else "256 colours",
        f"{size.columns}x{size.lines} cells of {found.cell_width}x{found.cell_height} pixels",
        f"TERM {environment.get('TERM') or 'not set'}",
        *(["tmux"] if environment.get("TMUX") else []),
        *(["SSH"] if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY") else []),
    ]
    hint = graphics_hint(found)
    return Finding(
        name="terminal", found="; ".join(filter(None, (", ".join(parts), hint))), note=not found.paced or bool(hint)
    )


def folders() -> Mapping[str, Path]:
    """Return where warmer writes pictures, its state and the worker's logs, and where --download puts models."""
    from huggingface_hub import constants

    return {
        "pictures": sessions_root(),
        "state": journal_path().parent,
        "log": platformdirs.user_log_path("warmer", appauthor=False),
        "cache": Path(constants.HF_HUB_CACHE),
    }


def writable(name: str, folder: Path) -> Finding:
    """Return whether a file can be written in a folder; tried in the nearest parent that exists, and removed again."""
    nearest = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            free = shutil.disk_usage(nearest).free
    except OSError as error:
        why = error.strerror or str(error)
        return Finding(name=name, found=f"{folder} cannot be written ({why})", code=ExitCode.UNWRITABLE)
    missing = "" if nearest == folder else ", created when needed"
    return Finding(name=name, found=f"{folder}{missing}, {_gib(free)} free", note=free < LOW_SPACE)


def model(options: Options) -> Finding:
    """Return whether the model that was asked for, or the embedded one, is here and complete."""
    try:
        choice = model_of(options)
        if choice.download:
            return Finding(name="model", found=f"{choice.name}, not checked before it is downloaded", note=True)
        if not choice.is_single_file:
            look_at_folder(choice.folder)
        identity = model_identity(choice)
    except (ModelError, OSError) as error:
        return Finding(name="model", found=str(error), code=ExitCode.NO_MODEL)
    return Finding(
        name="model", found=f"{choice.name}, complete, {identity['pipeline']}, {str(identity['fingerprint'])[:12]}"
    )


def first_settings(options: Options) -> Finding:
    """Return the settings that a search with these options begins with: the user's, else those of the model."""
    try:
        settings = target_for_prompt(options, "").load.settings
    except EngineError as error:
        return Finding(name="settings", found=str(error), code=ExitCode.NO_MODEL)
    options_of = ", ".join(f"{name}={value}" for name, value in settings.scheduler.options.items())
    scheduler = ", ".join(filter(None, (settings.scheduler.name.removesuffix("Scheduler"), options_of)))
    return Finding(
        name="settings",
        found=f"{settings.width} x {settings.height} pixels, {settings.num_inference_steps} steps, "
        f"guidance {settings.guidance_scale:g}, {scheduler or 'the scheduler of the model'}",
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
