"""Which lineages are the same: a key for every state along a lineage.

A key is a SHA-256 over the key of the parent and the rule of the round that leads on, so two states have one key when
their roots and all their rounds are alike.  There is one way to make keys and four rules, because what has to be alike
depends on what the key stands for: the noise, the offset of the prompt, both, or a rendered picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Protocol, TypeAlias

from latentpng.record import JsonObject, Lineage, Round, SeedRoot

Key: TypeAlias = bytes
Rule: TypeAlias = tuple[object, ...]


class Step(Protocol):
    """What decides where a round leads, besides its seed: a `Round`, or the `RoundValues` of a file."""

    @property
    def of(self) -> int:
        """The number of candidates."""

    @property
    def marks(self) -> tuple[int, ...]:
        """The indices of the marked candidates."""

    @property
    def scale(self) -> float:
        """How far the noise moves."""

    @property
    def bands(self) -> tuple[float, ...]:
        """A factor on `scale` per octave."""

    @property
    def region(self) -> str:
        """The cells that may move."""

    @property
    def prompt_scale(self) -> float:
        """How far the prompt's embedding moves."""


def child_key(parent: Key, rule: Rule) -> Key:
    """Return the key of the state that a round leads to; parent: the key of the state before it, b"" for a root."""
    return hashlib.sha256(parent + repr(rule).encode()).digest()


def chain_keys(rules: Iterable[Rule]) -> tuple[Key, ...]:
    """Return the keys of all states along a lineage; rules: that of the root, then those of the rounds."""
    keys: list[Key] = []
    for rule in rules:
        keys.append(child_key(keys[-1] if keys else b"", rule))
    return tuple(keys)


def root_rule(seed: str, stored: str, shape: tuple[int, ...], axes: str) -> Rule:
    """Return all that decides the noise of a root.

    Args:
        seed: The seed as a decimal string; "" for a tensor root.
        stored: SHA-256 (hex) of the noise of a tensor root; "" for a seeded root.
        shape: The shape of the noise.
        axes: One letter per axis.
    """
    return (seed, stored, shape, axes)


def noise_rule(seed: int | str, step: Step) -> Rule:
    """Return all that decides how a round moves the noise: neither settings nor `prompt_scale` do.

    Adding 0.0 makes 0.0 of -0.0, as in the file.
    """
    bands = tuple([band + 0.0 for band in step.bands]) if step.bands else ()
    return (str(seed), step.scale + 0.0, step.of, step.marks, bands, step.region)


def prompt_rule(seed: int | str, step: Step) -> Rule:
    """Return all that decides how a round moves the prompt's offset; () if it does not: bands and region do not."""
    return (str(seed), step.prompt_scale, step.of, step.marks) if step.prompt_scale else ()


def state_rule(seed: int | str, step: Step) -> Rule:
    """Return all that decides how a round moves noise and prompt together."""
    rule = noise_rule(seed, step)
    return (*rule, step.prompt_scale) if step.prompt_scale else rule


def picture_keys(lineage: Lineage) -> tuple[Key, ...]:
    """Return the keys of the pictures along a lineage, from that of the root to that of the last round.

    Here the settings and the unknown keys of root and rounds count as well, because a picture was rendered with them.
    The noise of a tensor root does not: pictures that are compared have one root.
    """
    root = lineage.root
    facts: Rule = (str(root.seed),) if isinstance(root, SeedRoot) else ("", _text(root.source))
    return chain_keys([(*facts, _text(root.extra)), *map(_picture_rule, lineage.rounds)])


def child_picture_key(parent: Key, round_: Round) -> Key:
    """Return the key of the picture that a round leads to; parent: the key of the picture before it."""
    return child_key(parent, _picture_rule(round_))


# `before` does not count: it says what was in force at the parent, and a picture is not rendered with it.  So the
# picture of an edit has one key, whether or not the program that recorded the edit knew what it replaced.
def _picture_rule(round_: Round) -> Rule:
    return (*state_rule(round_.seed, round_), _text(round_.settings), _text(round_.extra))


def is_edit(settings: JsonObject, step: Step) -> bool:
    """Return whether a round is an edit: it moves nothing, and has settings."""
    return bool(settings) and not (step.scale or step.prompt_scale)


def edit_rule(settings: JsonObject, step: Step) -> Rule:
    """Return all that decides what an edit changes; () for a round that is none."""
    return ("edit", _text(settings)) if is_edit(settings, step) else ()


def _text(value: JsonObject) -> str:
    """Return one text for one JSON object, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
