"""What a name means: every tool's folders, every way to write a name, and what is said when it means nothing."""

from __future__ import annotations

import os
import string
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.values import Configuration
from engine.errors import ModelError
from engine.models import library
from engine.models.completion import resolve_text_encoder
from engine.models.library import Shelf, entries, find_by_name, near_names, not_found, shown
from engine.models.loras import resolve_lora
from engine.models.places import known, scan
from engine.models.places.known import all_contents, known_places
from engine.models.places.place import folded, parts_of, stem_of
from engine.models.prompt_files import PromptFiles
from engine.models.resolve import resolve_model, resolve_preview_vae, resolve_vae
from engine.options import Options
from engine.rendering.requests import LoraChoice
from engine.target import target_for_prompt
from tests.support.engine.folders import tensors
from tests.support.engine.trees import a1111, cached, comfyui, files, folders, names


def test_the_keys_of_the_configuration_are_the_shelves() -> None:
    from engine.configuration.values import FOLDER_KEYS

    assert tuple(Shelf) == FOLDER_KEYS


ONE = "sdxl/Pony Mix.v6.safetensors"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("name", "is_meant"),
    [
        ("Pony Mix.v6", True),
        ("Pony Mix.v6.safetensors", True),
        ("pony mix.V6.SafeTensors", True),
        ("sdxl/pony mix.v6", True),
        ("SDXL\\Pony Mix.v6.safetensors", True),
        ("mine/sdxl/Pony Mix.v6", True),
        ("Pony Mix.v6.safetensors [6ce0161689]", True),
        ("Pony Mix.v6 [0123abcd]", True),
        ("Pony Mix", False),
        ("other/Pony Mix.v6", False),
        ("Pony Mix.v6.gguf", False),
        ("Pony Mix.v6 [red]", False),
        ("sdxl", False),
        ("../sdxl/Pony Mix.v6", False),
        ("/Pony Mix.v6", False),
        ("", False),
        ("[6ce0161689]", False),
        ("\0", False),
    ],
)
def test_ways_to_write_a_name(tmp_path: Path, name: str, is_meant: bool) -> None:
    (path,) = files(tmp_path / "mine", ONE)
    folders(models=tmp_path / "mine")
    assert find_by_name(Shelf.MODELS, name) == (path if is_meant else None)


@pytest.mark.usefixtures("home")
def test_accents_are_alike_however_they_are_written(tmp_path: Path) -> None:
    (path,) = files(tmp_path / "mine", "caf\u00e9.safetensors")
    folders(models=tmp_path / "mine")
    assert find_by_name(Shelf.MODELS, "CAFE\u0301") == path


