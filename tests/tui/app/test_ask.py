"""Completion of paths, without a screen: laws and examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.app.completion import PICTURES, Name, Typed, completed, fitting, free_name, names_in, split


def names(*texts: str) -> tuple[Name, ...]:
    return tuple(Name(text=text.rstrip("/"), is_folder=text.endswith("/")) for text in texts)


@pytest.mark.parametrize(
    ("typed", "head", "start"),
    [("", "", ""), ("a", "", "a"), ("a/", "a/", ""), ("/a/b c", "/a/", "b c"), ("~", "", "~"), ("/", "/", "")],
)
def test_a_typed_path_has_two_parts(typed: str, head: str, start: str) -> None:
    assert split(typed) == Typed(head=head, start=start)


def test_the_home_directory_is_meant_by_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert split("~/a").folder == f"{tmp_path}/"
    assert split("~no-such-user/a").folder == "~no-such-user/"
    assert split("a").folder == ""


@pytest.mark.parametrize(
    ("typed", "there", "after"),
    [
        ("b", ("beach.png", "cat.png"), "beach.png"),
        ("/x/b", ("beaches/",), "/x/beaches/"),
        ("b", ("beach-1.png", "beach-2.png"), "beach-"),
        ("beach-", ("beach-1.png", "beach-2.png"), "beach-"),
        ("z", ("beach.png",), "z"),
        ("B", ("beach.png",), "beach.png"),
        ("b", ("Beach.png", "beach.png"), "beach.png"),
        ("", (".hidden/", "a/"), "a/"),
        (".", (".hidden/", "a/"), ".hidden/"),
        ("~", (), "~/"),
        ("x", (), "x"),
    ],
)
def test_as_much_is_completed_as_all_names_have_in_common(typed: str, there: tuple[str, ...], after: str) -> None:
    assert completed(typed, names(*there)) == after


def test_hidden_names_are_listed_when_a_dot_is_typed() -> None:
    there = names(".git/", "a.png")
    assert fitting(there, "") == names("a.png")
    assert fitting(there, ".") == names(".git/")


def test_folders_and_pictures_are_listed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.webp", "notes.txt", ".c.png"):
        (tmp_path / name).touch()
    (tmp_path / "Z").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert names_in(str(tmp_path), PICTURES) == names("Z/", ".c.png", "a.webp", "b.PNG")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        names_in(str(tmp_path / "none"), PICTURES)
    with pytest.raises(ValueError, match="null"):
        names_in("a\0b", PICTURES)


@pytest.mark.parametrize(
    ("taken", "free"),
    [((), "round3.png"), (("round3.png",), "round3-2.png"), (("round3.png", "round3-2.png"), "round3-3.png")],
)
def test_a_free_name_is_suggested(taken: tuple[str, ...], free: str) -> None:
    assert free_name("round3.png", lambda name: name in taken) == free
