"""`warmer doctor`: what it finds, how it reports it, what it leaves out, and its exit code."""

from __future__ import annotations

import getpass
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.fake_pictures import Noise
from engine.rendering.events import PictureRendered
from engine.rendering.requests import PictureTask, RenderJob
from tests.support.engine.folders import change_index, model_folder
from tests.support.imports import imported_by
from tui.cli import main, run_command
from tui.commands.examine import Finding, gpus, nameless, packages, terminal, writable
from tui.graphics.terminal.capabilities import Terminal

pytestmark = pytest.mark.torch  # without it the line about packages is a problem
NAMES = ["warmer", "packages", "memory", "gpu", "terminal", "pictures", "state", "log", "cache", "model", "settings"]


class Wobbly(FakeRenderer):
    """A renderer that changes the first value of the pictures of the jobs, counted from 0, that `moves` chooses."""

    def __init__(self, moves: Callable[[int], bool]) -> None:
        super().__init__()
        self._moves = moves

    def _finished(self, job: RenderJob, task: PictureTask, noise: Noise) -> PictureRendered:
        event = super()._finished(job, task, noise)
        if not self._moves(job.job):
            return event
        rgb = bytes([(event.picture.rgb[0] + 3) % 256]) + event.picture.rgb[1:]
        return replace(event, picture=replace(event.picture, rgb=rgb))


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use folders of the test, no GPU and no terminal, whatever machine runs this."""
    monkeypatch.setattr("tui.commands.examine.folders", lambda: {name: tmp_path / name for name in NAMES[5:9]})
    monkeypatch.setattr("tui.commands.examine._GPU_QUESTION", ("no-such-command-here",))
    monkeypatch.setattr("tui.graphics.terminal.probe.on_terminal", lambda: False)


def examine(*arguments: str, renderer: FakeRenderer | None = None) -> int:
    """Run `warmer doctor`, and return its exit code."""
    return run_command("doctor", [*arguments, "--quiet"], lambda: renderer or FakeRenderer())


def found_by(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """Return for each check its status and what was found, as --json prints them."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["check"]: (line["status"], line["found"]) for line in lines}


def test_each_check_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine() == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert [name for _, name, _ in lines] == [*NAMES, "device", "dtype", "repeat", "neighbours", "batch"]
    assert {status for status, _, _ in lines} <= {"ok", "note"}


def test_rendering_that_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    renderer = FakeRenderer()
    assert examine("--json", renderer=renderer) == 0
    found = found_by(capsys)
    assert found["device"] == ("ok", "cpu")
    assert found["dtype"] == ("ok", "float32, chosen by warmer; FakePipeline")
    assert found["repeat"] == ("ok", "the same picture rendered twice: bit-identical")
    assert found["neighbours"] == ("ok", "with a different neighbour in its batch: bit-identical")
    assert found["batch"] == ("ok", "alone compared with a batch of 2: bit-identical")
    assert [load.micro_batch for load in renderer.loads] == [2]
    assert [[task.slot for task in job.tasks] for job in renderer.jobs] == [[(0, 0)] * 2] * 3 + [[(1, 0)]]


def test_a_picture_that_does_not_repeat_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine("--json", renderer=Wobbly(lambda job: job == 1)) == 8
    found = found_by(capsys)
    mean = f"{3 / (3 * 128 * 128):.4f}"
    assert found["repeat"] == (
        "problem",
        f"the same picture rendered twice: differs by at most 3 of 255, {mean} on average",
    )
    assert found["neighbours"][0] == found["batch"][0] == "ok"


def test_different_bits_beside_a_different_picture_are_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine("--json", renderer=Wobbly(lambda job: job == 2)) == 8
    assert {name: status for name, (status, _) in found_by(capsys).items() if status == "problem"} == {
        "neighbours": "problem"
    }


def test_different_bits_alone_are_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert examine("--json", renderer=Wobbly(lambda job: job == 3)) == 0
    assert found_by(capsys)["batch"] == (
        "note",
        "alone compared with a batch of 2: differs by at most 3 of 255, 0.0001 on average; "
        "so --strict and batches give different bits on this machine",
    )


def test_rendering_that_fails_is_reported_after_everything_else(capsys: pytest.CaptureFixture[str]) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("'embedded' cannot be loaded: no space")
    assert examine("--json", renderer=renderer) == 10
    found = found_by(capsys)
    assert list(found) == [*NAMES, "rendering"]
    assert found["rendering"] == ("problem", "'embedded' cannot be loaded: no space")
    renderer = FakeRenderer()
    renderer.die_next("the rendering process was killed")
    assert examine("--json", renderer=renderer) == 11
    assert found_by(capsys)["rendering"] == ("problem", "the rendering process was killed")


def test_quick_renders_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    renderer = FakeRenderer()
    assert examine("--quick", "--json", renderer=renderer) == 0
    assert renderer.loads == []
    assert list(found_by(capsys)) == [*NAMES, "rendering"]


def test_quick_does_not_import_torch() -> None:
    code = (
        "import contextlib, io\nfrom tui.cli import run_command\n"
        "from engine.fake import FakeRenderer\n"
        "with contextlib.redirect_stdout(io.StringIO()) as said:\n"
        "    run_command('doctor', ['--quick'], FakeRenderer)\n"
        "assert 'torch' in said.getvalue()"
    )
    assert imported_by(code).isdisjoint({"torch", "diffusers", "transformers", "textual"})


