"""`warmer models`: what it lists, in which form, and what it says of files that cannot be used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.models import fingerprints
from engine.models.contents import Contents, Kind
from engine.models.fingerprints import known_digests
from engine.models.resolve import resolve_model
from engine.models.weights import WeightFile
from tests.support.engine.folders import change_index, model_folder, tensors
from tests.support.engine.trees import cached, files, invokeai
from tui.cli import main, run_command
from tui.commands.columns import Column, lines_of


def models(*words: str) -> int:
    """Run `warmer models`, and return its exit code; a renderer is never needed."""
    return run_command("models", list(words), FakeRenderer)


def contents_of(file: WeightFile) -> Contents:
    """Tell a few kinds by names that no true file has: which kinds there are is tested elsewhere."""
    (name, *_) = file.tensors
    match name.split("_")[0]:
        case "lora":
            return Contents(kind=Kind.LORA)
        case "upscaler":
            return Contents(kind=Kind.UPSCALER)
        case _:
            return Contents(kind=Kind.CHECKPOINT, family="SDXL")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with the folders of ComfyUI, whose files are whole, and a configuration file."""
    monkeypatch.setattr("engine.models.inventory.contents_of", contents_of)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    home = tmp_path / "home"
    ui = home / "ComfyUI" / "models"
    tensors(ui / "checkpoints" / "sdxl" / "juggernaut.safetensors")
    tensors(ui / "loras" / "Ink.safetensors", ("lora_up.weight",))
    model_folder(home / "mine" / "landscapes")
    config = tmp_path / "xdg_config_home" / "warmer" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[folders]\nmodels = "~/mine"')
    return home


def old(path: Path) -> Path:
    """Make a file look as if it had not changed for a minute, so that its digest is kept."""
    then = time.time() - 60
    os.utime(path, (then, then))
    return path


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("home")
def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert models() == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "name             kind   family             size  sha256  folder",
        "landscapes       model  StableDiffusion  0.3 kB          ~/mine",
        "sdxl/juggernaut  model  SDXL             0.1 kB          ~/ComfyUI/models/checkpoints/sdxl",
        "Ink              lora                    0.1 kB          ~/ComfyUI/models/loras",
    ]
    assert err == ""


def test_json_lists_paths_and_kinds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("--json", "--kind", "lora") == 0
    path = home / "ComfyUI/models/loras/Ink.safetensors"
    assert listed(capsys) == [
        {
            "name": "Ink",
            "use": "lora",
            "kind": "LoRA",
            "family": "",
            "bytes": path.stat().st_size,
            "sha256": "",
            "path": str(path),
            "from": "ComfyUI",
            "problem": "",
        }
    ]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("INK",), ["Ink"]),
        (("comfyui", "sdxl"), ["sdxl/juggernaut"]),
        (("stablediffusion",), ["landscapes"]),
        (("--kind", "model"), ["landscapes", "sdxl/juggernaut"]),
        (("--kind", "model", "ink"), []),
    ],
    ids=str,
)
def test_filters(words: tuple[str, ...], names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert models("--json", *words) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["name"] for line in out.splitlines()] == names
    assert err == ("" if names else "nothing that was found fits this; warmer models lists all\n")


