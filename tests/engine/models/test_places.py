"""The folders of each tool: what they hold, under which names, and what is wrong with their settings."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.configuration.read import configuration_path
from engine.errors import ModelError
from engine.models.library import Shelf, find_by_name
from engine.models.resolve import resolve_model
from tests.support.engine.folders import model_folder
from tests.support.engine.trees import a1111, cached, comfyui, configure, files, folders, invokeai, names


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


def as_view(query: str) -> Callable[[Path], None]:
    """Put a view in the place of the table."""

    def harm(database: Path) -> None:
        other_tables(database)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(f"CREATE VIEW models AS {query}")

    return harm


def long_rows(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE models SET config = zeroblob(100000000)")
        connection.commit()


ENDLESS = as_view(
    "WITH RECURSIVE c(config) AS (SELECT '{}' UNION ALL SELECT config FROM c) SELECT count(*) config FROM c"
)
HUGE = as_view("SELECT hex(zeroblob(900000000)) AS config")


@pytest.mark.parametrize("harm", [no_database, damaged_database, other_tables, odd_rows, long_rows, ENDLESS, HUGE])
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
