"""Attacks on settings: of the user, of models, of other programs, and those that pictures record."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from tests.campaigns.models.odd_values import odd_bytes, odd_json, odd_name, odd_number
from tests.campaigns.models.target import Target

_TOP = ("model", "profile", "graphics", "theme", "first", "ahead", "draft", "picture_memory", "keep_alive")
_FOLDERS = ("models", "loras", "vaes", "text_encoders", "embeddings", "preview_vaes", "roots")
_PROFILE = (
    "model",
    "loras",
    "vae",
    "steps",
    "guidance",
    "scheduler",
    "negative",
    "size",
    "clip_skip",
    "memory",
    "dtype",
)
_GOOD: dict[str, tuple[str, ...]] = {
    "draft": ("true",),
    "steps": ("20",),
    "size": ('"512x512"',),
    "guidance": ("4.5",),
    "keep_alive": ('"10m"', "1e308", "nan", '"999999999d"'),
    "picture_memory": ("512", "-1", "1e3"),
    "ahead": ('"auto"', "2"),
}
_RECURSION = "WITH RECURSIVE c(config) AS (SELECT '{}' UNION ALL SELECT config || config FROM c) SELECT config FROM c"
_VIEWS = (
    _RECURSION,
    _RECURSION.replace("config || config", "config").replace(
        "SELECT config FROM c", "SELECT count(*) AS config FROM c"
    ),
    "SELECT hex(zeroblob(900000000)) AS config",
    "SELECT load_extension('/tmp/x') AS config",
    "SELECT readfile('/etc/passwd') AS config",
    "SELECT a.config FROM t a, t b, t c, t d, t e",
)


def _toml(draw: Random, key: str) -> str:
    roll = draw.random()
    if roll < 0.5:
        return draw.choice(_GOOD.get(key, ('"x"', '""', '["a", "b"]', '"\\u0007"')))
    if roll < 0.7:
        text = odd_name(draw).encode("ascii", "backslashreplace").decode().replace("\\", "\\\\").replace('"', "")
        return '"' + "".join(letter if letter >= " " else "\\n" for letter in text) + '"'
    odd = (
        "[" * 3000,
        "{a = 1}",
        "1e999",
        "nan",
        "0x" + "f" * 5000,
        "1979-05-27T07:32:00Z",
        '"' + "a" * 100_000 + '"',
        "{" * 50,
    )
    return draw.choice((*odd, str(odd_number(draw)), "[[],[]]", "true", "-0", "'''\na'''"))


def make_configuration(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a configuration file with something wrong."""
    keys = draw.sample(_TOP, draw.randint(0, 3))
    lines = [f"{key} = {_toml(draw, key)}" for key in keys]
    profile = draw.choice(("x", "y.z", "'\\'", '"\\u0000"'))
    for table, known in (("folders", _FOLDERS), (f"profiles.{profile}", _PROFILE)):
        if draw.random() < 0.5:
            lines.append(f"[{table}]")
            lines += [f"{key} = {_toml(draw, key)}" for key in draw.sample(known, draw.randint(0, 3))]
    if draw.random() < 0.1:
        lines.append(draw.choice(("a." * 20_000 + "b = 1", "[" + "a." * 5000 + "b]", "a=1\n" * 200_000, "\0" * 1000)))
    data = odd_bytes(draw, "\n".join(lines).encode()) if draw.random() < 0.3 else "\n".join(lines).encode()
    file = folder / "config.toml"
    file.write_bytes(data)
    if draw.random() < 0.05:
        os.truncate(file, 2**29)
    return f"{', '.join(keys)}, {file.stat().st_size} bytes"


def load_configuration(folder: Path) -> None:
    """Read the file, and complete the options of a new prompt with it."""
    from engine.configuration.read import read_configuration
    from engine.options import Options
    from engine.profiles import in_force, settled

    found = read_configuration(folder / "config.toml")
    for name in ("", *list(found.profiles)[:3]):
        options = settled(Options(profile=name), found)
        list(in_force(options, found))


