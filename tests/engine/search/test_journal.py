"""The journal of a session."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StoreError
from engine.search.answers import Answer, Edited, NoneBetter, Picked, Undone
from engine.search.journal import Journal, Summary, read_journal, read_summary, write_journal
from engine.search.journal_files import JOURNAL_NAME
from engine.search.journal_json import MAX_PLACES
from engine.search.session import Session, begin, star, tell
from engine.search.variants import NO_EDIT, Recorded
from latentpng.record import Lineage, TensorRoot
from tests.engine.search.sessions import anything, edit, session, take, varied


def answered() -> Session:
    """Return a session with a branch, a star, an edit, and a way back and forward."""
    current = session()
    for answer in (Picked(marks=(2, 0)), NoneBetter(), Undone(), Undone(), Picked(marks=(1,))):
        current = tell(current, answer)
    current = star(tell(current, Edited(round_=edit("a lake"))), current.lineage)
    return tell(tell(current, Picked(marks=(0,))), Undone())


def journal_of(folder: Path) -> Journal:
    """Return the journal of that session."""
    current = answered()
    nodes = current.tree.nodes
    return Journal(
        folder=folder,
        session=current,
        prompt="a lake, “quoted”\nand more",
        model="a model",
        files={nodes[0].key: folder / "001-round0.png", nodes[1].key: folder.parent / "elsewhere.png"},
        recorded={
            NO_EDIT: Recorded(settings={"prompt": "a hill", "guidance": 1.5}, software={"device": "cpu"}),
            nodes[3].key: Recorded(settings={"prompt": "a lake"}, software={}),
        },
        root_noise="ab" * 32,
    )


def same(one: Session, other: Session) -> bool:
    """Return whether two sessions are the same; nodes may share the lineages of later ones."""
    nodes = [
        [(node.key, node.lineage, node.parent, node.kind, node.picks, node.is_starred) for node in tree.nodes]
        for tree in (one.tree, other.tree)
    ]
    names = ("place", "seed", "octaves", "count", "mode", "is_varied", "start", "past", "future", "offers")
    return nodes[0] == nodes[1] and all(getattr(one, name) == getattr(other, name) for name in names)


def test_a_session_comes_back_from_its_journal(tmp_path: Path) -> None:
    journal = journal_of(tmp_path / "s")
    write_journal(journal)
    found = read_journal(tmp_path / "s")
    assert same(found.session, journal.session)
    assert (found.prompt, found.model, found.root_noise) == (journal.prompt, journal.model, journal.root_noise)
    assert (found.files, found.recorded) == (journal.files, journal.recorded)


@given(st.sampled_from([session(), varied()]), st.lists(anything, max_size=20))
def test_whatever_was_answered_comes_back(current: Session, answers: list[Answer | int]) -> None:
    for answer in answers:
        current = take(current, answer)
    with TemporaryDirectory() as folder:
        write_journal(Journal(folder=Path(folder), session=current))
        assert same(read_journal(Path(folder)).session, current)


def test_a_stored_root_comes_back(tmp_path: Path) -> None:
    root = Lineage(root=TensorRoot(source={"method": "euler", "psnr": 27.5}))
    current = tell(begin(root, seed=1, octaves=0, scale=0.5, count=2), Picked(marks=(1,)))
    write_journal(Journal(folder=tmp_path, session=current))
    assert same(read_journal(tmp_path).session, current)


def test_a_moved_folder_still_finds_its_pictures(tmp_path: Path) -> None:
    journal = journal_of(tmp_path / "s")
    write_journal(journal)
    (tmp_path / "s").rename(tmp_path / "moved")
    files = set(read_journal(tmp_path / "moved").files.values())
    assert files == {tmp_path / "moved" / "001-round0.png", tmp_path / "elsewhere.png"}


def test_a_list_reads_the_first_line_only(tmp_path: Path) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0] + b"damaged")
    assert read_summary(file) == Summary(
        prompt="a lake, “quoted”\nand more", model="a model", pictures=2, cover="001-round0.png"
    ), "the other picture is on a different branch"


def test_the_cover_is_the_newest_saved_picture_on_the_way(tmp_path: Path) -> None:
    current = tell(tell(session(), Picked(marks=(1,))), Picked(marks=(2,)))
    files = {node.key: tmp_path / f"{index}.png" for index, node in enumerate(current.tree.nodes[:2])}
    assert Journal(folder=tmp_path, session=current, files=files).summary.cover == "1.png"


def test_ways_back_and_forward_are_bounded(tmp_path: Path) -> None:
    current = session()
    for _ in range(MAX_PLACES + 5):
        current = tell(current, NoneBetter())
    write_journal(Journal(folder=tmp_path, session=current))
    found = read_journal(tmp_path).session
    assert (len(found.past), found.past[-1]) == (MAX_PLACES, current.past[-1])


def test_there_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        read_journal(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: this session cannot be continued: there is no session.json in its folder"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSON needed, found an error at 0 (Expecting value)"),
        ("[]", "a JSON object needed, found []"),
        ("{}", "warmer_session is missing"),
        ('{"warmer_session": 2}', "version 1 is known here, found 2"),
        ('{"warmer_session": "1"}', "warmer_session is a whole number, found '1'"),
        ("[" * 100_000, "at most 32 levels needed, found more"),
    ],
)
def test_a_damaged_journal_says_so(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / JOURNAL_NAME).write_text(text)
    with pytest.raises(StoreError) as caught:
        read_journal(tmp_path)
    start = f"{tmp_path}: this session cannot be continued: its session.json is damaged or of another program"
    assert str(caught.value).startswith(f"{start} (")
    if not text.startswith("[["):
        assert str(caught.value) == f"{start} ({why})"


@pytest.mark.parametrize(
    "name",
    [
        "warmer_session", "prompt", "model", "noise", "root", "nodes", "place", "past", "future", "offers", "seed",
        "octaves", "count", "mode", "start", "files", "variants", "root_noise",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "value", [None, 3.5, -7, 10**9, [1], [{"node": 99}], {"seed": "1.5"}, {"node": -4, "round": {}}]
)
def test_a_wrong_entry_is_damage(tmp_path: Path, name: str, value: object) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    entries = json.loads(file.read_text())
    file.write_text(json.dumps({**entries, name: value}))
    with pytest.raises(StoreError):
        read_journal(tmp_path)
    del entries[name]
    file.write_text(json.dumps(entries))
    with pytest.raises(StoreError):
        read_journal(tmp_path)


@pytest.mark.parametrize(
    "node", [{"parent": 1, "rounds": []}, {"parent": 9, "rounds": []}, {"parent": -1, "rounds": []}]
)
def test_a_node_without_a_parent_before_it_is_damage(tmp_path: Path, node: dict[str, object]) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    entries = json.loads(file.read_text())
    entries["nodes"][1] = node
    file.write_text(json.dumps(entries))
    with pytest.raises(StoreError, match="node 1 does not follow from a node before it"):
        read_journal(tmp_path)


def test_a_picture_that_is_twice_in_the_tree_is_damage(tmp_path: Path) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    entries = json.loads(file.read_text())
    entries["nodes"].append(entries["nodes"][1])
    file.write_text(json.dumps(entries))
    with pytest.raises(StoreError, match="two nodes are the same picture"):
        read_journal(tmp_path)


@pytest.mark.parametrize("name", ["../x.png", "a/b.png", "..", "x\0.png"])
def test_a_file_name_that_leads_elsewhere_is_damage(tmp_path: Path, name: str) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    entries = json.loads(file.read_text())
    entries["files"] = dict.fromkeys(entries["files"], name)
    file.write_text(json.dumps(entries))
    with pytest.raises(StoreError):
        read_journal(tmp_path)


@given(cut=st.integers(0, 4000), at=st.integers(0, 4000), byte=st.integers(0, 255))
def test_only_our_own_errors_come_out_of_damage(cut: int, at: int, byte: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_journal(journal_of(folder))
        data = bytearray((folder / JOURNAL_NAME).read_bytes())
        data[at % len(data)] = byte
        (folder / JOURNAL_NAME).write_bytes(bytes(data)[: len(data) - (cut if cut % 2 else 0)])
        read_summary(folder / JOURNAL_NAME)
        with contextlib.suppress(StoreError):
            assert read_journal(folder).folder == folder


def test_texts_that_are_no_unicode_do_not_stop_the_journal(tmp_path: Path) -> None:
    current = session()
    odd = tmp_path.parent / "od\udce9d.png"
    write_journal(Journal(folder=tmp_path, session=current, prompt="a \udce9", files={current.node.key: odd}))
    found = read_journal(tmp_path)
    assert (found.prompt, found.files) == ("a ?", {})


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        write_journal(Journal(folder=tmp_path / "file", session=session()))
    assert str(caught.value) == f"{tmp_path}/file: the session cannot be saved in this folder: File exists"
    (tmp_path / JOURNAL_NAME).mkdir()
    with pytest.raises(StoreError) as caught:
        write_journal(Journal(folder=tmp_path, session=session()))
    assert str(caught.value) == (
        f"the session cannot be saved: {tmp_path}/session.json: it cannot be written (Is a directory)"
    )


@pytest.mark.parametrize(
    ("leaves", "why"), [(5_000, "the tree has too many long branches"), (1_500_000, "at most 3000000 values")]
)
def test_a_small_file_cannot_ask_for_much_memory(tmp_path: Path, leaves: int, why: str) -> None:
    write_journal(journal_of(tmp_path))
    file = tmp_path / JOURNAL_NAME
    entries = json.loads(file.read_text())
    (round_,) = entries["nodes"][1]["rounds"]
    long = {"parent": 0, "rounds": [{**round_, "seed": str(number)} for number in range(4095)]}
    if leaves > 100_000:
        entries["nodes"] = [[]] * leaves
    else:
        leaf = [{"parent": 1, "rounds": [{**round_, "seed": str(number)}]} for number in range(leaves)]
        entries["nodes"] = [entries["nodes"][0], long, *leaf]
    file.write_text(json.dumps(entries))
    with pytest.raises(StoreError, match=why):
        read_journal(tmp_path)
