"""What a name means: every tool's folders, every way to write a name, and what is said when it means nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import string
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.read import configuration_path
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
from tests.support.engine.folders import model_folder, tensors
from tests.support.engine.trees import a1111, cached, comfyui, files, invokeai


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with nothing else in the environment."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("HF_HOME", str(home / "huggingface"))
    return home


def configure(text: str) -> None:
    """Write the configuration file."""
    configuration_path().parent.mkdir(parents=True, exist_ok=True)
    configuration_path().write_text(text)


def folders(**named: Path | str) -> None:
    """Write a configuration file that names folders."""
    lines = (f'{key} = "{folder}"' for key, folder in named.items())
    configure("\n".join(["[folders]", *lines]))


def names(shelf: Shelf) -> list[str]:
    return sorted(entry.name for entry in entries(shelf))


def test_the_keys_of_the_configuration_are_the_shelves() -> None:
    from engine.configuration.values import FOLDER_KEYS

    assert tuple(Shelf) == FOLDER_KEYS


def test_a1111_in_its_usual_place(home: Path) -> None:
    root = a1111(home / "stable-diffusion-webui")
    assert {shelf.value: names(shelf) for shelf in Shelf} == {
        "models": ["anime/ponyMix_v6"],
        "loras": ["ink", "moss"],
        "vaes": ["kl-f8"],
        "text_encoders": ["clip_l"],
        "embeddings": ["easynegative"],
        "preview_vaes": ["taesd_decoder"],
    }
    assert find_by_name(Shelf.LORAS, "moss") == root / "models/LyCORIS/moss.safetensors"


@pytest.mark.parametrize("key", ["roots", "models", "loras"])
def test_the_root_of_comfyui_may_be_named_anywhere(home: Path, tmp_path: Path, key: str) -> None:
    root = comfyui(tmp_path / "ui")
    folders(**{key: root})
    assert names(Shelf.MODELS) == ["flux1-dev", "flux1-dev-Q8_0.gguf", "sdxl/juggernaut"]
    assert names(Shelf.TEXT_ENCODERS) == ["clip_g", "t5xxl_fp16"]
    assert names(Shelf.EMBEDDINGS) == ["badhands.pt"]
    assert find_by_name(Shelf.VAES, "ae") == root / "models/vae/ae.safetensors"
    assert home.is_dir()


@pytest.mark.usefixtures("home")
def test_the_folder_models_of_a_program_may_be_named_as_well(tmp_path: Path) -> None:
    folders(models=comfyui(tmp_path / "ui") / "models")
    assert names(Shelf.MODELS) == ["flux1-dev", "flux1-dev-Q8_0.gguf", "sdxl/juggernaut"]
    assert names(Shelf.LORAS) == ["sdxl/ink"]


@pytest.mark.usefixtures("home")
def test_a_plain_folder_and_one_with_sorted_sub_folders(tmp_path: Path) -> None:
    files(tmp_path / "mine", "a.safetensors", "old/b.safetensors", "loras/c.safetensors", ".trash/d.safetensors")
    files(tmp_path / "any", "e.safetensors")
    folders(models=tmp_path / "mine", roots=tmp_path / "any")
    assert names(Shelf.MODELS) == ["a", "e", "old/b"]
    assert names(Shelf.LORAS) == ["c", "e"]


@pytest.mark.usefixtures("home")
def test_folders_may_be_relative_to_the_configuration_or_to_the_home(home: Path) -> None:
    files(configuration_path().parent / "near", "a.safetensors")
    files(home / "far", "b.safetensors")
    configure('[folders]\nmodels = ["near", "~/far", "not there"]')
    assert names(Shelf.MODELS) == ["a", "b"]


@pytest.mark.usefixtures("home")
def test_diffusers_folders_are_models_and_components(tmp_path: Path) -> None:
    model_folder(tmp_path / "models" / "landscapes")
    files(tmp_path / "vaes", "mse/config.json", "mse/diffusion_pytorch_model.safetensors", "plain.safetensors")
    folders(models=tmp_path / "models", vaes=tmp_path / "vaes")
    assert names(Shelf.MODELS) == ["landscapes"]
    assert names(Shelf.VAES) == ["mse", "plain"]
    folders(models=tmp_path / "models" / "landscapes")
    assert names(Shelf.MODELS) == ["landscapes"]
    assert resolve_model("Landscapes").path == str(tmp_path / "models" / "landscapes")


EXTRA = """\
comfyui:
    base_path: {base}
    checkpoints: more/checkpoints
    loras: |
        more/loras
        {base}/absolute
    clip_vision: more/checkpoints