def make_warmer_json(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write the settings of a model with something wrong."""
    value: dict[str, Any] = {
        "width": 128,
        "height": 128,
        "steps": 6,
        "guidance": 2.0,
        "scheduler": "UniPC",
        "scale": 0.7,
    }
    value |= {"other_steps": 12, "prompts": ["a lake"], "preview": [[1, 2, 3], [4, 5, 6]]}
    for key in draw.sample(sorted(value), draw.randint(1, 3)):
        value[key] = draw.choice((odd_json(draw, 3), [odd_json(draw, 2)], odd_number(draw), 1e999))
    data = json.dumps(value).encode("utf-8", "surrogatepass")
    (folder / "warmer.json").write_bytes(odd_bytes(draw, data) if draw.random() < 0.3 else data)
    return f"{len(data)} bytes"


def load_warmer_json(folder: Path) -> None:
    """Read the settings of a model as the program does, and what the start screen shows of them."""
    from engine.models.defaults import FALLBACK, carried_defaults, carried_preview

    defaults = carried_defaults(folder, FALLBACK)
    carried_preview(folder)
    assert sum(map(len, defaults.prompts)) <= 200_000


def make_places(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write the settings and the database of other programs with something wrong."""
    anchors = "\n".join(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 60))
    yaml = draw.choice(
        (
            f"x:\n  base_path: {folder}\n  checkpoints: {odd_name(draw)!r}\n  loras: |\n    a\n    b\n",
            f"a0: &a0 x\n{anchors}\n",
            "[" * 50_000,
            "!!python/object/apply:os.system ['touch /tmp/x']",
            "x: !!int " + "1:" * 40_000 + "1",
            "x: {loras: [1, 2, {a: b}], base_path: ../../..}",
            "x: &x\n  loras: *x\n",
            "a: b\n" * 30_000,
        )
    )
    data = yaml.encode("utf-8", "replace")
    (folder / "extra_model_paths.yaml").write_bytes(odd_bytes(draw, data) if draw.random() < 0.3 else data)
    root = folder / "invokeai"
    (root / "databases").mkdir(parents=True)
    (root / "models").mkdir()
    database = root / "databases" / "invokeai.db"
    made = _make_database(database, draw)
    if draw.random() < 0.4:
        database.write_bytes(odd_bytes(draw, database.read_bytes()))
    return f"{yaml[:30]!r}, {made[:60]}"


def _make_database(file: Path, draw: Random) -> str:
    with closing(sqlite3.connect(file)) as connection:
        if draw.random() < 0.4:
            query = draw.choice(_VIEWS)
            connection.execute("CREATE TABLE t (config)")
            connection.executemany("INSERT INTO t VALUES (?)", [("{}",)] * 100)
            connection.execute(f"CREATE VIEW models AS {query}")
            connection.commit()
            return query
        connection.execute("CREATE TABLE models (id TEXT, config)")
        for number in range(draw.choice((1, 50, 5000))):
            entry = {"name": odd_name(draw), "path": odd_name(draw), "type": draw.choice(("main", "lora", 1))}
            text: Any = json.dumps(draw.choice((entry, entry, odd_json(draw, 2))))
            connection.execute(
                "INSERT INTO models VALUES (?, ?)", (str(number), draw.choice((text, text, text.encode(), 7, None)))
            )
        if draw.random() < 0.2:
            connection.execute("INSERT INTO models VALUES ('x', zeroblob(?))", (draw.choice((10**6, 10**8)),))
        connection.commit()
    return "a table"


def load_places(folder: Path) -> None:
    """Look into the folders of other programs by their settings."""
    from engine.models.places.comfyui import extra_places
    from engine.models.places.invokeai import contents_of_invokeai, invokeai_models
    from engine.models.places.place import Place
    from engine.models.shelves import Shelf

    place = Place(path=folder, shelf=Shelf.LORAS, origin="test")
    assert len(list(extra_places(folder / "extra_model_paths.yaml", place))) < 200_000
    root = Place(path=folder / "invokeai", shelf=None, origin="test")
    models = invokeai_models(root.path)
    if models is not None:
        contents_of_invokeai(root, models)


def make_recorded(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write the settings that a picture records, with something wrong."""
    settings: dict[str, Any] = {"prompt": "a red sun", "width": 128, "height": 128, "steps": 6, "guidance": 2.0}
    for key in draw.sample(("width", "height", "steps"), draw.randint(0, 3)):
        settings[key] = draw.choice((8, 512, 1024, 2048, 4096, 8192, 150, 950, 1000, "5784", odd_number(draw)))
    for key in draw.sample(
        ("prompt", "guidance", "scheduler", "step_seed", "prompt_style", "clip_skip"), draw.randint(0, 2)
    ):
        settings[key] = odd_json(draw, 2)
    (folder / "settings.json").write_text(json.dumps(settings), "ascii")
    return f"{settings.get('width')}x{settings.get('height')}, {settings.get('steps')}"[:60]


def load_recorded(folder: Path) -> None:
    """Find what renders such a picture; it is never more than the limits without a question."""
    from engine.models.effort import MAX_PIXEL_STEPS, MAX_PIXELS, MAX_STEPS_UNASKED
    from engine.models.find import model_identity
    from engine.models.resolve import resolve_model
    from engine.options import Options
    from engine.target import target_for_record
    from tests.support.latentpng.pictures import altered, seeded_record

    settings = json.loads((folder / "settings.json").read_text("ascii"))
    record = altered(seeded_record(), settings={**settings, "model": model_identity(resolve_model(""))})
    found = target_for_record(Options(), record).settings
    pixels, steps = found.width * found.height, found.num_inference_steps
    assert pixels <= MAX_PIXELS and steps <= MAX_STEPS_UNASKED and pixels * steps <= MAX_PIXEL_STEPS  # noqa: PT018 (one promise)


TARGETS = (
    Target(name="configuration files", make=make_configuration, load=load_configuration, share=2),
    Target(name="warmer.json", make=make_warmer_json, load=load_warmer_json),
    Target(name="settings of other programs", make=make_places, load=load_places),
    Target(name="settings of pictures", make=make_recorded, load=load_recorded),
)
