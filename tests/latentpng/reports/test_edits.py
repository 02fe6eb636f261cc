"""Edits in plain words: in `inspect`, `tree` and `diff`, safe for a terminal and bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from latentpng.cli import main
from latentpng.png.files import write_picture
from latentpng.record import JsonObject, LatentRecord, Round
from latentpng.reports.edits import edit_text, edit_words
from tests.support.latentpng.pictures import RGB, SIDE, altered, objects, records, seeded_record

FIRST = Round(seed=3, scale=0.5, of=4, marks=(2,))
EDIT = Round(seed=0, scale=0.0, settings={"prompt": "a \x1b[31mdog", "steps": 30}, before={"prompt": "a", "steps": 20})
WORDS = "edit: prompt: 'a' -> 'a [31mdog'; steps: 20 -> 30"


def save(path: Path, record: LatentRecord) -> None:
    write_picture(path, SIDE, SIDE, RGB, record)


@pytest.mark.parametrize(
    ("settings", "before", "words"),
    [
        ({"steps": 30}, {"steps": 20}, ("steps: 20 -> 30",)),
        ({"negative_prompt": None}, {"negative_prompt": "fog"}, ("negative prompt: 'fog' -> (none)",)),
        ({"clip_skip": 2}, {"clip_skip": None}, ("clip skip: (none) -> 2",)),
        ({"steps": 30}, {}, ("steps: 30",)),
        (
            {"scheduler": {"name": "EulerDiscreteScheduler"}},
            {"scheduler": {"name": "DDIMScheduler"}},
            ("scheduler: DDIMScheduler -> EulerDiscreteScheduler",),
        ),
        (
            {"scheduler": {"name": "A", "eta": 0.5}},
            {"scheduler": {"name": "A"}},
            ('scheduler: {"name":"A"} -> {"eta":0.5,"name":"A"}',),
        ),
        (
            {"model": {"name": "b", "fingerprint": "2", "loras": [{"name": "ink", "sha256": "3", "weight": 0.8}]}},
            {"model": {"name": "a", "fingerprint": "1"}},
            ("model: 'a' -> 'b'", "LoRA: (none) -> ink at 0.8"),
        ),
        (
            {"model": {"name": "a", "loras": [{"name": "ink", "weight": 1}, {"name": "moss", "weight": -0.5}]}},
            {},
            ("model: 'a'", "LoRA: ink at 1 and moss at -0.5"),
        ),
        (
            {"model": {"name": "a", "fingerprint": "2"}},
            {"model": {"name": "a", "fingerprint": "1"}},
            ("model: other weights of the name 'a'",),
        ),
        ({"model": "a"}, {"model": "b"}, ("model: 'b' -> 'a'",)),
    ],
)
def test_an_edit_in_plain_words(settings: JsonObject, before: JsonObject, words: tuple[str, ...]) -> None:
    assert edit_words(settings, before) == words


def test_many_and_long_changes_are_cut() -> None:
    words = edit_words({f"key{number}": "x" * 1000 for number in range(20)}, {})
    assert words[:2] == (f"key0: '{'x' * 59}…'", f"key1: '{'x' * 59}…'")
    assert words[-1] == "and 12 more"
    assert len(words) == 9


@given(objects, objects)
def test_whatever_a_file_says_a_phrase_is_one_short_safe_line(settings: JsonObject, before: JsonObject) -> None:
    for words in edit_words(settings, {**before, **dict.fromkeys(settings, "old")}):
        assert len(words) < 180
        assert "\n" not in words
        assert "\x1b" not in words


def test_inspect_shows_an_edit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "a.png", seeded_record((FIRST, EDIT)))
    assert main(["inspect", str(tmp_path / "a.png")]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("round ")]
    assert shown == ["round 1          seed 3, candidate 2 of 4, scale 0.5", f"round 2          {WORDS}"]


def test_diff_shows_an_edit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "a.png", seeded_record((FIRST,)))
    save(tmp_path / "b.png", altered(seeded_record((FIRST, EDIT)), settings={"prompt": "a dog", "steps": 30}))
    assert main(["diff", str(tmp_path / "a.png"), str(tmp_path / "b.png")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"ancestor         {tmp_path}/a.png itself",
        f"first            {tmp_path}/a.png, 0 rounds of its own",
        f"second           {tmp_path}/b.png, 1 round of its own",
        f"  round 2        {WORDS}",
        "prompt           a cat -> a dog",
        "steps            4 -> 30",
        "noise            cosine 1.000000, angle 0.000 degrees",
        "pixels           largest difference 0 of 255, mean 0.0000",
    ]


def test_tree_shows_an_edit_with_and_without_its_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Round(seed=0, scale=0.0, settings={"steps": 9}, before={"steps": 4})
    last = Round(seed=9, scale=0.25)
    save(tmp_path / "a.png", seeded_record((FIRST,)))
    save(tmp_path / "b.png", seeded_record((FIRST, EDIT)))
    save(tmp_path / "c.png", seeded_record((FIRST, other, last)))
    save(tmp_path / "d.png", seeded_record((FIRST, last)))
    assert main(["tree", str(tmp_path)]) == 0
    assert capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines() == [
        "seed 7, 2 x 8 x 8",
        "└─ a.png (round 1: candidate 2 of 4, scale 0.5)",
        f"   ├─ b.png (round 2: {WORDS})",
        "   ├─ · edit: steps: 4 -> 9",
        "   │  └─ c.png (round 3: candidate 0 of 1, scale 0.25)",
        "   └─ d.png (round 2: candidate 0 of 1, scale 0.25)",
    ]


@given(records())
def test_the_text_of_any_round_can_be_made(record: LatentRecord) -> None:
    for round_ in record.lineage.rounds:
        assert edit_text(round_.settings, round_.before).startswith("edit: ")
