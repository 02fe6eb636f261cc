"""The history as a list, what its rows say, and the other pictures of the folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.search.history import Tree, tree_of
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import write_picture
from latentpng.record import Json, LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from tests.support.tui.histories import history
from tui.app.history import files as history_files
from tui.app.history.files import FolderFile, other_files
from tui.app.history.rows import RowKind, rows_of
from tui.app.history.words import change_words, node_facts, node_words, root_words, scheduler_words

SHAPE = (4, 8, 8)
BRANCHED = history([0, 1, 2, 3, 4, 3, 6, 7, 1], edits=[5], stars=[2])


def record(lineage: Lineage) -> LatentRecord:
    return record_of(lineage, replay(lineage, SHAPE, "CHW"), axes="CHW")


def save(path: Path, lineage: Lineage) -> Path:
    write_picture(path, 2, 2, bytes(12), record(lineage))
    return path


def lines(tree: Tree, current: int, *others: FolderFile, only_starred: bool = False) -> list[str]:
    rows = rows_of(tree, current, {0: Path("/x/001-round0.png")}, others, only_starred=only_starred)
    return [f"{row.lead}{row.words}{f' | {row.note}' if row.note else ''}" for row in rows]


def test_the_way_is_at_the_left_edge_and_a_branch_follows_what_it_leaves() -> None:
    assert lines(BRANCHED, 8) == [
        "○ start · seed 1 | 001-round0.png",
        "○ 1 · scale 0.5",
        "├─○ 2 · scale 0.5",
        "○ 2 · scale 0.5 *",
        "○ 3 · scale 0.5",
        "├─○ 4 · scale 0.5",
        "│ ○ edit · steps 5",
        "○ 4 · scale 0.5",
        "○ 5 · scale 0.5",
        "● 6 · scale 0.5",
    ]


def test_other_files_follow_the_picture_that_they_descend_from() -> None:
    files = [
        FolderFile(path=Path("a.png"), node=8, rounds=1),
        FolderFile(path=Path("b.png"), node=8),
        FolderFile(path=Path("c.png"), node=3, rounds=2),
        FolderFile(path=Path("d\x1b[2J.png"), note="of another search"),
    ]
    assert lines(BRANCHED, 8, *files)[4:] == [
        "○ 3 · scale 0.5",
        "├─· c.png | 2 rounds on",
        "├─○ 4 · scale 0.5",
        "│ ○ edit · steps 5",
        "○ 4 · scale 0.5",
        "○ 5 · scale 0.5",
        "● 6 · scale 0.5",
        "├─· a.png | 1 round on",
        "└─· b.png | a copy",
        "other pictures in this folder",
        "· d[2J.png | of another search",
    ]


def test_only_starred_pictures_and_the_current_one() -> None:
    assert lines(BRANCHED, 8, FolderFile(path=Path("a.png")), only_starred=True) == [
        "○ 2 · scale 0.5 *",
        "● 6 · scale 0.5",
    ]


def test_every_node_has_one_row_and_the_indentation_is_bounded() -> None:
    tree = history([node - node % 3 for node in range(2000)])
    rows = rows_of(tree, 2000, {}, ())
    assert sorted(row.node for row in rows) == list(range(2001))
    deep = history([number for node in range(0, 120, 3) for number in (node, node, node + 1)])
    rows = rows_of(deep, 0, {}, ())
    assert sorted(row.node for row in rows) == list(range(len(deep.nodes)))
    assert max(len(row.lead) for row in rows) <= 2 * 13
    assert [row.node for row in rows if row.kind is RowKind.CURRENT] == [0]


def test_words_of_a_pick() -> None:
    root = Lineage(root=SeedRoot(seed=7))
    tilted = Round(seed=1, scale=0.35, of=8, marks=(2, 5), bands=(1.0, 0.5, 0.25))
    both = Round(seed=2, scale=0.2, prompt_scale=0.2, of=8)
    prompt = Round(seed=3, scale=0.0, prompt_scale=0.5, of=8)
    regions = [
        Round(seed=4, scale=0.5, of=8, marks=marks, region=region)
        for marks, region in (((2,), "10/00"), ((4, 0), "00/01"))
    ]
    many = [Round(seed=5, scale=0.2, of=8, region="0" * at + "1" + "0" * (5 - at)) for at in range(6)]
    one = Round(seed=6, scale=0.2, of=8, marks=(7,), region="01")
    tree = tree_of(replace(root, rounds=(tilted, both, prompt, *regions, *many, one)))
    assert [node_words(tree, node) for node in range(7)] == [
        "start · seed 7",
        "1 · scale 0.35 · tilt · blend of 2",
        "2 · scale 0.2 · noise and prompt",
        "3 · scale 0.5 · prompt",
        "4 · scale 0.5 · 2 regions: 3 top left, 5+1 bottom right",
        f"5 · scale 0.2 · 6 regions: {', '.join(['1 in a region of 17%'] * 4)}, 2 more",
        "6 · scale 0.2 · 8 right half",
    ]
    assert [node_facts(tree, node) for node in range(5)] == [
        "the start: seed 7",
        "scale 0.35 keeps 99.0% of its parent; the layout varies most",
        "scale 0.2 keeps 98% of its parent, prompt scale 0.2; everything varies",
        "prompt scale 0.5, keeps the noise of its parent",
        "scale 0.5 keeps 93% of its parent; everything varies; 2 regions: 3 top left, 5+1 bottom right",
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"photo": {"width": 1}}, "noise of a photograph"),
        ({"tool": "a1\x1b111"}, "noise of a1111"),
        ({"tool": 3}, "stored noise"),
        ({}, "stored noise"),
    ],
)
def test_words_of_a_root_that_stores_its_noise(source: dict[str, Json], words: str) -> None:
    assert root_words(Lineage(root=TensorRoot(source=source))) == words


MODEL: dict[str, Json] = {"name": "pony", "fingerprint": "a", "loras": [{"name": "ink", "weight": 0.8}]}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"prompt": "a lighthouse\x1b]0;x\x07"}, "prompt “a lighthouse]0;x”"),
        ({"negative_prompt": "blurry", "steps": 30}, "negative prompt “blurry”, steps 30"),
        ({"negative_prompt": None, "guidance": None}, "no negative prompt, guidance the usual"),
        ({"width": 512, "steps": 9}, "width 512, steps 9"),
        ({"scheduler": {"name": "EulerDiscreteScheduler", "options": {"schedule": "karras"}}}, None),
        ({"width": 512, "height": 768}, "size 512 x 768"),
        ({"model": MODEL}, "model pony, LoRA ink 0.8"),
        ({"model": 3, "steps": [1], "new": True}, "steps [1]"),
        ({}, "nothing"),
    ],
)
def test_words_of_an_edit(settings: dict[str, Json], words: str | None) -> None:
    expected = "scheduler EulerDiscrete, schedule: karras" if words is None else words
    assert change_words(Round(seed=0, scale=0.0, settings=settings)) == expected


def test_words_of_an_edit_say_what_was_before() -> None:
    before: dict[str, Json] = {"steps": 20, "guidance": 7.5, "clip_skip": None, "model": MODEL}
    after: dict[str, Json] = {"steps": 30, "guidance": 5.0, "clip_skip": 2, "model": {**MODEL, "loras": []}}
    words = "steps 20 → 30, guidance 7.5 → 5, clip skip 2, no LoRA"
    assert change_words(Round(seed=0, scale=0.0, settings=after, before=before)) == words


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (None, "the model's own"),
        ({}, "the model's own"),
        ({"name": 3}, "the model's own"),
        (
            {"name": "DDIMScheduler", "eta": 1.0, "options": {"use_karras_sigmas": True}},
            "DDIM, use_karras_sigmas, eta 1",
        ),
        ("DDIM\x1b", "the model's own"),
    ],
)
def test_words_of_a_scheduler(entry: Json, words: str) -> None:
    assert scheduler_words(entry) == words


def test_files_of_the_folder_are_found_by_their_lineage(tmp_path: Path) -> None:
    tree = history([0, 1, 2])
    middle = tree.nodes[2].lineage
    own = save(tmp_path / "own.png", tree.nodes[3].lineage)
    save(tmp_path / "copy.png", middle)
    save(tmp_path / "further.png", middle.child(Round(seed=99, scale=0.1)).child(Round(seed=98, scale=0.1)))
    save(tmp_path / "stranger.png", Lineage(root=SeedRoot(seed=5)))
    (tmp_path / "broken.PNG").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    found = other_files(tmp_path, tree, [own])
    assert [(file.path.name, file.node, file.rounds, file.note) for file in found.files] == [
        ("broken.PNG", -1, 0, "it carries no noise that can be read"),
        ("copy.png", 2, 0, ""),
        ("further.png", 2, 2, ""),
        ("stranger.png", -1, 0, "of another search"),
    ]


def test_the_newest_files_are_shown_and_the_others_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_files, "MAX_FILES", 2)
    for number in range(5):
        path = tmp_path / f"{number}.png"
        path.write_bytes(b"")
        os.utime(path, (100 - number, 100 - number))
    found = other_files(tmp_path, history([]), [])
    assert ([file.path.name for file in found.files], found.left_out) == (["0.png", "1.png"], 3)


def test_a_folder_that_does_not_exist_has_no_files(tmp_path: Path) -> None:
    assert other_files(tmp_path / "none", history([]), []).files == ()
