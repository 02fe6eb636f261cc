"""Which of option, profile, file and model says what a setting is, for new prompts and for pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.configuration.read import PROFILE, parsed
from engine.configuration.values import Configuration
from engine.errors import InvalidRequestError
from engine.options import Options
from engine.profiles import FIELDS, InForce, in_force, settled
from tui.arguments import AppArguments, parse
from tui.cli import app_parser

FILE = Path("/c/config.toml")
TEXT = """\
model = "landscapes"

[profiles.pony]
model = "ponyMix"
config = "/configs/sdxl"
prediction = "v"
loras = ["ink:0.8", "moss"]
vae = "sdxl"
text_encoders = "clip_l"
preview_vae = "taesdxl"
steps = 28
guidance = 6
scheduler = "Euler a"
negative = "text"
size = "832x1216"
prompt_style = "a1111"
clip_skip = 2
memory = "offload"
dtype = "float16"
attention = "sage"

[profiles.few]
steps = 4
memory = "8bit"
loras = []
"""
PONY: dict[str, object] = {
    "model": "ponyMix",
    "config": "/configs/sdxl",
    "prediction": "v_prediction",
    "loras": ("ink:0.8", "moss"),
    "vae": "sdxl",
    "text_encoders": ("clip_l",),
    "preview_vae": "taesdxl",
    "num_inference_steps": 28,
    "guidance_scale": 6,
    "scheduler": "Euler a",
    "negative_prompt": "text",
    "size": (832, 1216),
    "prompt_style": "a1111",
    "clip_skip": 2,
    "memory": "offload",
    "dtype": "float16",
    "attention": "sage",
}


def configuration(text: str = TEXT) -> Configuration:
    return parsed(text, FILE)


def options_of(*words: str) -> Options:
    return parse(app_parser(), words, AppArguments)[0]


def values_of(options: Options, names: tuple[str, ...] = tuple(PONY)) -> dict[str, object]:
    return {name: getattr(options, name) for name in names}


def changed(options: Options) -> dict[str, object]:
    """The fields that are not as they are by default."""
    default = Options()
    return {name: value for name, value in values_of(options).items() if value != getattr(default, name)}


def test_each_key_of_a_profile_fills_a_field() -> None:
    assert set(FIELDS) == set(PROFILE)
    assert set(FIELDS.values()) == set(PONY)


def test_a_profile_that_is_named_changes_prompts_and_pictures() -> None:
    options = settled(options_of("--profile", "pony"), configuration())
    assert values_of(options) == PONY
    assert values_of(options.for_new_prompt()) == PONY


def test_a_default_profile_is_for_prompts_but_for_what_belongs_to_the_machine() -> None:
    options = settled(options_of(), configuration('profile = "pony"\n' + TEXT))
    machine = ("preview_vae", "memory", "dtype", "attention")
    assert changed(options) == {name: PONY[name] for name in machine}
    assert values_of(options.for_new_prompt()) == PONY


def test_the_default_model_is_for_prompts_only() -> None:
    options = settled(options_of(), configuration())
    assert changed(options) == {}
    assert changed(options.for_new_prompt()) == {"model": "landscapes"}


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("--model", "flux"), {"model": "flux", "config": "", "prediction": "", "text_encoders": ()}),
        (("--model", "ponyMix"), {}),
        (("--steps", "9", "--guidance", "0"), {"num_inference_steps": 9, "guidance_scale": 0.0}),
        (("--negative", ""), {"negative_prompt": ""}),
        (("--clip-skip", "0"), {"clip_skip": 0}),
        (
            ("--memory", "auto", "--dtype", "auto", "--attention", "auto"),
            dict.fromkeys(("memory", "dtype", "attention"), "auto"),
        ),
        (("--lora", "none", "--vae", "none"), {"loras": ("none",), "vae": "none"}),
        (("--size", "64x64", "--scheduler", "DDIM"), {"size": (64, 64), "scheduler": "DDIM"}),
        (("--prompt-style", "plain", "--prediction", "epsilon"), {"prompt_style": "plain", "prediction": "epsilon"}),
        (
            ("--preview-vae", "x", "--config", "y", "--text-encoder", "z"),
            {"preview_vae": "x", "config": "y", "text_encoders": ("z",)},
        ),
    ],
    ids=str,
)
def test_an_option_comes_before_the_profile(words: tuple[str, ...], fields: dict[str, object]) -> None:
    options = settled(options_of("--profile", "pony", *words), configuration())
    assert values_of(options) == {**PONY, **fields}
    by_default = settled(options_of(*words), configuration('profile = "pony"\n' + TEXT))
    if fields.get("model", "ponyMix") == "ponyMix":
        assert values_of(by_default.for_new_prompt()) == {**PONY, **fields}
    else:  # a default profile with a model of its own is for that model
        assert changed(by_default.for_new_prompt()) == {"model": "flux"}


def test_a_profile_without_a_model_leaves_it_to_the_file_and_to_the_start_screen() -> None:
    options = settled(options_of("--profile", "few"), configuration())
    assert changed(options) == {"num_inference_steps": 4, "memory": "8bit", "loras": ("none",)}
    assert options.for_new_prompt().model == "landscapes"
    file = configuration(TEXT.replace('model = "landscapes"', 'profile = "few"'))
    assert settled(options_of(), file, start_model="/m").for_new_prompt().model == "/m"
    assert settled(options_of(), configuration(), start_model="/m").for_new_prompt().model == "landscapes"
    assert settled(options_of("--model", "x"), file, start_model="/m").for_new_prompt().model == "x"
    assert changed(settled(options_of("--model", "x"), file).for_new_prompt()) == {
        "model": "x",
        "num_inference_steps": 4,
        "memory": "8bit",
        "loras": ("none",),
    }


@pytest.mark.parametrize("words", [(), ("--profile", "pony"), ("--model", "flux", "--steps", "3")])
def test_merging_twice_is_merging_once(words: tuple[str, ...]) -> None:
    for text in (TEXT, 'profile = "pony"\n' + TEXT):
        once = settled(options_of(*words), configuration(text))
        assert settled(once, configuration(text)) == once


def test_options_that_python_makes_count_as_asked_for() -> None:
    options = settled(Options(profile="pony", num_inference_steps=3), configuration())
    assert (options.num_inference_steps, options.guidance_scale) == (3, 6)


MISTAKES = (
    ('size = "832"', "a size is WIDTHxHEIGHT, for example 512x512, found '832'"),
    ('size = "833x1216"', "width and height are multiples of 8, found '833x1216'"),
    ('size = "8200x8"', "width is a number from 8 to 8192, found 8200"),
    ("steps = 0", "steps is a number from 1 to 1000, found 0"),
    ("guidance = 101", "guidance is a number from 0 to 100, found 101"),
    ("clip_skip = 13", "clip_skip is a number from 0 to 12, found 13"),
    ('prediction = "x"', "a model predicts epsilon or v, found 'x'"),
    ('prompt_style = "x"', "prompt_style is one of plain, a1111, comfyui, found 'x'"),
    ('memory = "x"', "memory is one of auto, resident, offload, group, 8bit, 4bit, found 'x'"),
    ('dtype = "x"', "dtype is one of auto, float32, float16, bfloat16, found 'x'"),
)


@pytest.mark.parametrize(("line", "sentence"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_value_is_checked_as_the_option_is(line: str, sentence: str) -> None:
    text = f"\n[profiles.a]\n{line}\n"
    key = line.split()[0]
    with pytest.raises(InvalidRequestError) as caught:
        settled(options_of("--profile", "a"), configuration(text))
    assert str(caught.value) == f"/c/config.toml, line 3: profiles.a.{key}: {sentence}"
    assert settled(options_of(), configuration(text)) == options_of()
    with pytest.raises(InvalidRequestError):
        in_force(options_of(), configuration(text))


def test_an_unknown_scheduler_says_where_it_stands() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        settled(options_of("--profile", "a"), configuration('[profiles.a]\nscheduler = "Eule"'))
    assert str(caught.value).startswith("/c/config.toml, line 2: profiles.a.scheduler: ")
    assert "'Eule'" in str(caught.value)


def test_an_unknown_profile() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        settled(options_of("--profile", "ponny"), configuration())
    assert str(caught.value) == (
        "/c/config.toml: there is no profile 'ponny'; the profiles are pony, few; do you mean 'pony'?"
    )
    with pytest.raises(InvalidRequestError) as caught:
        settled(options_of("--profile", "x"), Configuration(path=FILE))
    assert str(caught.value) == (
        "/c/config.toml: there is no profile 'x': no profiles are defined, write one as [profiles.NAME]"
    )


def test_where_each_value_comes_from() -> None:
    def sources(*words: str, text: str = TEXT, start_model: str = "") -> dict[str, tuple[object, str]]:
        found = in_force(options_of(*words), configuration(text), start_model)
        assert all(isinstance(each, InForce) for each in found)
        return {each.key: (each.value, each.source) for each in found}

    assert sources()["model"] == ("landscapes", "line 1")
    assert sources("--model", "x")["model"] == ("x", "--model")
    assert sources(text="", start_model="/m")["model"] == ("/m", "chosen on the start screen; in the app only")
    assert sources(text="") == {
        "model": ("embedded", "default"),
        "profile": ("none", "default"),
        "graphics": ("auto", "default"),
        "theme": ("textual-dark", "default"),
        "first": ("varied", "default"),
        "ahead": ("auto", "default"),
        "draft": (False, "default"),
        "picture_memory": (512, "default"),
        "keep_alive": ("0", "default"),
    }
    found = sources("--profile", "few", text=TEXT + "\n")
    assert (found["model"], found["profile"], found["steps"]) == (
        ("landscapes", "line 1"),
        ("few", "--profile"),
        (4, "line 23, profile few"),
    )
    found = sources(text='profile = "pony"\nkeep_alive = 3\n' + TEXT)
    assert (found["model"], found["profile"], found["keep_alive"]) == (
        ("ponyMix", "line 6, profile pony"),
        ("pony", "line 1"),
        (3, "line 2"),
    )


def test_how_long_a_worker_stays_is_an_option_in_seconds_which_the_file_sets_and_the_command_line_overrides() -> None:
    assert settled(options_of(), configuration("")).keep_alive is None
    for written, seconds in (('"90s"', 90.0), ("2.5", 150.0), ("0", 0.0)):
        text = f"keep_alive = {written}\n"
        assert settled(options_of(), configuration(text)).keep_alive == seconds
        assert settled(options_of("--keep-alive", "2h"), configuration(text)).keep_alive == 7200.0
        assert settled(options_of("--keep-alive", "0"), configuration(text)).keep_alive == 0.0
