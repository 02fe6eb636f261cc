"""What a search starts from, and what of its pictures is known before anything is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.rendering.events import Picture
from engine.rendering.requests import LoadModel
from engine.rendering.settings import RenderSettings
from engine.search.journal import Journal
from engine.search.store import Finished
from engine.search.variants import Recorded, Variant
from latentpng.identity import Key
from latentpng.record import LatentRecord, Lineage


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What a search starts from.

    Attributes:
        lineage: The lineage of the first parent.
        load: The request that loads the model; its settings are those of the first parent.
        known: The parent's picture, where an opened file holds it already.
        path: The file of that picture, which need not be written again.
        shown: What is shown in place of the parent until it is rendered; None for nothing.
        root: The picture of the lineage's root, where it was just made and is to be saved; else None.
        root_record: The record that holds the stored noise of a tensor root; None for a seed root.
        variants: What renders the pictures after each edit of the tree, by the key of the edit's node; NO_EDIT for
            those before the first one.  What the first parent needs is `load`, and need not be in it.
        recorded: What a picture of each variant records, by the same keys, as far as it is known.
        files: The files of other pictures of the tree, by the keys of their lineages; they are read when needed.
        continued: The journal of the session that is continued; None for a new session.
    """

    lineage: Lineage
    load: LoadModel
    known: Finished | None = None
    path: Path | None = None
    shown: Picture | None = None
    root: Finished | None = None
    root_record: LatentRecord | None = None
    variants: Mapping[Key, Variant] = field(default_factory=dict)
    recorded: Mapping[Key, Recorded] = field(default_factory=dict)
    files: Mapping[Key, Path] = field(default_factory=dict)
    continued: Journal | None = None

    @property
    def settings(self) -> RenderSettings:
        """The settings of the first parent."""
        return self.load.settings