@pytest.mark.usefixtures("home")
def test_several_files_of_one_name_are_listed_unless_one_is_clearly_meant(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    first, second = files(mine, "a/pony.safetensors", "b/pony.safetensors")
    folders(models=mine)
    with pytest.raises(ModelError) as caught:
        find_by_name(Shelf.MODELS, "Pony")
    assert str(caught.value) == (
        f"2 different files are called 'Pony': {first}, {second}; name one of them by its path"
    )
    assert find_by_name(Shelf.MODELS, "b/pony") == second
    exact, pickle = files(mine, "c/Pony.safetensors", "c/PONY.ckpt")
    assert find_by_name(Shelf.MODELS, "Pony") == exact
    assert find_by_name(Shelf.MODELS, "PONY.ckpt") == pickle
    (gguf,) = files(mine, "c/Pony.gguf")
    assert find_by_name(Shelf.MODELS, "Pony.gguf") == gguf
    with pytest.raises(ModelError, match=r"^2 different files are called 'Pony'"):
        find_by_name(Shelf.MODELS, "Pony")


@pytest.mark.usefixtures("home")
def test_copies_in_the_folders_of_several_programs_are_one(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    first = tensors(mine / "a" / "ink.safetensors")
    tensors(mine / "b" / "ink.safetensors")
    folders(loras=mine)
    assert find_by_name(Shelf.LORAS, "ink") == first
    tensors(mine / "b" / "ink.safetensors", byte=b"\2")
    with pytest.raises(ModelError, match=r"^2 different files are called 'ink': "):
        find_by_name(Shelf.LORAS, "ink")


@pytest.mark.usefixtures("home")
def test_a_name_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    link = tmp_path / "mine" / "ink.safetensors"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "nothing")
    folders(loras=tmp_path / "mine")
    with pytest.raises(ModelError) as caught:
        find_by_name(Shelf.LORAS, "ink")
    assert str(caught.value) == f"'ink' is {link}, which leads to no file any more"


@pytest.mark.usefixtures("home")
def test_the_hash_that_a1111_shows_decides_between_files_of_one_name(tmp_path: Path) -> None:
    import hashlib

    _, second = files(tmp_path / "mine", "a/pony.safetensors", "b/pony.safetensors")
    folders(models=tmp_path / "mine")
    digest = hashlib.sha256(second.read_bytes()).hexdigest()
    assert find_by_name(Shelf.MODELS, f"pony [{digest[:10]}]") == second
    with pytest.raises(ModelError, match=r"^2 different files are called"):
        find_by_name(Shelf.MODELS, "pony [0123456789]")


def test_folders_of_the_configuration_come_before_those_of_programs(home: Path, tmp_path: Path) -> None:
    a1111(home / "stable-diffusion-webui")
    (mine,) = files(tmp_path / "mine", "ink.safetensors")
    folders(loras=tmp_path / "mine")
    assert find_by_name(Shelf.LORAS, "ink") == mine
    comfyui(home / "ComfyUI")
    assert find_by_name(Shelf.LORAS, "sdxl/ink") == home / "ComfyUI/models/loras/sdxl/ink.safetensors"


def test_one_file_reached_in_several_ways_is_one(home: Path) -> None:
    web, ui = a1111(home / "stable-diffusion-webui"), comfyui(home / "ComfyUI")
    (ui / "models/loras/web").symlink_to(web / "models/Lora")
    (ui / "models/loras/ink.safetensors").symlink_to(web / "models/Lora/ink.safetensors")
    os.link(web / "models/Lora/ink.safetensors", ui / "models/loras/hard.safetensors")
    (ui / "models/loras/sdxl/ink.safetensors").unlink()
    assert find_by_name(Shelf.LORAS, "ink") == web / "models/Lora/ink.safetensors"


@pytest.mark.usefixtures("home")
def test_what_cannot_be_walked_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine"
    (good,) = files(mine, "a/good.safetensors")
    (mine / "a" / "loop").symlink_to(mine)
    (mine / "gone.safetensors").symlink_to(tmp_path / "nothing")
    os.mkfifo(mine / "pipe")
    files(mine, "secret/b.safetensors")
    folders(models=mine)
    real = os.scandir

    def refuse(folder: Path) -> object:
        if os.path.basename(folder) == "secret":  # noqa: PTH119 (a text on Python 3.13)
            raise PermissionError(13, "no")
        return real(folder)

    monkeypatch.setattr("os.scandir", refuse)
    assert names(Shelf.MODELS) == ["a/good", "gone"]
    assert find_by_name(Shelf.MODELS, "good") == good


@pytest.mark.usefixtures("home")
def test_depth_and_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine"
    files(mine, "/".join(["d"] * scan.MAX_DEPTH) + "/in.safetensors", "/".join(["d"] * 9) + "/out.safetensors")
    folders(models=mine)
    assert [entry.path.stem for entry in entries(Shelf.MODELS)] == ["in"]
    assert [contents.is_cut for contents in all_contents()] == [True]
    monkeypatch.setattr(scan, "MAX_FILES", 3)
    files(mine, "1.safetensors", "2.safetensors", "3.safetensors", "4.safetensors")
    assert len(entries(Shelf.MODELS)) <= 3


@pytest.mark.usefixtures("home")
def test_what_changes_on_the_disk_is_seen(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    files(mine, "sub/a.safetensors")
    folders(models=mine)
    assert names(Shelf.MODELS) == ["sub/a"]
    long_ago = time.time() - 60
    for folder in (mine, mine / "sub"):
        os.utime(folder, (long_ago, long_ago))
    assert names(Shelf.MODELS) == names(Shelf.MODELS) == ["sub/a"]
    files(mine, "sub/b.safetensors")
    now = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic", lambda: now + 10)
        assert names(Shelf.MODELS) == ["sub/a", "sub/b"]


def test_the_words_of_a_prompt_look_at_the_disk_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a1111(home / "stable-diffusion-webui")
    cached(home / "huggingface" / "hub", "org/model", "model_index.json")
    looked: list[Configuration] = []

    def read() -> Configuration:
        looked.append(Configuration(path=home))
        return looked[-1]

    monkeypatch.setattr(known, "read_configuration", read)
    found = PromptFiles(home / "model.safetensors")
    assert [found.find(Shelf.LORAS, name) is not None for name in ("ink", "moss", "sea", "INK")] == [
        True,
        True,
        False,
        True,
    ]
    assert len(looked) == 1


def test_names_of_a_large_folder_are_put_in_order_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a1111(home / "stable-diffusion-webui") / "models"
    cached(home / "huggingface" / "hub", "org/model", "model_index.json")
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (0, 0))
    asked: list[str] = []

    def stem(name: str) -> str:
        asked.append(name)
        return stem_of(name)

    monkeypatch.setattr(library, "stem_of", stem)
    find_by_name(Shelf.LORAS, "sea")
    assert asked.count("ink.safetensors") == 1
    find_by_name(Shelf.LORAS, "other sea")
    assert asked.count("ink.safetensors") == 1


def test_a_place_is_searched_once(home: Path) -> None:
    comfyui(home / "ComfyUI")
    folders(roots="~/ComfyUI", loras="~/ComfyUI/models/loras")
    assert len(known_places()) == len({(place.path, place.shelf) for place in known_places()}) == 9
    assert names(Shelf.LORAS) == ["sdxl/ink"]


def test_what_is_said_of_a_name_that_nothing_has(home: Path) -> None:
    assert not_found(Shelf.LORAS, "ink") == (
        ", and no folder of LoRAs is known here: name yours in ~/.config/warmer/config.toml"
    )
    comfyui(home / "ComfyUI")
    a1111(home / "stable-diffusion-webui")
    with pytest.raises(ModelError) as caught:
        resolve_model("jugernaut")
    assert str(caught.value) == (
        "there is no folder or file 'jugernaut', and no model of this name in "
        "~/stable-diffusion-webui/models/Stable-diffusion, ~/ComfyUI/models/checkpoints, "
        "~/ComfyUI/models/diffusion_models and 1 more; similar names: 'sdxl/juggernaut'"
    )
    assert near_names(Shelf.MODELS, "pony") == ("anime/ponyMix_v6",)
    assert near_names(Shelf.MODELS, "Flux1_dev.safetensors") == ("flux1-dev", "flux1-dev-Q8_0.gguf")
    assert near_names(Shelf.MODELS, "zzz") == ()
    assert not_found(Shelf.MODELS, "./zzz") == not_found(Shelf.MODELS, "/zzz") == ""


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "resolve", [resolve_model, resolve_lora, resolve_vae, resolve_preview_vae, resolve_text_encoder]
)
def test_the_home_of_an_unknown_user_is_no_path(resolve: Callable[[str], object]) -> None:
    with pytest.raises(ModelError, match=r"'~nobody-here/x'"):
        resolve("~nobody-here/x")


