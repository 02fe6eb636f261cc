"""`warmer config`: what it shows, what it creates, and that what is in force is what commands use."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.configuration.template import TEMPLATE
from engine.errors import InvalidRequestError, ModelError
from engine.fake import FakeRenderer
from engine.models.resolve import embedded_folder
from engine.models.start_model import remember_start_model, start_model
from engine.rendering.requests import LoadModel, LoraChoice
from latentpng.errors import UnwritableFileError
from latentpng.png.files import read_record
from tests.support.engine.folders import tensors
from tests.support.engine.trees import comfyui
from tests.support.tui.scripting import warmer
from tui.cli import main, run_command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    return home


def configure(home: Path, text: str) -> Path:
    path = home / ".config" / "warmer" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def config(*words: str) -> int:
    return run_command("config", list(words), FakeRenderer)


def editor(folder: Path, script: str) -> str:
    """Write a shell script that is called with the file to edit, and return its path."""
    path = folder / "my editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"'{path}' --wait"


@pytest.mark.usefixtures("home")
def test_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert config() == 0
    assert capsys.readouterr().out.splitlines() == [
        "~/.config/warmer/config.toml (does not exist; `warmer config --edit` creates it)",
        "",
        "key             value         from",
        "model           embedded      default",
        "profile         none          default",
        "graphics        auto          default",
        "theme           textual-dark  default",
        "first           varied        default",
        "ahead           auto          default",
        "draft           false         default",
        "picture_memory  512           default",
        "keep_alive      0             default",
        "",
        "no folders of models were found; besides those of the file, ~/stable-diffusion-webui, "
        "~/stable-diffusion-webui-forge, ~/ComfyUI, ~/Documents/ComfyUI, ~/invokeai are looked at",
    ]


def test_with_a_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comfyui(home / "ComfyUI")
    configure(home, 'profile = "pony"\n[folders]\nroots = ["~/gone"]\n[profiles.pony]\nloras = ["a", "b:2"]\n')
    assert config() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "~/.config/warmer/config.toml"
    assert lines[3:6] == [
        "model           embedded      default",
        "profile         pony          line 1",
        "loras           a, b:2        line 5, profile pony",
    ]
    assert lines[14] == "profiles: pony"
    assert lines[16:18] == [
        "holds          files  from     folder",
        "models             1  ComfyUI  ~/ComfyUI/models/checkpoints",
    ]
    assert lines[-1] == "~/gone is not a folder, although the configuration file names it"
    assert config("--json", "--profile", "pony", "--model", "x") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["exists"], found["profiles"]) == (True, ["pony"])
    assert found["missing"] == [str(home / "gone")]
    assert found["values"][:3] == [
        {"key": "model", "value": "x", "from": "--model"},
        {"key": "profile", "value": "pony", "from": "--profile"},
        {"key": "loras", "value": ["a", "b:2"], "from": "line 5, profile pony"},
    ]
    assert found["folders"][0] == {
        "path": str(home / "ComfyUI/models/checkpoints"),
        "holds": "models",
        "files": 1,
        "from": "ComfyUI",
        "complete": True,
    }


def test_a_file_that_the_environment_names(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARMER_CONFIG", str(home / "mine.toml"))
    assert config() == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "~/mine.toml, named by WARMER_CONFIG (does not exist; `warmer config --edit` creates it)"
    )
    with pytest.raises(InvalidRequestError, match=r"^WARMER_CONFIG names "):
        warmer("doctor", "--quick")


def test_the_model_of_the_start_screen_is_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember_start_model(str(embedded_folder()))
    assert config() == 0
    shown = f"model           {embedded_folder()}  chosen on the start screen; in the app only"
    assert shown in capsys.readouterr().out.splitlines()
    configure(home, 'model = "x"')
    assert config() == 0
    assert "model           x             line 1" in capsys.readouterr().out.splitlines()


def test_a_choice_on_the_start_screen_is_forgotten_with_its_file(tmp_path: Path) -> None:
    assert start_model() == ""
    remember_start_model("embedded")
    assert start_model() == "embedded"
    path = tensors(tmp_path / "m.safetensors")
    remember_start_model(str(path))
    assert start_model() == str(path)
    path.unlink()
    assert start_model() == ""


def test_editing_creates_the_file_and_checks_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / ".config" / "warmer" / "config.toml"
    monkeypatch.setenv("EDITOR", "not this one")
    monkeypatch.setenv("VISUAL", editor(home, 'test "$1" = --wait && echo "theme = \'nord\'" >> "$2"'))
    assert config("--edit") == 0
    assert capsys.readouterr().err == "~/.config/warmer/config.toml has no mistakes\n"
    assert path.read_text() == f"{TEMPLATE}theme = 'nord'\n"
    monkeypatch.setenv("VISUAL", editor(home, 'echo "them = 3" > "$2"'))
    for _ in range(2):  # a file with a mistake can be edited again
        with pytest.raises(InvalidRequestError) as caught:
            config("--edit")
        assert str(caught.value) == f"{path}, line 1: there is no key them; the nearest one is theme"


def test_an_editor_that_fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / ".config" / "warmer" / "config.toml"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    (home / "vi").write_text("#!/bin/sh\nexit 1\n")
    (home / "vi").chmod(0o755)
    for command, sentence in (
        ("/no/such", "the editor '/no/such' cannot be started: set VISUAL or EDITOR to one that is installed"),
        ("false", f"the editor 'false' ended with exit code 1; {path} may be unchanged"),
        ("  ", f"the editor 'vi' ended with exit code 1; {path} may be unchanged"),
        ("'vi", "VISUAL or EDITOR cannot be read as a command: No closing quotation"),
    ):
        monkeypatch.setenv("EDITOR", command)
        with pytest.raises(InvalidRequestError) as caught:
            config("--edit")
        assert str(caught.value) == sentence
    (home / "file").write_text("")
    monkeypatch.setenv("WARMER_CONFIG", str(home / "file" / "config.toml"))
    with pytest.raises(UnwritableFileError) as refused:
        config("--edit")
    assert str(refused.value) == f"{home}/file/config.toml: it cannot be created: File exists"


Rendering = Callable[..., LoadModel]


@pytest.fixture
def new(tmp_path: Path) -> Rendering:
    """Return a function that runs `warmer new` and returns what the renderer was asked to load."""

    def run(*words: object) -> LoadModel:
        renderer = FakeRenderer()
        warmer("new", "--prompt", "p", "--seed", 7, "--out", tmp_path / "p.png", "--force", *words, renderer=renderer)
        return renderer.loads[-1]

    return run


def test_commands_use_what_is_in_force(home: Path, tmp_path: Path, new: Rendering) -> None:
    lora = tensors(home / "ComfyUI/models/loras/Ink.safetensors", ("lora_up.weight",))
    configure(home, '[profiles.a]\nsteps = 3\nsize = "64x32"\nloras = "ink:0.5"\n[profiles.b]\nsteps = 5\n')
    plain = new()
    assert plain.model.loras == ()
    loaded = new("--profile", "a")
    assert loaded.model.loras == (LoraChoice(path=str(lora), weight=0.5),)
    assert (loaded.settings.width, loaded.settings.height, loaded.settings.num_inference_steps) == (64, 32, 3)
    assert new("--profile", "a", "--steps", 9).settings.num_inference_steps == 9
    configure(home, f'profile = "b"\n{(home / ".config/warmer/config.toml").read_text()}')
    assert new().settings.num_inference_steps == 5
    assert new("--profile", "a").settings.num_inference_steps == 3
    assert read_record(tmp_path / "p.png").settings["steps"] == 3


def test_a_picture_keeps_its_model_and_its_settings(home: Path, tmp_path: Path, new: Rendering) -> None:
    new("--steps", 4)
    picture, before = tmp_path / "p.png", read_record(tmp_path / "p.png")
    configure(home, 'model = "gone"\nprofile = "a"\n[profiles.a]\nsteps = 3\nmemory = "resident"\n')
    for name in ("vary", "render"):
        renderer = FakeRenderer()
        warmer(name, picture, "--out", tmp_path / name, renderer=renderer)
        load = renderer.loads[-1]
        assert (load.settings.num_inference_steps, load.memory, load.model.name) == (4, "resident", "embedded")
    assert read_record(picture) == before
    renderer = FakeRenderer()
    warmer("vary", picture, "--profile", "a", "--out", tmp_path / "asked", renderer=renderer)
    assert renderer.loads[-1].settings.num_inference_steps == 3
    with pytest.raises(ModelError, match=r"^there is no folder or file 'gone'"):
        new()


def test_the_choice_on_the_start_screen_is_not_for_scripts(tmp_path: Path, new: Rendering) -> None:
    remember_start_model(str(tensors(tmp_path / "m.safetensors")))
    assert new().model.name == "embedded"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("words", "code"), [(["models"], 2), (["config"], 2), (["doctor", "--quick"], 2)])
def test_a_mistake_in_the_file_is_one_sentence(
    home: Path, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configure(home, "steps = 3")
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == code
    sentence = "there is no key steps; the nearest one is profiles.NAME.steps"
    assert capsys.readouterr().err == f"warmer: {path}, line 1: {sentence}\n"
    assert os.environ.get("WARMER_CONFIG") is None
