"""The header, the dial and the last line of a search: what is said in how many columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from engine.rendering.settings import RenderSettings, SchedulerSettings
from engine.search.answers import NoneBetter, Picked, Redirected
from engine.search.axis import Axis
from engine.search.perceptual import ScaleLaw
from engine.search.session import begin, tell
from latentpng.record import Lineage, SeedRoot
from tests.support.tui.driving import PROMPT, make_app, running
from tui.app.dial import dial, dial_words, likeness
from tui.app.headline import headline, settings_words
from tui.app.key_hints import HELP, Situation, fitting, hints_for, pick_range, width_of

SESSION = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.5, count=8)
KARRAS = SchedulerSettings(name="DPMSolverMultistepScheduler", options={"use_karras_sigmas": True})
PROMPT_WORDS = "a lighthouse at dusk, two boats, a full moon"


def settings(scheduler: SchedulerSettings = KARRAS) -> RenderSettings:
    return RenderSettings(
        prompt=PROMPT_WORDS, width=1024, height=768, num_inference_steps=25, guidance_scale=6.0, scheduler=scheduler
    )


def test_the_dial_is_logarithmic() -> None:
    assert dial(1.0, 9, floor=0.02) == "far ●──────── near"
    assert dial(0.02, 9, floor=0.02) == "far ────────● near"
    assert dial(0.02**0.5, 9, floor=0.02) == "far ────●──── near"
    assert dial(0.5, 20, floor=0.02) == "far ───●──────────────── near"


def test_the_dial_ends_where_nothing_can_be_seen_and_where_no_octave_can_move_farther() -> None:
    assert dial(0.1, 9, floor=0.1) == "far ────────● near"
    assert dial(0.05, 9, floor=0.1) == "far ────────● near"
    assert dial(0.1**0.5, 9, floor=0.1) == "far ────●──── near"
    assert dial(0.25, 9, floor=0.02, top=0.25) == "far ●──────── near"


def test_likeness_is_a_word_for_every_scale() -> None:
    assert [likeness(ScaleLaw(), scale) for scale in (1.0, 0.7, 0.5, 0.25, 0.1, 0.02)] == [
        "new pictures",
        "very different",
        "different",
        "similar",
        "very similar",
        "nearly the same",
    ]


def test_likeness_follows_what_the_model_does() -> None:
    distilled, restless = ScaleLaw(amplitude=0.02), ScaleLaw(amplitude=0.3)
    assert [likeness(distilled, scale) for scale in (1.0, 0.5)] == ["very similar", "nearly the same"]
    assert [likeness(restless, scale) for scale in (0.35, 0.1)] == ["very different", "similar"]


def test_the_dial_says_as_much_as_fits() -> None:
    later = tell(tell(SESSION, Picked(marks=(0,))), NoneBetter())
    assert dial_words(later, ScaleLaw(), 200) == (
        "far ───────●──────────── near   round 2 · keeps 97% of the parent · candidates are similar · everything varies"
        " · 87% of the first picture left"
    )
    assert dial_words(later, ScaleLaw(), 78) == "far ───────●──────────── near   round 2 · keeps 97% of the parent"
    assert dial_words(later, ScaleLaw(), 54) == "far ───●───── near   round 2 · keeps 97% of the parent"
    assert dial_words(later, ScaleLaw(), 42) == "far ───●───── near   round 2"


def test_the_dial_says_what_varies() -> None:
    prompt = tell(SESSION, Redirected(axis=Axis.PROMPT))
    assert "keeps the noise of the parent" in dial_words(prompt, ScaleLaw(), 200)
    assert "only the prompt varies" in dial_words(prompt, ScaleLaw(), 200)


def test_the_dial_never_exceeds_its_line() -> None:
    later = tell(tell(SESSION, Picked(marks=(0,))), NoneBetter())
    for columns in range(28, 160):
        assert len(dial_words(later, ScaleLaw(), columns)) <= columns


def test_the_header_shows_the_settings_in_force() -> None:
    words = settings_words(settings(), "ponyMix")
    assert words[0] == "ponyMix · DPM++ 2M Karras 25 · cfg 6 · 1024x768"
    assert headline(PROMPT_WORDS, words, 118) == (PROMPT_WORDS, words[0])
    own = settings_words(settings(SchedulerSettings()), "ponyMix")
    assert own[0] == "ponyMix · 25 steps · cfg 6 · 1024x768"


def test_the_header_shortens_prompt_and_settings() -> None:
    words = settings_words(settings(), "ponyMix")
    assert headline(PROMPT_WORDS, words, 78) == ("a lighthouse at dusk, two b…", words[0])
    assert headline(PROMPT_WORDS, words, 60) == ("a lighthouse at dusk, two b…", "ponyMix · 25 steps · 1024x768")
    assert headline(PROMPT_WORDS, words, 42) == ("a lighthouse at dusk, two boats…", "ponyMix")
    assert headline(PROMPT_WORDS, words, 20) == ("a lighthouse at dus…", "")
    assert headline("x", words, 20) == ("x", "ponyMix")


@pytest.mark.parametrize("prompt", ["", "x", PROMPT_WORDS * 9, "灯台と月" * 30])
def test_the_header_never_exceeds_its_line(prompt: str) -> None:
    words = settings_words(settings(), "a model with a very long name of its own")
    for columns in range(1, 200):
        left, right = headline(prompt, words, columns)
        assert cell_len(left) + cell_len(right) + (3 if right else 0) <= columns


@pytest.mark.parametrize("situation", Situation)
@pytest.mark.parametrize("columns", [44, 80, 100, 120, 220])
def test_the_last_line_has_five_keys_and_always_the_way_to_the_others(situation: Situation, columns: int) -> None:
    hints = hints_for(situation, 8)
    shown = fitting(hints, columns - 2)
    assert len(hints) <= 6
    assert shown[-1] == HELP
    assert sum(map(width_of, shown)) <= columns
    if columns >= 80:
        assert shown == hints


def test_the_keys_that_pick() -> None:
    assert [pick_range(count) for count in (1, 4, 8, 9, 16)] == ["1", "1-4", "1-8", "1-9", "1-9 0cfgjkl"]
    assert hints_for(Situation.READY, 8)[0].key == "1-8"
    assert "pick" not in {hint.words for hint in hints_for(Situation.LOADING, 8)}


@pytest.mark.parametrize("size", [(44, 16), (80, 24), (100, 30), (120, 40), (220, 60)])
async def test_nothing_is_cut_in_a_window(tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int]) -> None:
    async with running(make_app(tmp_path_factory.mktemp("app"), *PROMPT), size=size) as driver:
        await driver.until_done()
        await driver.until(lambda: "press the number of the best picture" in driver.text())
        lines = [line.rstrip() for line in driver.text().splitlines()]
        assert len(lines) == size[1]
        assert lines[0].startswith(" a red sun over a lake")
        assert "embedded" in lines[0]
        assert lines[-1].endswith("? keys")
        assert lines[-1].lstrip().startswith("1-")
        assert any(line.startswith(" far ") and "round 1" in line for line in lines)
