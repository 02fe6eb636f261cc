"""Which model new prompts use: the one that was asked for, or the one that is chosen on the start screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input, OptionList

from engine.configuration.read import read_configuration
from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.models.start_model import remember_start_model, start_model
from engine.profiles import settled
from latentpng.png.files import embed_record, read_record
from tests.support.engine.folders import model_folder, tensors
from tests.support.latentpng.pictures import altered
from tests.support.tui.driving import Driver, make_app, running
from tests.support.tui.scripting import warmer
from tui.app.app import WarmerApp
from tui.app.launch import check_theme
from tui.app.screens.choose_model import MAX_SHOWN, ModelScreen
from tui.app.screens.start import StartScreen
from tui.arguments import AppArguments, parse
from tui.cli import app_parser


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with two models in the folders of ComfyUI, and one file that is none."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    folder = home / "ComfyUI" / "models" / "checkpoints"
    model_folder(folder / "lakes")
    model_folder(folder / "old" / "hills")
    (folder / "broken.safetensors").write_bytes(b"broken")
    tensors(home / "ComfyUI" / "models" / "loras" / "ink.safetensors", ("lora_up.weight",))
    return home


def app_of(tmp_path: Path, *words: str, renderer: FakeRenderer) -> WarmerApp:
    """Return the app as the command line starts it: with what the configuration file and the last choice add."""
    options, _ = parse(app_parser(), words, AppArguments)
    options = settled(options, read_configuration(), start_model=start_model())
    return make_app(tmp_path, *words, renderer=renderer, options=options)


async def choose(driver: Driver, typed: str) -> None:
    """Open the list of models, wait until it is filled, type, and press Enter."""
    await driver.until(lambda: isinstance(driver.app.screen, StartScreen))
    await driver.press("ctrl+l")
    await driver.until(lambda: isinstance(driver.app.screen, ModelScreen) and bool(driver.app.screen.offers))
    if typed:
        await driver.paste(typed)
    await driver.press("enter")
    await driver.until(lambda: isinstance(driver.app.screen, StartScreen))


def is_ready(driver: Driver, name: str) -> bool:
    return f"the model '{name}' is ready on cpu" in driver.text()


async def test_the_list_shows_models_and_nothing_else(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: is_ready(driver, "embedded"))
        await driver.press("ctrl+l")
        await driver.until(lambda: "3 models were found on this machine" in driver.text())
        options = driver.app.screen.query_one(OptionList)
        assert [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)] == [
            "embedded: the small model that comes with warmer",
            "broken   ~/ComfyUI/models/checkpoints",
            "lakes   ~/ComfyUI/models/checkpoints",
            "old/hills   ~/ComfyUI/models/checkpoints/old",
        ]
        await driver.paste("HILL old")
        await driver.until(lambda: options.option_count == 1)
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, StartScreen))
        assert is_ready(driver, "embedded")
    assert start_model() == ""


async def test_a_choice_is_loaded_used_for_prompts_and_remembered(tmp_path: Path, home: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await choose(driver, "hills")
        await driver.until(lambda: is_ready(driver, "hills"))
        assert start_model() == str(home / "ComfyUI/models/checkpoints/old/hills")
        assert isinstance(driver.app.focused, Input)
        await driver.paste("a lake")
        await driver.press("enter")
        await driver.until_done()
    assert [load.model.name for load in renderer.loads] == ["embedded", "hills"]
    renderer = FakeRenderer()
    async with running(app_of(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: is_ready(driver, "hills"))
        await choose(driver, "embedded")
        await driver.until(lambda: is_ready(driver, "embedded"))
    assert start_model() == "embedded"


async def test_what_was_typed_is_taken_as_a_name_or_a_path(tmp_path: Path, home: Path) -> None:
    far = model_folder(tmp_path / "far" / "valleys")
    async with running(make_app(tmp_path)) as driver:
        await choose(driver, str(far))
        await driver.until(lambda: is_ready(driver, "valleys"))
        await choose(driver, "lakes")
        await driver.until(lambda: is_ready(driver, "lakes"))
    assert start_model() == str(home / "ComfyUI/models/checkpoints/lakes")


async def test_a_model_that_cannot_be_used_shows_its_sentence_and_leaves_the_screen_usable(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: is_ready(driver, "embedded"))
        await choose(driver, "broken")
        await driver.until(
            lambda: "broken.safetensors is not a safetensors file, whatever its name says" in driver.text()
        )
        await choose(driver, "no such")
        await driver.until(
            lambda: "there is no folder or file 'no such', and no model of this name in" in driver.text()
        )
        renderer.fail_loading("'lakes' cannot be loaded: no space")
        await choose(driver, "lakes")
        await driver.until(lambda: "'lakes' cannot be loaded: no space" in driver.text())
        assert start_model() == ""
        await choose(driver, "hills")
        await driver.until(lambda: is_ready(driver, "hills"))
        await driver.paste("a lake")
        await driver.press("enter")
        await driver.until_done()
    assert [load.model.name for load in renderer.loads] == ["embedded", "lakes", "hills"]


async def test_a_default_model_that_is_not_there_leaves_the_start_screen(tmp_path: Path, home: Path) -> None:
    config = home / ".config" / "warmer" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('model = "gone"')
    renderer = FakeRenderer()
    async with running(app_of(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: "there is no folder or file 'gone', and no model of this name in" in driver.text())
        await driver.paste("a lake")
        await driver.press("enter")
        await driver.until(lambda: "there is no folder or file 'gone'" in driver.text())
        await choose(driver, "lakes")
        await driver.until(lambda: is_ready(driver, "lakes"))
    assert [load.model.name for load in renderer.loads] == ["lakes"]


async def test_a_picture_keeps_its_model_whatever_is_chosen(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", picture)
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await choose(driver, "lakes")
        await driver.until(lambda: is_ready(driver, "lakes"))
        await driver.press("ctrl+o")
        await driver.paste(str(picture))
        await driver.press("enter")
        await driver.until_done()
    assert [load.model.name for load in renderer.loads] == ["embedded", "lakes", "embedded"]


async def test_a_picture_whose_model_is_not_here_goes_on_with_one_that_is_named(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", picture)
    record = read_record(picture)
    model = {"name": "gone", "pipeline": "P", "fingerprint": "0" * 64}
    embed_record(picture, altered(record, settings={**record.settings, "model": model}))
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: is_ready(driver, "embedded"))
        await driver.press("ctrl+o")
        await driver.paste(str(picture))
        await driver.press("enter")
        await driver.until(lambda: "type the name or path of another model, or choose one below" in driver.text())
        await driver.paste("no such")
        await driver.press("enter")
        await driver.until(lambda: "no such: No such file or directory" in driver.text())
        await driver.paste("HILLS")
        await driver.press("enter")
        await driver.until_done()
    assert renderer.loads[-1].model.name == "hills"


async def test_the_choice_comes_before_the_model_of_the_command_line(tmp_path: Path, home: Path) -> None:
    renderer = FakeRenderer()
    remember_start_model(str(home / "ComfyUI/models/checkpoints/lakes"))
    async with running(app_of(tmp_path, "--model", "hills", renderer=renderer)) as driver:
        await driver.until(lambda: is_ready(driver, "hills"))
        await choose(driver, "lakes")
        await driver.until(lambda: is_ready(driver, "lakes"))
    assert [load.model.name for load in renderer.loads] == ["hills", "lakes"]


async def test_thousands_of_models_are_narrowed_by_typing(tmp_path: Path, home: Path) -> None:
    many = home / "ComfyUI" / "models" / "checkpoints" / "many"
    many.mkdir()
    for number in range(MAX_SHOWN + 50):
        (many / f"m{number}.safetensors").touch()
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: is_ready(driver, "embedded"))
        await driver.press("ctrl+l")
        await driver.until(lambda: f"the first {MAX_SHOWN} of more than that" in driver.text())
        await driver.paste("m249")
        await driver.until(lambda: driver.app.screen.query_one(OptionList).option_count == 1)


async def test_a_mistake_in_the_configuration_is_shown_in_the_list(tmp_path: Path, home: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: is_ready(driver, "embedded"))
        config = home / ".config" / "warmer" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text("modell = 3")
        await driver.press("ctrl+l")
        await driver.until(lambda: "there is no key modell; the nearest one is model" in driver.text())
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, StartScreen))


async def test_the_theme_of_the_configuration_is_used(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, theme="nord")) as driver:
        assert driver.app.theme == "nord"
    async with running(make_app(tmp_path)) as driver:
        assert driver.app.theme == "textual-dark"


def test_a_theme_that_does_not_exist_is_refused() -> None:
    check_theme("")
    check_theme("nord")
    with pytest.raises(InvalidRequestError) as caught:
        check_theme("norden")
    assert str(caught.value) == (
        "the configuration file names the theme 'norden', which does not exist; the themes are "
        + ", ".join(sorted(BUILTIN_THEMES))
    )