def test_names_work_in_every_option(home: Path) -> None:
    ui = home / "ComfyUI" / "models"
    lora = tensors(ui / "loras" / "ink.safetensors", ("lora_up.weight",))
    vae = tensors(ui / "vae" / "ae.safetensors")
    assert resolve_lora("Ink") == LoraChoice(path=str(lora))
    assert resolve_lora("ink.safetensors:0.5") == LoraChoice(path=str(lora), weight=0.5)
    assert resolve_vae("AE") == str(vae)
    for resolve, sentence in (
        (resolve_lora, "--lora needs a .safetensors file: there is no file 'inc', and no LoRA of this name in "),
        (resolve_vae, "--vae needs a folder or a .safetensors file: there is no 'inc', and no VAE of this name in "),
        (resolve_preview_vae, "--preview-vae: there is no 'inc', and no folder of preview VAEs is known here: "),
    ):
        with pytest.raises(ModelError) as caught:
            resolve("inc")
        assert str(caught.value).startswith(sentence)


def test_a_path_that_exists_comes_before_a_name(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors(home / "ComfyUI/models/loras/ink", ("lora_up.weight",))
    tensors(home / "ComfyUI/models/loras/ink.safetensors", ("lora_up.weight",))
    here = tensors(tmp_path / "ink.safetensors", ("lora_up.weight",))
    monkeypatch.chdir(tmp_path)
    assert resolve_lora("ink.safetensors").path == str(here)
    assert resolve_lora("ink").path == str(home / "ComfyUI/models/loras/ink.safetensors")


def test_a_path_that_hides_a_name_is_reported(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tensors(home / "ComfyUI/models/loras/ink.safetensors", ("lora_up.weight",))
    monkeypatch.chdir(there.parent)
    assert target_for_prompt(Options(loras=("ink.safetensors:0.5",)), "").notice == ""
    tensors(tmp_path / "ink.safetensors", ("lora_up.weight",))
    monkeypatch.chdir(tmp_path)
    sentence = "'ink.safetensors' is taken from this folder, not the LoRA of this name in ~/ComfyUI/models/loras"
    for lora in ("ink.safetensors", "ink.safetensors:0.5"):
        assert target_for_prompt(Options(loras=(lora,)), "").notice == sentence
    assert target_for_prompt(Options(loras=(str(tmp_path / "ink.safetensors"), "ink")), "").notice == ""


def test_a_file_keeps_its_name_where_a_symlink_leads_to_a_blob(home: Path) -> None:
    snapshot = cached(home / "huggingface" / "hub", "org/lora", "ink.safetensors")
    tensors((snapshot / "ink.safetensors").resolve(), ("lora_up.weight",))
    assert resolve_lora("org/lora") == LoraChoice(path=str(snapshot / "ink.safetensors"))


NAMES = st.text(string.ascii_letters + string.digits + " ._-[]()é\u0301ß", min_size=1, max_size=20).filter(
    lambda name: not name.startswith(".") and name == name.strip() and stem_of(name) == name
)


@given(folder=NAMES, name=NAMES)
def test_any_name_of_a_file_finds_it(tmp_path_factory: pytest.TempPathFactory, folder: str, name: str) -> None:
    mine = tmp_path_factory.mktemp("mine")
    (path,) = files(mine, f"x{folder}/{name} y.safetensors")
    config = mine / "config.toml"
    config.write_text(f'[folders]\nmodels = "{mine}"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARMER_CONFIG", str(config))
        for typed in (f"{name} y", f"{name} Y.safetensors", f"x{folder}/{name} y", f"X{folder.upper()}\\{name} Y"):
            assert find_by_name(Shelf.MODELS, typed) == path


@given(st.text(max_size=30))
def test_comparing_names_is_stable(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert parts_of("/".join(parts_of(text))) == parts_of(text)


def test_paths_are_shown_below_the_home_directory(home: Path) -> None:
    assert shown(home / "a") == "~/a"
    assert shown(Path(f"{home}a")) == f"{home}a"
    assert shown(Path("/b")) == "/b"


def test_a_name_of_another_kind_is_told(home: Path) -> None:
    web = home / "stable-diffusion-webui"
    files(web, "models/Lora/ink.safetensors", "models/Stable-diffusion/mix.safetensors", "embeddings/easy.safetensors")
    assert not_found(Shelf.MODELS, "ink") == "; 'ink' is a LoRA here: name it with --lora"
    assert not_found(Shelf.LORAS, "mix") == "; 'mix' is a model here: name it with --model"
    assert not_found(Shelf.LORAS, "easy") == "; 'easy' is a textual inversion here: write its name in the prompt"


def test_the_name_of_a_file_is_no_id_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        resolve_model("Downloads/mix.safetensors")
    assert "--download" not in str(caught.value)
