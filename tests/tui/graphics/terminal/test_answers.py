"""Answers of the terminal are told from keys by their shape, in whatever pieces and whenever they come."""

from __future__ import annotations

import random

import pytest
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

from tui.graphics.terminal.answers import MAX_CHARACTERS, AnswerFilter

ANSWERS = (
    "\x1b[?62;4;22c",  # DA1
    "\x1b[?6c",
    "\x1b[>0;1401;1c",  # DA2
    "\x1bP!|00000000\x1b\\",  # DA3
    "\x1bP>|kitty(0.41.0)\x1b\\",  # XTVERSION
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_Gi=31,p=2;ENOENT:no such picture\x1b\\",
    "\x1b[6;20;10t",
    "\x1b[8;50;120t",
    "\x1b[?1;0;256S",
    "\x1b[?1;3R",  # DECXCPR
    "\x1b[0n",
    "\x1b[?997;1n",
    "\x1b[?1u",
    "\x1b[2;1;1;128;128;1;0x",
    "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]11;rgb:0000/0000/0000\x07",
    "\x1b]4;1;rgb:1111/2222/3333\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1bP1+r544e=78\x1b\\",
)
KEYS = ("1", "?", "q", "\r", "\x1b[A", "\x1b[1;5A", "\x1bOP", "\x1b[<0;3;4M", "\x1b[200~a?\x1b[201~", "\x1b[97;5u", "é")
TEXTUALS = ("\x1b[?2026;2$y", "\x1b[?2048;2$y", "\x1b[48;40:80;120:3;800;1200t", "\x1b[12;1R", "\x1b[I", "\x1b[O")


def pieces_of(text: str, draw: random.Random) -> list[str]:
    cuts = sorted(draw.sample(range(len(text)), min(len(text), draw.randrange(9))))
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@pytest.mark.parametrize("seed", range(200))
def test_keys_come_through_and_answers_do_not(seed: int) -> None:
    draw = random.Random(seed)
    typed = draw.choices([*ANSWERS, *KEYS, *TEXTUALS], k=12)
    answers = AnswerFilter()
    passed = "".join(answers.feed(piece) for piece in pieces_of("".join(typed), draw))
    assert passed + answers.release() == "".join(each for each in typed if each not in ANSWERS)


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_is_a_key_when_its_end_comes_late(answer: str) -> None:
    for cut in range(3, len(answer)):
        answers = AnswerFilter()
        passed = [answers.feed(answer[:cut]), answers.release(), answers.feed(answer[cut:]), answers.release()]
        assert passed == [""] * 4, (answer, cut)


@pytest.mark.parametrize("key", ["\x1b", "\x1b[", "\x1bP", "\x1b]", "\x1b_"])
def test_what_might_have_begun_an_answer_is_a_key_when_nothing_follows(key: str) -> None:
    answers = AnswerFilter()
    assert (answers.feed(f"1{key}"), answers.is_undecided) == ("1", True)
    assert (answers.release(), answers.is_undecided, answers.feed("2")) == (key, False, "2")


def test_every_key_that_textual_knows_comes_through() -> None:
    for sequence in ANSI_SEQUENCES_KEYS:
        answers = AnswerFilter()
        assert answers.feed(sequence) + answers.release() + answers.feed("1") == f"{sequence}1", sequence


@pytest.mark.parametrize("broken", ["\x1b[?62;", "\x1b_Gi=31", "\x1b]11;rgb:", "\x1bP>|kitty"])
def test_an_answer_that_breaks_off_takes_no_key_along(broken: str) -> None:
    assert AnswerFilter().feed(f"{broken}\x1b[A1") == "\x1b[A1"


def test_an_answer_without_end_is_given_up() -> None:
    answers = AnswerFilter()
    assert answers.feed("\x1b_G" + MAX_CHARACTERS * "a") == ""
    assert answers.feed("1") == "1"


def test_the_rest_of_an_answer_is_waited_for() -> None:
    answers = AnswerFilter()
    answers.feed("1\x1b[?62;4")
    assert answers.has_begun
    answers.feed(";22c")
    assert not answers.has_begun
