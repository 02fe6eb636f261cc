"""The configuration file: what it says, and one sentence with the line for every mistake in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.configuration.lines import key_lines
from engine.configuration.read import configuration_path, parsed, read_configuration
from engine.configuration.template import TEMPLATE
from engine.configuration.values import FOLDER_KEYS, Configuration
from engine.errors import InvalidRequestError
from engine.search.store import MAX_CACHED_BYTES

FILE = Path("/c/config.toml")
DURATION = 'a time such as "10m", "90s", "2h" or "0", or a number of minutes, at most a week'
FULL = """\
model = "ponyMix"
profile = "pony"
graphics = "sixel"
theme = "nord"
first = "plain"
ahead = 3
draft = true
picture_memory = 256
keep_alive = 2.5

[folders]
roots = "~/ui"
models = ["/a", "b"]
loras = "/l"

[profiles.pony]
model = "ponyMix"
loras = ["ink:0.8", "moss"]
text_encoders = "clip_l"
steps = 28
guidance = 6
negative = ""

["profiles".'my own']
size = "832x1216"
"""


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parsed(text, FILE)
    return str(caught.value)


def test_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    found = parsed(FULL, FILE)
    assert (found.path, found.exists, found.model, found.profile) == (FILE, True, "ponyMix", "pony")
    assert (found.graphics, found.theme, found.first, found.keep_alive) == ("sixel", "nord", "plain", 2.5)
    assert (found.ahead, found.draft, found.picture_memory) == ("3", True, 256)
    assert found.roots == (Path("/h/ui"),)
    assert found.folders == {"models": (Path("/a"), Path("/c/b")), "loras": (Path("/l"),)}
    assert found.profiles["pony"].values == {
        "model": "ponyMix",
        "loras": ("ink:0.8", "moss"),
        "text_encoders": ("clip_l",),
        "steps": 28,
        "guidance": 6,
        "negative": "",
    }
    assert found.profiles["my own"].values == {"size": "832x1216"}
    assert found.place_of("theme") == "/c/config.toml, line 4"
    assert found.place_of("steps", "pony") == "/c/config.toml, line 20"
    assert found.place_of("size", "my own") == "/c/config.toml, line 25"
    assert found.missing_folders == (Path("/h/ui"), Path("/a"), Path("/c/b"), Path("/l"))


def test_without_a_file_everything_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_configuration() == Configuration(path=tmp_path / "warmer" / "config.toml")
    assert parsed("model = ''\nfolders.models = ''", FILE).folders == {"models": ()}
    assert parsed("", FILE) == Configuration(path=FILE, exists=True)


def test_the_template_says_nothing_until_lines_are_switched_on() -> None:
    assert parsed(TEMPLATE, FILE) == Configuration(path=FILE, exists=True)
    on = parsed("\n".join(line.removeprefix("# ") for line in TEMPLATE.splitlines()[1:]), FILE)
    assert set(on.folders) == set(FOLDER_KEYS)
    assert len(on.profiles["pony"].values) == 17
    assert all((on.roots, on.model, on.profile, on.graphics, on.theme, on.first, on.keep_alive))
    assert (on.ahead, on.draft, on.picture_memory) == ("auto", False, MAX_CACHED_BYTES // 2**20)


@pytest.mark.parametrize("text", ["off", "auto", "1", "64"])
def test_what_is_rendered_ahead_may_be_a_text_or_a_number(text: str) -> None:
    for written in (text, f'"{text}"'):
        if written.isdecimal() or '"' in written:
            assert parsed(f"ahead = {written}", FILE).ahead == text


MISTAKES = (
    ("model = ", "line 1: this is not TOML: invalid value"),
    ("a = 1\nmodel = 'x\n", 'line 2: this is not TOML: expected "\'"'),
    ("[folders", "line 1: this is not TOML: expected ']' at the end of a table declaration"),
    ("a = 1\n\na = 2", "line 3: this is not TOML: cannot overwrite a value"),
    ('modell = "x"', "line 1: there is no key modell; the nearest one is model"),
    ('\nroots = "x"', "line 2: there is no key roots; the nearest one is folders.roots"),
    ('[folders]\nlora = "x"', "line 2: there is no key folders.lora; the nearest one is folders.loras"),
    ('[folders]\ncheckpoints = "x"', "line 2: there is no key folders.checkpoints; the nearest one is folders.models"),
    ("[profiles.a]\nstep = 3", "line 2: there is no key profiles.a.step; the nearest one is profiles.a.steps"),
    ("[profiles.a]\ngraphics = 'auto'", "line 2: there is no key profiles.a.graphics; the nearest one is graphics"),
    (
        "[profile.a]\nsteps = 3",
        "line 1: profile is a text, found a table; profiles are written [profiles.NAME]",
    ),
    (
        "[profiles.a]\ncfg_scale = 7",
        "line 2: there is no key profiles.a.cfg_scale; the nearest one is profiles.a.guidance",
    ),
    ("steps = 3", "line 1: there is no key steps; the nearest one is profiles.NAME.steps"),
    ("model = 3", "line 1: model is a text, found 3"),
    ("folders = '/a'", "line 1: folders is a table, written [folders], found '/a'"),
    ("folders.models = 3", "line 1: folders.models is a text or a list of texts, found 3"),
    ("[folders]\nmodels = ['/a', 3]", "line 2: folders.models is a text or a list of texts, found ['/a', 3]"),
    ("profiles = []", "line 1: profiles is a table, written [profiles], found []"),
    ("[profiles]\na = 1", "line 2: profiles.a is a table, written [profiles.a], found 1"),
    ("[profiles.a]\nsteps = 3.5", "line 2: profiles.a.steps is a whole number, found 3.5"),
    ("[profiles.a]\nsteps = true", "line 2: profiles.a.steps is a whole number, found true"),
    ("[profiles.a]\nguidance = '7'", "line 2: profiles.a.guidance is a number, found '7'"),
    ("[profiles.a]\nloras = {a = 1}", "line 2: profiles.a.loras is a text or a list of texts, found a table"),
    (
        "graphics = 'ascii'",
        "line 1: graphics is one of auto, kitty, sixel, octant, sextant, quadrant, halfcell, found 'ascii'",
    ),
    ('first = "random"', "line 1: first is one of varied, plain, found 'random'"),
    ('ahead = "on"', "line 1: ahead is off, auto or a whole number from 1 to 64, found 'on'"),
    ("ahead = 0", "line 1: ahead is off, auto or a whole number from 1 to 64, found '0'"),
    ("ahead = 65", "line 1: ahead is off, auto or a whole number from 1 to 64, found '65'"),
    ('ahead = "٣"', "line 1: ahead is off, auto or a whole number from 1 to 64, found '٣'"),
    ("ahead = 1.5", "line 1: ahead is a text or a whole number, found 1.5"),
    ("ahead = true", "line 1: ahead is a text or a whole number, found true"),
    ('draft = "yes"', "line 1: draft is true or false, found 'yes'"),
    ("draft = 1", "line 1: draft is true or false, found 1"),
    ("picture_memory = 63", "line 1: picture_memory is a number of MiB from 64 to 1,048,576, found 63"),
    ("picture_memory = 1048577", "line 1: picture_memory is a number of MiB from 64 to 1,048,576, found 1048577"),
    ("picture_memory = 64.5", "line 1: picture_memory is a whole number, found 64.5"),
    ("keep_alive = -1", f"line 1: keep_alive is {DURATION}, found -1"),
    ("keep_alive = nan", f"line 1: keep_alive is {DURATION}, found nan"),
    ('keep_alive = "soon"', f"line 1: keep_alive is {DURATION}, found 'soon'"),
    ("keep_alive = true", "line 1: keep_alive is a number of minutes or a text, found true"),
    (f"keep_alive = 1{'0' * 5000}", "this is not TOML: a number has too many digits"),
    (f"model = {'[' * 5000}", "this is not TOML: it is nested too deeply"),
    (f"{'a.' * 40_000}b = 1", "this is not TOML: a key has too many parts"),
    (f"x = {{ {'a . ' * 400}b = 1 }}", "this is not TOML: a key has too many parts"),
    (f"model = 0x{'f' * 5000}", "line 1: model is a text, found a number of thousands of digits"),
    (f"[profiles.a]\nguidance = 1{'0' * 19}", "line 2: profiles.a.guidance is a number, found 10000000000000000000"),
    (f"[profiles.a]\nsteps = {2**63}", f"line 2: profiles.a.steps is a whole number, found {2**63}"),
    ("\n[[profiles.a]]\nsteps = 3", "line 2: profiles.a is a table, written [profiles.a], found [{'steps': 3}]"),
    ("theme = 'a\u2028b'\nsteps = 3", "line 2: there is no key steps; the nearest one is profiles.NAME.steps"),
    (
        '[profiles."\\u001b[31m"]\n steps = "3"',
        "profiles.[31m.steps is a whole number, found '3'",
    ),
    (
        "profile = 'x'",
        "line 1: there is no profile 'x': no profiles are defined, write one as [profiles.NAME]",
    ),
    (
        "profile = 'ponny'\n[profiles.pony]\n[profiles.flux]",
        "line 1: there is no profile 'ponny'; the profiles are pony, flux; do you mean 'pony'?",
    ),
)


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_every_mistake_is_one_sentence(text: str, sentence: str) -> None:
    assert refusal(text) == f"/c/config.toml{', ' if sentence.startswith('line') else ': '}{sentence}"


def test_what_a_mistake_shows_of_the_file_has_an_end() -> None:
    said = refusal(f"{'x' * 100_000} = 1")
    assert said.startswith("/c/config.toml, line 1: there is no key xxxx")
    assert said.endswith("x…")
    assert len(said) < 700


def test_a_file_that_never_ends_is_no_configuration(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large.toml"
    os.mkfifo(pipe)
    large.write_bytes(b"#" * 262_145)
    for path, why in ((pipe, "it is a pipe"), (large, "it has more than 262144 bytes")):
        with pytest.raises(InvalidRequestError) as caught:
            read_configuration(path)
        assert str(caught.value) == f"{path}: the configuration file cannot be read: {why}"
    large.write_bytes(b"#" * 262_144)
    assert read_configuration(large).exists


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, content, why in (
        (tmp_path / "folder", None, "Is a directory"),
        (tmp_path / "latin.toml", b"model = '\xe9'", "it is not UTF-8 text"),
    ):
        path.mkdir() if content is None else path.write_bytes(content)
        monkeypatch.setenv("WARMER_CONFIG", str(path))
        with pytest.raises(InvalidRequestError) as caught:
            read_configuration()
        assert str(caught.value) == f"{path}: the configuration file cannot be read: {why}"


def test_the_environment_names_a_different_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("WARMER_CONFIG", str(path))
    assert configuration_path() == path
    with pytest.raises(InvalidRequestError) as caught:
        read_configuration()
    assert str(caught.value) == (
        f"WARMER_CONFIG names {path}, which does not exist: create it with `warmer config --edit`"
    )
    path.write_bytes("\ufeffmodel = 'x'".encode())
    assert read_configuration().model == "x"
    monkeypatch.setenv("WARMER_CONFIG", "")
    assert configuration_path() != path


@given(st.text(max_size=60) | st.lists(st.sampled_from([*FULL.splitlines(), "[[a]]", "x=[", "'''"])).map("\n".join))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    said = ""
    try:
        parsed(text, FILE)
    except InvalidRequestError as error:
        said = str(error)
    assert not said or (said.startswith("/c/config.toml") and "\n" not in said)


def test_lines_of_keys() -> None:
    text = '# c\na.b = 1\n[ t . "u v" ] # c\n"k" = 2\nlong = [\n  1,\n]\n[t]\nx=1\n'
    assert key_lines(text) == {
        ("a", "b"): 2,
        ("t", "u v"): 3,
        ("t", "u v", "k"): 4,
        ("t", "u v", "long"): 5,
        ("t",): 8,
        ("t", "x"): 9,
    }
