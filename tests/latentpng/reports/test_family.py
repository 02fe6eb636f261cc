"""The family tree of pictures: what lineages share, whatever the files are called and whatever they claim."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentpng.chunk.header import Front
from latentpng.cli import main
from latentpng.noise.replay import ancestor_noise, record_of, replay
from latentpng.png.files import write_picture
from latentpng.record import Json, Lineage, Round, TensorRoot
from latentpng.reports.family import Family, family_of
from latentpng.reports.states import ROOT
from latentpng.reports.tree import ASCII, BOXES, dot_lines, json_lines, strokes_for, tree_lines
from tests.support.latentpng.files import changed, png_of
from tests.support.latentpng.lineages import Chain, chains, digest_of, family_of_chains, front_of
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, seeded_record


def is_forest(family: Family) -> bool:
    """Return whether each parent stands before its children, and each node leads to a picture."""
    children = family.children()
    return all(
        ROOT <= node.parent < place and (node.files or children[place]) for place, node in enumerate(family.nodes)
    )


@given(st.lists(chains, max_size=12))
def test_nodes_are_the_prefixes_of_all_lineages(pictures: list[Chain]) -> None:
    family = family_of((str(number), front_of(chain)) for number, chain in enumerate(pictures))
    prefixes = {chain[: length + 1] for chain in pictures for length in range(len(chain))}
    assert len(family.nodes) == len(prefixes)
    assert is_forest(family)
    for number, (chain, end) in enumerate(zip(pictures, family.ends, strict=True)):
        assert str(number) in family.nodes[end].files
        ways = []
        while end != ROOT:
            ways.append(family.nodes[end].entry["seed"])
            end = family.nodes[end].parent
        assert ways[::-1] == [str(seed) for seed in chain]


claims = st.sampled_from(["", *"abc"])


@given(st.lists(st.tuples(chains, claims, claims), max_size=14))
@settings(max_examples=150, deadline=None)
def test_false_claims_cannot_close_a_cycle(pictures: list[tuple[Chain, str, str]]) -> None:
    fronts = [(str(number), front_of(*claimed)) for number, claimed in enumerate(pictures)]
    family = family_of(fronts)
    assert is_forest(family)
    assert sorted(file for node in family.nodes for file in node.files) == sorted(name for name, _ in fronts)
    assert all(name in family.nodes[end].files for (name, _), end in zip(fronts, family.ends, strict=True))
    alone = {place for place, node in enumerate(family.nodes) if node.digest}
    assert len({(node.digest, node.dims) for node in family.nodes if node.digest}) == len(alone)
    drawn = "\n".join(tree_lines(family, BOXES))
    assert all(file in drawn for node in family.nodes for file in node.files[:4])


def test_names_are_the_same_in_every_folder() -> None:
    one = family_of_chains(a=(7, 1), b=(7, 1, 2))
    other = family_of_chains(x=(9,), y=(7, 1, 3), z=(7, 1, 2))
    assert {node.name for node in one.nodes} <= {node.name for node in other.nodes}
    assert len({node.name for node in other.nodes}) == len(other.nodes) == 5


@pytest.mark.parametrize(
    "different",
    [
        {"scale": 0.25},
        {"of": 2},
        {"of": 3, "marks": [1]},
        {"bands": [1.0, 0.5]},
        {"region": "01"},
        {"prompt_scale": 0.5},
    ],
)
def test_all_that_decides_where_a_round_leads_tells_nodes_apart(different: dict[str, Json]) -> None:
    family = family_of([("a", front_of((7, 1))), ("b", front_of((7, 1), "b", replaced=different))])
    assert [node.files for node in family.nodes] == [(), ("a",), ("b",)]


@pytest.mark.parametrize("same", [{"settings": {"steps": 4}}, {"bands": []}, {"x-own": 1}, {"prompt_scale": 0}])
def test_entries_without_effect_do_not_tell_nodes_apart(same: dict[str, Json]) -> None:
    family = family_of([("a", front_of((7, 1))), ("b", front_of((7, 1), replaced=same))])
    assert [node.files for node in family.nodes] == [(), ("a", "b")]


def test_a_moved_prompt_is_a_node_of_its_own_although_the_noise_is_the_same() -> None:
    moved: dict[str, Json] = {"scale": 0.0, "prompt_scale": 0.5}
    parent = ("a", front_of((7,), "same"))
    family = family_of([parent, ("b", front_of((7, 1), "same", replaced=moved)), ("c", front_of((7, 2), "same"))])
    assert [(node.files, node.parent) for node in family.nodes] == [(("a", "c"), ROOT), (("b",), 0)]
    assert list(tree_lines(family, BOXES)) == [
        "seed 7, 2 x 8 x 8: a, c",
        "└─ b (round 1: candidate 0 of 1, scale 0, prompt scale 0.5)",
    ]


def test_whole_numbers_and_real_ones_are_the_same_scale() -> None:
    family = family_of(
        [("a", front_of((7, 1), replaced={"scale": 1})), ("b", front_of((7, 1), replaced={"scale": 1.0}))]
    )
    assert len(family.nodes) == 2


def test_imported_noise_joins_the_tree_of_its_source() -> None:
    end = digest_of((7, 1))
    imported = front_of((0, 5), "x", end)
    for pictures in ([("a", front_of((7, 1))), ("b", imported)], [("b", imported), ("a", front_of((7, 1)))]):
        family = family_of(pictures)
        assert [node.files for node in family.nodes] == [(), ("a",), ("b",)]
        assert [node.parent for node in family.nodes] == [ROOT, 0, 1]
    assert len(family_of([("b", imported)]).nodes) == 2


def test_noise_may_be_imported_again_and_again() -> None:
    first, second = front_of((0, 1), "b", "a"), front_of((0, 2), "c", "b")
    third = front_of((0, 3), "d", "c")
    for pictures in ([("x", first), ("y", second), ("z", third)], [("z", third), ("y", second), ("x", first)]):
        family = family_of(pictures)
        assert [node.files for node in family.nodes] == [(), ("x",), ("y",), ("z",)]
        assert [node.parent for node in family.nodes] == [ROOT, 0, 1, 2]


def test_two_pictures_that_claim_to_come_from_each_other_form_no_cycle() -> None:
    family = family_of([("x", front_of((0, 1), "b", "a")), ("y", front_of((0, 2), "a", "b"))])
    assert is_forest(family)
    assert sorted(node.files for node in family.nodes) == [("x",), ("y",)]


def test_the_same_noise_by_two_ways_is_one_node() -> None:
    still = front_of((7, 1, 2), digest_of((7, 1)), replaced={"scale": 0.0})  # a round that moves nothing
    family = family_of(
        [
            ("still", still),
            ("a", front_of((7, 1), replaced={"scale": 0.0})),
            ("child", front_of((7, 1, 2, 3), replaced={"scale": 0.0})),
        ]
    )
    assert [node.files for node in family.nodes] == [(), ("still", "a"), ("child",)]
    assert [node.parent for node in family.nodes] == [ROOT, 0, 1]


def test_different_shapes_are_different_families() -> None:
    wide = Front(version=(1, 0), chunk_bytes=1, dims=(4, 4, 8), metadata=front_of((7,)).metadata, is_known=True)
    assert len(family_of([("a", front_of((7,))), ("b", wide)]).nodes) == 2


FAMILY = family_of_chains(
    root=(7,), a=(7, 1), b=(7, 1, 2, 3), copy=(7, 1, 2, 3), c=(7, 1, 2, 4, 5, 6), d=(7, 1, 2, 8), e=(9, 1, 2)
)


def test_a_tree_is_drawn() -> None:
    round_ = "candidate 0 of 1, scale 0.5"
    assert list(tree_lines(FAMILY, BOXES)) == [
        "seed 7, 2 x 8 x 8: root.png",
        f"└─ a.png (round 1: {round_})",
        "   └─ · 1 round",
        f"      ├─ b.png, copy.png (round 3: {round_})",
        "      ├─ · 2 rounds",
        f"      │  └─ c.png (round 5: {round_})",
        f"      └─ d.png (round 3: {round_})",
        "seed 9, 2 x 8 x 8",
        "└─ · 1 round",
        f"   └─ e.png (round 2: {round_})",
    ]


def test_a_terminal_without_box_characters_gets_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, seeded_record((Round(seed=3, scale=0.5),)))
    drawn = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", drawn)
    monkeypatch.chdir(tmp_path)
    assert main(["tree", "."]) == 0
    assert isinstance(drawn.buffer, io.BytesIO)
    assert drawn.buffer.getvalue().decode("ascii").splitlines() == [
        "seed 7, 2 x 8 x 8",
        "`- a.png (round 1: candidate 0 of 1, scale 0.5)",
    ]
    assert (strokes_for("utf-8"), strokes_for("latin-1"), strokes_for(None)) == (BOXES, ASCII, ASCII)
    assert strokes_for("no such encoding") == ASCII


def test_many_copies_are_counted() -> None:
    family = family_of((f"{number}.png", front_of((7,))) for number in range(1004))
    assert list(tree_lines(family, BOXES)) == ["seed 7, 2 x 8 x 8: 0.png, 1.png, 2.png, 3.png and 1,000 more"]
    assert len(json.loads(next(json_lines(family)))["files"]) == 1004


def test_json_has_every_node_with_parents_first() -> None:
    nodes = [json.loads(line) for line in json_lines(FAMILY)]
    assert len(nodes) == 11
    ids = [node["id"] for node in nodes]
    assert all(node["parent"] == "" or node["parent"] in ids[:place] for place, node in enumerate(nodes))
    first = nodes[0]
    assert first == {
        "axes": "CHW", "dims": [2, 8, 8], "files": ["root.png"], "id": first["id"], "noise": digest_of((7,)),
        "parent": "", "root": {"seed": "7"}, "rounds": 0, "step": 0,
    }  # fmt: skip
    assert nodes[1] == {
        "dims": [2, 8, 8], "files": ["a.png"], "id": nodes[1]["id"], "noise": digest_of((7, 1)), "parent": first["id"],
        "round": {"marks": [0], "of": 1, "scale": 0.5, "seed": "1"}, "rounds": 1, "step": 1,
    }  # fmt: skip
    empty = next(node for node in nodes if not node["files"])
    assert (empty["noise"], empty["rounds"]) == ("", 2)


def test_graphviz_names_are_escaped() -> None:
    family = family_of([('"; evil \\ [\x1b\n].png', front_of((7,))), ("b", front_of((7, 1, 2)))])
    assert list(dot_lines(family, BOXES)) == [
        "digraph family {",
        "  node [shape=box];",
        r'  n0 [label="seed 7, 2 x 8 x 8: \"; evil \\ [ ].png"];',
        '  n1 [label="· 1 round", style=dashed];',
        "  n0 -> n1;",
        '  n2 [label="b (round 2: candidate 0 of 1, scale 0.5)"];',
        "  n1 -> n2;",
        "}",
    ]


@pytest.mark.slow
def test_a_deep_lineage_is_cut_into_parts_that_fit() -> None:
    chain = tuple(range(4097))
    deep = {f"p{length}": chain[: length + 1] for length in range(0, 4097, 32)}
    family = family_of_chains(**deep)
    assert len(family.nodes) == 4097
    lines = list(tree_lines(family, BOXES))
    assert max(map(len, lines)) < 160
    assert sum(line.startswith("↓") for line in lines) == 10
    assert lines[24] == f"{' ' * 69}└─ p384.png (round 384: candidate 0 of 1, scale 0.5)  ↓ 1"
    assert lines[25:27] == ["↓ 1  p384.png (round 384: candidate 0 of 1, scale 0.5)", "└─ · 31 rounds"]
    assert len(list(dot_lines(family, BOXES))) == 3 + 2 * 257 - 1
    assert len(list(json_lines(family))) == 4097


def test_ten_thousand_pictures_are_one_family() -> None:
    family = family_of((str(number), front_of((7, number % 100, number))) for number in range(10_000))
    assert len(family.nodes) == 1 + 100 + 10_000
    assert len(list(tree_lines(family, BOXES))) == 10_101


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a parent, its child in a subfolder, and a picture varied from the child's imported noise."""
    steps = (Round(seed=3, scale=0.5, of=4, marks=(2,)), Round(seed=4, scale=0.25, region="01/11"))
    child = seeded_record(steps)
    family = Lineage(root=TensorRoot(source={"tool": "other"}), rounds=(Round(seed=9, scale=0.3),))
    noise = ancestor_noise(child, 2)
    imported = record_of(family, replay(family, noise.shape, "CHW", noise), axes="CHW", root_tensor=noise)
    (tmp_path / "other").mkdir()
    write_picture(tmp_path / "one.png", SIDE, SIDE, RGB, seeded_record(steps[:1]))
    write_picture(tmp_path / "other" / "two.png", SIDE, SIDE, RGB, child)
    write_picture(tmp_path / "other" / "three.png", SIDE, SIDE, RGB, imported)
    (tmp_path / "other" / "renamed.png").write_bytes((tmp_path / "one.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


DRAWN = [
    "seed 7, 2 x 8 x 8",
    "└─ one.png, other/renamed.png (round 1: candidate 2 of 4, scale 0.5)",
    "   └─ other/two.png (round 2: candidate 0 (region of 75%) of 1, scale 0.25)",
    "      └─ other/three.png (round 1: candidate 0 of 1, scale 0.3)",
]


@pytest.mark.parametrize("named", [[".", "other"], ["-r", "."]])
@pytest.mark.usefixtures("folder")
def test_tree_draws_the_files_of_all_folders(capsys: pytest.CaptureFixture[str], named: list[str]) -> None:
    assert main(["tree", *named]) == 0
    assert capsys.readouterr() == ("\n".join(DRAWN) + "\n", "")


def test_bad_files_are_reported_and_the_rest_is_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "newer.png").write_bytes(png_of((b"laTn", changed(chunk_data(), 4, b"\2"))))
    (folder / "plain.png").write_bytes(png_of())
    assert main(["tree", "-r", "."]) == 6
    out, err = capsys.readouterr()
    assert out.splitlines() == DRAWN
    assert err == "latentpng: newer.png: a newer version of latentpng is needed: only version 1 is supported, found 2\n"
    assert main(["tree", "--json", ".", "no.png"]) == 3
    out, err = capsys.readouterr()
    assert [json.loads(line)["files"] for line in out.splitlines()] == [[], ["one.png"]]
    assert err.splitlines()[:2] == [
        "latentpng: newer.png: a newer version of latentpng is needed: only version 1 is supported, found 2",
        "latentpng: no.png: it cannot be read (No such file or directory)",
    ]
    assert main(["tree", "--dot", "one.png"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "digraph family {"


def test_a_twin_shares_the_node_of_its_chunk(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = Path(__file__).parents[2] / "vectors"
    for name in ("seeded", "twin"):
        (folder / f"{name}.png").write_bytes((vectors / f"{name}.png").read_bytes())
    assert main(["tree", "seeded.png", "twin.png"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "└─ · 4 rounds",
        "   └─ seeded.png, twin.png (round 5: candidate 1 (region of 50%) of 2, scale 1, bands)",
    ]