def test_digests_are_computed_once_and_shown_ever_after(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = old(home / "ComfyUI/models/loras/Ink.safetensors")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert models("--kind", "lora", "--hash") == 0
    assert f"  {digest[:10]}  " in capsys.readouterr().out
    assert models("ink", "--json") == 0
    assert [entry["sha256"] for entry in listed(capsys)] == [digest]
    path.write_bytes(path.read_bytes() + b"")
    old(path)
    os.utime(path)
    assert models("ink", "--json") == 0
    assert [entry["sha256"] for entry in listed(capsys)] == [""]


def test_an_interruption_keeps_the_digests_that_are_done(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = old(home / "ComfyUI/models/loras/Ink.safetensors")
    second = old(tensors(home / "ComfyUI/models/loras/big.safetensors", ("lora_up.weight", "lora_down.weight")))

    real = fingerprints._digest

    def interrupted(path: Path, on_read: Callable[[int], None]) -> str:
        if path == second:
            raise KeyboardInterrupt
        return real(path, on_read)

    monkeypatch.setattr(fingerprints, "_digest", interrupted)
    assert models("--kind", "lora", "--hash", "--json") == 130
    out, err = capsys.readouterr()
    digests = {entry["name"]: entry["sha256"] for entry in map(json.loads, out.splitlines())}
    assert digests == {"Ink": hashlib.sha256(first.read_bytes()).hexdigest(), "big": ""}
    assert err == "interrupted: the digests of 1 of 2 files were computed, and are kept\n"
    assert known_digests([first, second]) == {first: hashlib.sha256(first.read_bytes()).hexdigest()}


def test_what_is_damaged_is_listed_with_its_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ui = home / "ComfyUI" / "models"
    cut = tensors(ui / "loras" / "cut.safetensors")
    cut.write_bytes(cut.read_bytes()[:-1])
    files(ui, "embeddings/old.pt")
    (ui / "vae").mkdir()
    os.mkfifo(ui / "vae" / "pipe.safetensors")
    (ui / "vae" / "gone.safetensors").symlink_to(home / "nothing")
    change_index(home / "mine" / "landscapes", _class_name=["pipeline", "Mine"])
    cached(home.parent / "hf_home" / "hub", "org/half", "README.md")
    files(home.parent / "hf_home" / "hub", "models--org--half/blobs/0.incomplete")
    assert models("--json") == 0
    problems = {entry["name"]: (entry["use"], entry["problem"]) for entry in listed(capsys) if entry["problem"]}
    assert problems == {
        "cut": (
            "lora",
            f"cut.safetensors is cut short or damaged ({cut.stat().st_size} bytes do not match its header): "
            "download it again",
        ),
        "old.pt": ("embedding", "a pickle file, which can run code when it is opened, is never loaded"),
        "pipe": ("vae", "it is not a regular file"),
        "gone": ("vae", "it cannot be read: No such file or directory"),
        "landscapes": ("model", "'landscapes' brings code of its own (pipeline), which is never run"),
        "org/half": ("other", "the download is not complete"),
    }
    models("cut")
    assert capsys.readouterr().out.splitlines()[2] == f"    {problems['cut'][1]}"


def test_one_file_is_listed_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine" / "same.safetensors").symlink_to(home / "ComfyUI/models/loras/Ink.safetensors")
    (home / "mine" / "again").symlink_to(home / "mine")
    models("--json", "--kind", "lora")
    assert [entry["name"] for entry in listed(capsys)] == ["same"]


def test_what_cannot_be_used_is_listed_last_by_its_kind(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tensors(home / "mine" / "big.safetensors", ("upscaler_weight",))
    models("--kind", "other")
    assert capsys.readouterr().out.splitlines()[1:] == ["big   upscaler          0.1 kB          ~/mine"]


def test_components_are_told_by_their_configuration(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embedded = Path(resolve_model("").path)
    shutil.copytree(embedded / "vae", home / "ComfyUI/models/vae/sd-vae")
    tiny = home / "ComfyUI/models/vae_approx/taesd"
    tensors(tiny / "diffusion_pytorch_model.safetensors")
    (tiny / "config.json").write_text('{"_class_name": "AutoencoderTiny"}')
    models("--json")
    found = {entry["name"]: (entry["use"], entry["kind"]) for entry in listed(capsys)}
    assert found["sd-vae"] == ("vae", "VAE, diffusers folder")
    assert found["taesd"] == ("preview-vae", "tiny autoencoder for previews, diffusers folder")


def test_an_empty_list_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    assert models() == 0
    assert capsys.readouterr() == (
        "",
        "no models were found: name your folders in ~/c/warmer/config.toml (warmer config --edit makes it)\n",
    )
    file = tmp_path / "c" / "warmer" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[folders]\nmodels = "~/gone"')
    assert models() == 0
    assert capsys.readouterr().err.splitlines()[0] == (
        "~/gone is not a folder, although the configuration file names it"
    )
    assert models("--quiet") == 0
    assert capsys.readouterr() == ("", "")
    file.write_text("folder = 3")
    with pytest.raises(SystemExit) as caught:
        main(["models"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (f"warmer: {file}, line 1: there is no key folder; the nearest one is folders\n")


def test_names_from_the_disk_cannot_disturb_the_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tensors(home / "mine" / "\x1b[31mred\n.safetensors")
    models("red")
    assert capsys.readouterr().out.splitlines()[1].startswith("[31mred   ")


def test_a_path_that_no_disk_takes_is_a_problem_of_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    invokeai(home / "invokeai", {"name": "long", "path": "x" * 300, "type": "main"})
    assert models("--hash") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert line == "    it cannot be read: File name too long"


def test_without_a_home_and_without_an_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", None)
        assert models("--quiet") == 0
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as where there is neither HOME nor such a user
    with pytest.raises(SystemExit) as caught:
        main(["models"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "warmer: no home directory is known: set the environment variable HOME to a folder\n"
    )


COLUMNS = (
    Column(title="a", least=4),
    Column(title="bb", least=2, is_number=True),
    Column(title="c", least=3, keeps_end=True),
)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (0, ["a       bb  c          ", "long n   1  /a/long/way", "水水水  22  x          "]),
        (18, ["a       bb  c     ", "long n   1  …g/way", "水水水  22  x     "]),
        (13, ["a     bb  c  ", "lon…   1  …ay", "水…   22  x  "]),
        (5, ["a     bb  c  ", "lon…   1  …ay", "水…   22  x  "]),
    ],
)
def test_columns_fit_the_width(width: int, lines: list[str]) -> None:
    rows = (("long n", "1", "/a/long/way"), ("水水水", "22", "x"))
    assert lines_of(COLUMNS, rows, width) == lines
