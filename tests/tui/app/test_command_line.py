"""The command line that renders a picture again: a shell takes it, and it gives the same record."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fake import FakeRenderer
from engine.models.find import remember_model
from latentpng.png.files import embed_record, read_picture, read_record
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot
from latentpng.text import plain
from tests.support.engine.folders import model_folder, tensors
from tests.support.latentpng.pictures import altered, seeded_record, tensor_record
from tests.support.tui.scripting import warmer
from tui.app.command_line import command_of

BASH = shutil.which("bash") or ""
HOSTILE = "a \"quoted\" 'lake' $HOME `ls`\n\x1b[31mred ‮ \\ ☾ -- #"


def words_of(line: str) -> list[str]:
    """Return the words that a shell makes of a line."""
    ran = subprocess.run([BASH, "-c", f"printf '%s\\0' {line}"], capture_output=True, timeout=20, check=True)
    return [word.decode(errors="surrogateescape") for word in ran.stdout.split(b"\0")[:-1]]


def again(line: str, out: Path, renderer: FakeRenderer | None = None) -> LatentRecord:
    """Run a line, with another output, and return what it writes."""
    program, command, *words = words_of(line)
    assert program == "warmer"
    words = words[: words.index("--out")] if "--out" in words else words
    warmer(command, *words, "--out", out, renderer=renderer)
    return read_record(out)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--negative", "-- fog", "--steps", 3, "--guidance", 7.25, "--size", "64x32", "--clip-skip", 2),
        ("--scheduler", "DPM++ 2M Karras", "--prompt-style", "comfyui"),
        ("--scheduler", "Euler, timestep_spacing=trailing, eta=0.5"),
        ("--scheduler", ""),
    ],
)
@pytest.mark.parametrize("prompt", ["a lake", "-a lake", HOSTILE])
def test_a_new_picture_is_made_again_without_its_file(tmp_path: Path, prompt: str, options: tuple[object, ...]) -> None:
    path = tmp_path / "a.png"
    warmer("new", f"--prompt={prompt}", "--seed", 7, *options, "--out", path)
    record = read_record(path)
    line = command_of(record, None)
    assert plain(line) == line
    assert again(line, tmp_path / "b.png") == record


def test_the_line_of_a_new_picture_is_short(tmp_path: Path) -> None:
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", tmp_path / "a.png")
    assert command_of(read_record(tmp_path / "a.png"), None) == (
        "warmer new --prompt 'a lake' --seed 7 --size 128x128 --steps 6 --guidance 2.5 --scheduler UniPC "
        "--model embedded --dtype float32 --out ."
    )


def test_the_model_and_its_parts_are_named_by_their_files(tmp_path: Path) -> None:
    model = model_folder(tmp_path / "a model")
    lora = tensors(tmp_path / "ink.safetensors", ("lora_up.weight",))
    path, renderer = tmp_path / "a.png", FakeRenderer()
    given = ("--model", model, "--lora", f"{lora}:0.5", "--size", "64x64")
    warmer("new", "--prompt", "(p:1.2)", "--seed", 7, *given, "--out", path, renderer=renderer)
    record = read_record(path)
    unknown = command_of(record, None)
    assert "--model 'a model' " in unknown
    assert "--lora ink:0.5 " in unknown
    entry = record.settings["model"]
    assert isinstance(entry, dict)
    remember_model(renderer.loads[-1].model, entry)
    line = command_of(record, None)
    assert f"--model '{model}' " in line
    assert f"--lora {lora}:0.5 " in line
    assert again(line, tmp_path / "b.png") == record


def test_what_the_configuration_says_for_new_prompts_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmer("new", "--prompt", "p", "--seed", 7, "--out", tmp_path / "a.png")
    record = read_record(tmp_path / "a.png")
    (tmp_path / "warmer").mkdir()
    (tmp_path / "warmer" / "config.toml").write_text(
        'profile = "mine"\n[profiles.mine]\nnegative = "fog"\nclip_skip = 2\nsteps = 3\n'
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    warmer("new", "--prompt", "p", "--seed", 7, "--out", tmp_path / "b.png")
    assert read_record(tmp_path / "b.png").settings["negative_prompt"] == "fog"
    assert again(command_of(record, None), tmp_path / "c.png") == record


@pytest.mark.parametrize("name", ["a.png", "-a b.png", "it's.png", "a\n\x1b[31m.png", "caf\udce9.png"])
def test_a_file_is_rendered_again(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(name)
    warmer("new", "--prompt", "p", "--seed", 7, "--out", "start.png")
    warmer("vary", "start.png", "--prompt", "q", "--seed", 5, "--count", 2, "--out", ".")
    Path("start-r2-1.png").rename(file)
    line = command_of(read_record(file), file)
    assert plain(line) == line
    assert words_of(line) == ["warmer", "render", f"./{name}" if name.startswith("-") else name]
    assert again(line, Path("b.png")).lineage == read_record(file).lineage
    assert read_picture(Path("b.png")) == read_picture(file)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_name_is_one_word_of_the_shell_and_safe_to_show(name: str) -> None:
    line = command_of(seeded_record(), Path(f"x{name}"))
    assert plain(line) == line
    assert words_of(line) == ["warmer", "render", str(Path(f"x{name}"))]


def test_what_no_command_can_do_is_a_comment(tmp_path: Path) -> None:
    then = "; pick it or star it with * first"
    warmer("new", "--prompt", "p", "--seed", 7, "--scheduler", "Euler a", "--count", 2, "--out", tmp_path)
    record = read_record(tmp_path / "7.png")
    once = Round(seed=3, scale=0.5)
    for rounds, words in (
        ((once,), "the round of this picture can only be read from its file"),
        ((once, once), "the 2 rounds of this picture can only be read from its file"),
    ):
        moved = altered(record, lineage=Lineage(root=SeedRoot(seed=7), rounds=rounds))
        assert command_of(moved, None) == f"# {words}{then}"
    stored = "this picture starts from noise that stands in its file alone"
    assert command_of(tensor_record(), None) == f"# {stored}{then}"
    some = "some settings of this picture can only be read from its file"
    assert command_of(read_record(tmp_path / "8.png"), None) == f"# {some}{then}", "its steps draw noise of seed 7"
    rescaled = altered(record, settings={**record.settings, "guidance_rescale": 0.5})
    assert command_of(rescaled, None) == f"# {some}{then}"
    for settings in ({"prompt": "a"}, {**record.settings, "steps": "many"}):
        assert command_of(altered(record, settings=settings), None) == (
            f"# the settings of this picture can only be read from its file{then}"
        )


def test_an_edit_alone_needs_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    warmer("new", "--prompt", "p", "--seed", 7, "--out", path)
    warmer("render", path, "--prompt", "q", "--out", tmp_path / "b.png")
    again(command_of(read_record(tmp_path / "b.png"), None), tmp_path / "c.png")
    assert read_picture(tmp_path / "c.png") == read_picture(tmp_path / "b.png")
    assert read_record(tmp_path / "c.png").settings == {**read_record(tmp_path / "b.png").settings}


def test_a_picture_may_hold_anything(tmp_path: Path) -> None:
    warmer("new", "--prompt", "p", "--seed", 7, "--out", tmp_path / "a.png")
    record = read_record(tmp_path / "a.png")
    for model in (None, 3, {"name": "\x1b[1m$(ls)", "loras": [3, {"name": 4}, {"name": "x"}], "vae": []}):
        strange = altered(record, settings={**record.settings, "model": model})
        embed_record(tmp_path / "a.png", strange)
        line = command_of(read_record(tmp_path / "a.png"), None)
        assert plain(line) == line
        assert words_of(line)[:2] == ["warmer", "new"]