a111:
    base_path: {other}
    checkpoints: models/Stable-diffusion
    embeddings: embeddings
    controlnet: models/ControlNet
variables:
    is_default: true
    vae: ~/vaes
    upscale_models: ~/vaes
strange: [1, 2]
no: text
"""


def test_comfyui_names_further_folders(home: Path, tmp_path: Path) -> None:
    ui, base, other = comfyui(home / "ComfyUI"), tmp_path / "base", a1111(tmp_path / "other")
    files(base, "more/checkpoints/m.safetensors", "more/loras/l.safetensors", "absolute/k.safetensors")
    files(home / "vaes", "v.safetensors")
    (ui / "extra_model_paths.yaml").write_text(EXTRA.format(base=base, other=other))
    assert set(names(Shelf.MODELS)) - {"flux1-dev", "flux1-dev-Q8_0.gguf", "sdxl/juggernaut"} == {
        "m",
        "anime/ponyMix_v6",
    }
    assert set(names(Shelf.LORAS)) == {"sdxl/ink", "l", "k"}
    assert names(Shelf.VAES) == ["ae", "v"]
    assert set(names(Shelf.EMBEDDINGS)) == {"badhands.pt", "easynegative"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ui:\n  base_path: relative\n  loras: l\n", "relative/l"),
        ("ui:\n  loras: l\n", "l"),
        ("ui:\n  base_path: $HERE\n  loras: l\n", "elsewhere/l"),
        ("ui:\n  loras: [l, k]\n", "k"),
        ("ui:\n  base_path:\n  loras: l\n", "l"),
    ],
)
def test_relative_folders_of_comfyui(home: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: str) -> None:
    monkeypatch.setenv("HERE", str(home / "ComfyUI" / "elsewhere"))
    ui = comfyui(home / "ComfyUI")
    (path,) = files(ui / found, "mine.safetensors")
    (ui / "extra_model_paths.yaml").write_text(text)
    assert find_by_name(Shelf.LORAS, "mine") == path


def bomb(last: str, line: str) -> str:
    """YAML in which each of forty lines names the one above twice."""
    lines = (line.format(number, number - 1) for number in range(1, 40))
    return "\n".join(["x0: &x0 {k: [loras]}", *lines, last.format(39)])


DAMAGED = (
    *("a: [", "- 1", "text", "a: {b: c", "\0", "!!python/object:os.system x", "a: &x [*x]"),
    *("a: !!int ''", "a: !!float ''", "a: !!bool x", "a: !!timestamp x", f"a: {'1:' * 400}1.5"),
    *(
        'a: {loras: "x\\0y"}',
        'a: {loras: "\\ud800"}',
        f"a: {{loras: {'x' * 5000}}}",
        "a: {base_path: [/], loras: [[x]]}",
    ),
    bomb("a: {{base_path: *x{0}, loras: [*x{0}]}}", "x{0}: &x{0} [*x{1}, *x{1}]"),
    bomb("a: *x{0}", "x{0}: &x{0} {{<<: [*x{1}, *x{1}]}}"),
    "a: {loras: x}\n" + "# long\n" * 20_000,
)


@pytest.mark.parametrize("text", DAMAGED, ids=[text[:30] for text in DAMAGED])
def test_a_damaged_list_of_folders_changes_nothing(home: Path, text: str) -> None:
    (comfyui(home / "ComfyUI") / "extra_model_paths.yaml").write_text(text)
    assert names(Shelf.LORAS) == ["sdxl/ink"]


ENTRIES: tuple[dict[str, object], ...] = (
    {"name": "Juggernaut XL", "path": "0a1b/juggernaut.safetensors", "type": "main", "base": "sdxl"},
    {"name": "Ink", "path": "sdxl/lora/ink.safetensors", "type": "lora", "base": "sdxl"},
    {"name": "T5", "path": "/elsewhere/t5", "type": "t5_encoder", "base": "any"},
    {"name": "Vision", "path": "any/clip_vision", "type": "clip_vision", "base": "any"},
    {"name": 3, "path": "x", "type": "main"},
    {"path": "x", "type": "main"},
    {"name": "no path", "path": "x\0y", "type": "main"},
    {"name": "no text", "path": "\ud800", "type": "main"},
)


@pytest.mark.parametrize("table", ["models", "model_config"])
def test_invokeai_calls_models_as_its_database_does(home: Path, table: str) -> None:
    root = invokeai(home / "invokeai", *ENTRIES, table=table)
    files(root, "models/0a1b/juggernaut.safetensors")
    assert find_by_name(Shelf.MODELS, "juggernaut xl") == root / "models/0a1b/juggernaut.safetensors"
    assert find_by_name(Shelf.LORAS, "sdxl/ink") == root / "models/sdxl/lora/ink.safetensors"
    with pytest.raises(ModelError, match=r"^'T5' is /elsewhere/t5, which leads to no file any more$"):
        find_by_name(Shelf.TEXT_ENCODERS, "T5")
    assert [names(shelf) for shelf in Shelf] == [["Juggernaut XL"], ["Ink"], [], ["T5"], [], []]


def test_invokeai_reads_its_folders_from_its_settings(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = invokeai(tmp_path / "ai", *ENTRIES)
    (root / "models").rename(root / "weights")
    (root / "databases").rename(root / "data")
    (root / "invokeai.yaml").write_text("models_dir: weights\ndb_dir: data\n")
    monkeypatch.setenv("INVOKEAI_ROOT", str(root))
    assert find_by_name(Shelf.LORAS, "Ink") == root / "weights/sdxl/lora/ink.safetensors"
    assert not (home / "invokeai").exists()


def no_database(database: Path) -> None:
    database.write_bytes(b"")


def damaged_database(database: Path) -> None:
    database.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def other_tables(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE models")


def odd_rows(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE models SET config = CASE id WHEN '0' THEN '{' WHEN '1' THEN 7 ELSE NULL END")
        connection.commit()


@pytest.mark.parametrize("harm", [no_database, damaged_database, other_tables, odd_rows])
def test_without_its_database_invokeai_is_searched_by_folders(home: Path, harm: object) -> None:
    root = invokeai(home / "invokeai", *ENTRIES)
    assert callable(harm)
    harm(root / "databases" / "invokeai.db")
    assert [names(shelf) for shelf in Shelf] == [["juggernaut"], ["ink"], [], [], ["easynegative"], []]
    assert find_by_name(Shelf.MODELS, "juggernaut") == root / "models/sdxl/main/juggernaut"


def test_a_database_in_use_is_read(home: Path) -> None:
    root = invokeai(home / "invokeai", *ENTRIES)
    with closing(sqlite3.connect(root / "databases" / "invokeai.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO models VALUES ('9', '{}')")
        connection.commit()
        assert names(Shelf.LORAS) == ["Ink"]


def test_a_model_in_the_cache_of_the_hub_needs_no_download(home: Path) -> None:
    cache = home / "huggingface" / "hub"
    snapshot = cached(cache, "org/name", "old.txt", revision="new")
    model_folder(snapshot / "x").rename(snapshot.parent / "y")
    shutil.rmtree(snapshot)
    (snapshot.parent / "y").rename(snapshot)
    cached(cache, "org/name", "model_index.json", revision="newer", main=False)
    cached(cache, "stabilityai/sd-vae", "config.json", "diffusion_pytorch_model.safetensors")
    cached(cache, "latent/lcm-lora", "pytorch_lora_weights.safetensors", "README.md")
    cached(cache, "many/files", "a.safetensors", "sub/b.safetensors")
    cached(cache, "some/tokenizer", "tokenizer.json")
    assert resolve_model("org/name").name == "org/name"
    assert resolve_model("org/name").path == str(snapshot)
    assert find_by_name(Shelf.VAES, "sd-vae") == cache / "models--stabilityai--sd-vae/snapshots/0a1b"
    lora = cache / "models--latent--lcm-lora/snapshots/0a1b/pytorch_lora_weights.safetensors"
    assert find_by_name(Shelf.LORAS, "latent/lcm-lora") == lora
    assert find_by_name(Shelf.MODELS, "many/files/b") is None
    assert find_by_name(Shelf.MODELS, "files/sub/b").name == "b.safetensors"  # type: ignore[union-attr]
    assert find_by_name(Shelf.MODELS, "some/tokenizer") is None
    assert resolve_model("org/name", download=True).download


def test_an_unfinished_download_says_so(home: Path) -> None:
    cache = home / "huggingface" / "hub"
    cached(cache, "org/half", "README.md")
    files(cache, "models--org--half/blobs/00.incomplete")
    with pytest.raises(ModelError) as caught:
        resolve_model("org/half")
    assert str(caught.value) == (
        "the download of 'org/half' in the Hugging Face cache is not complete: add --download to finish it"
    )


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"HF_HUB_CACHE": "{home}/a"}, "a"),
        ({"HUGGINGFACE_HUB_CACHE": "{home}/b", "HF_HOME": "{home}/c"}, "b"),
        ({"HF_HOME": "~/c"}, "c/hub"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": "{home}/d"}, "d/huggingface/hub"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": ""}, ".cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_huggingface_hub_puts_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], place: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(home=home))
    cached(home / place, "org/name", "model_index.json")
    assert names(Shelf.MODELS) == ["org/name"]


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