def test_a_model_that_is_not_there_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert examine("--quick", "--json", "--model", str(tmp_path / "none")) == 10
    assert found_by(capsys)["model"] == ("problem", f"there is no folder or file {str(tmp_path / 'none')!r}")


def test_the_model_that_ships_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    examine("--quick", "--json")
    status, found = found_by(capsys)["model"]
    assert status == "ok"
    assert found.startswith("embedded, complete, StableDiffusionPipeline, ")


def test_the_settings_of_the_first_grid_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examine("--quick", "--json")
    assert found_by(capsys)["settings"] == ("ok", "128 x 128 pixels, 6 steps, guidance 2.5, UniPCMultistep")
    folder = model_folder(tmp_path / "sdxl_lightning_8step")
    change_index(folder, _class_name="StableDiffusionXLPipeline")
    examine("--quick", "--json", "--model", str(folder))
    assert found_by(capsys)["settings"] == (
        "ok",
        "1024 x 1024 pixels, 8 steps, guidance 0, EulerDiscrete, timestep_spacing=trailing",
    )
    (folder / "warmer.json").write_text('{"scale": 0}')
    examine("--quick", "--json", "--model", str(folder))
    assert found_by(capsys)["settings"] == (
        "problem",
        "warmer.json of the model 'sdxl_lightning_8step' is wrong: scale is a number above 0 and at most 1, found 0.0",
    )


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert writable("pictures", tmp_path / "file" / "warmer") == Finding(
        name="pictures", found=f"{tmp_path}/file/warmer cannot be written (Not a directory)", code=9
    )


def test_a_folder_is_tried_and_left_unchanged(tmp_path: Path) -> None:
    assert writable("log", tmp_path / "new" / "log").found.startswith(f"{tmp_path}/new/log, created when needed, ")
    assert writable("log", tmp_path).found.startswith(f"{tmp_path}, ")
    assert list(tmp_path.iterdir()) == []


def test_packages_that_are_missing_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("torch", "numpy"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr("tui.commands.examine.version", version)
    assert packages() == Finding(name="packages", found="not installed: torch, numpy", code=10)


def test_packages_of_the_wrong_version_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["diffusers<0.43,>=0.42", "numpy>=1.26", 'ruff>=99; extra == "dev"', "torchsde>=0.2.6"]
    monkeypatch.setattr("tui.commands.examine.requires", lambda _: needs)
    monkeypatch.setattr("tui.commands.examine.version", lambda name: "0.43.0" if name == "diffusers" else "2.0")
    found = packages()
    assert (found.status, found.code) == ("problem", 10)
    assert found.found.startswith(
        "diffusers 0.43.0 is not supported: <0.43,>=0.42 is required; installed: torch 2.0, diffusers 0.43.0, "
    )


def test_a_checkout_that_is_not_installed_requires_no_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("tui.commands.examine.requires", requires)
    assert packages().status == "ok"


def test_gpus_are_those_that_the_driver_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "smi.py"
    script.write_text("print('NVIDIA RTX 3060, 550.54, 12288 MiB, 11000 MiB\\nodd')")
    monkeypatch.setattr("tui.commands.examine._GPU_QUESTION", (sys.executable, str(script)))
    assert [finding.line for finding in gpus()] == [
        "ok       gpu         NVIDIA RTX 3060, driver 550.54, 12288 MiB, 11000 MiB of it free",
        "note     gpu         odd",
    ]
    script.write_text("raise SystemExit(9)")
    assert [finding.line for finding in gpus()] == [
        "note     gpu         the NVIDIA driver is installed, but does not answer"
    ]


def test_the_terminal_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.graphics.terminal.probe.on_terminal", lambda: True)
    monkeypatch.setattr("tui.commands.examine.detect", lambda *_: Terminal(protocol="sixel", paced=True))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "40")
    assert terminal({"TERM": "xterm", "TMUX": "x", "SSH_TTY": "/dev/pts/1"}).line == (
        "ok       terminal    sixel, 16 million colours, 120x40 cells of 10x20 pixels, TERM xterm, tmux, SSH"
    )


def test_what_makes_pictures_finer_is_said_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Terminal(protocol="quadrant", name="xterm", version=(379,), paced=True)
    monkeypatch.setattr("tui.graphics.terminal.probe.on_terminal", lambda: True)
    monkeypatch.setattr("tui.commands.examine.detect", lambda *_: found)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    for _ in range(2):
        assert terminal({"TERM": "xterm-256color"}).line == (
            "note     terminal    quadrant, 16 million colours, 80x24 cells of 10x20 pixels, TERM xterm-256color; "
            "pictures are coarse because this xterm was started without sixel: start it with `xterm -ti vt340`"
        )


def test_names_of_people_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert nameless("/home/ada/Pictures, /home/ada2/x, /media/ada/disk, /run/ada: adamant") == (
        "~/Pictures, /home/ada2/x, /media/<user>/disk, /run/<user>: adamant"
    )


def test_the_command_ends_with_its_exit_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--quick", "--model", str(tmp_path / "none")])
    assert ended.value.code == 10
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--overwrite"])
    assert ended.value.code == 2
    assert "unrecognized arguments: --overwrite" in capsys.readouterr().err


def test_python_m_tui_knows_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "doctor", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("usage: warmer doctor [-h] [--quick]")
