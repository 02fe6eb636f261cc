"""What can be asked of a running search, at any time; nothing here changes it."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from engine.rendering.events import Picture
from engine.rendering.settings import RenderSettings
from engine.search.ahead import WorkAhead
from engine.search.choosing import Choosing
from engine.search.drafts import Drafts, draft_settings
from engine.search.grid import Grid
from engine.search.grid_work import GridWork
from engine.search.history import NO_NODE
from engine.search.loading import ModelInUse
from engine.search.observing import Observer
from engine.search.perceptual import ScaleLaw
from engine.search.pictures import SearchPictures
from engine.search.progress import Progress
from engine.search.session import Plan, Session
from engine.search.store import Finished
from engine.search.variants import Variant, Variants
from latentpng.record import Lineage


class SearchFacts:
    """The readable half of `engine.search.running.Search`.

    Attributes:
        session: The session; a new value after every answer.
    """

    session: Session
    _grid: Grid
    _work: GridWork
    _choosing: Choosing
    _model: ModelInUse
    _variants: Variants
    _pictures: SearchPictures
    _observer: Observer
    _ahead: WorkAhead
    _drafts: Drafts

    @property
    def plan(self) -> Plan:
        """The grid on offer."""
        return self._grid.plan

    @property
    def progress(self) -> Progress:
        """How far the grid is; once the parent is rendered, how far the choice of its candidates is."""
        is_choice = self._choosing.is_running and not self._work.progress.running
        return self._choosing.progress if is_choice else self._work.progress

    @property
    def pool(self) -> int:
        """The number of candidates that those on offer are being chosen from; 0 once they are."""
        return self._choosing.progress.total

    @property
    def failure(self) -> str:
        """Why the grid cannot be rendered, as a sentence; "" while it can."""
        return self._work.failure

    @property
    def is_loading(self) -> bool:
        """True while the model of the grid is not loaded, after an edit, an undo or a jump."""
        return self._model.is_loading

    @property
    def variant(self) -> Variant:
        """What renders the grid on offer."""
        return self._variants.of(self.session)

    @property
    def settings(self) -> RenderSettings:
        """The settings of the grid on offer."""
        return self.variant.settings

    @property
    def law(self) -> ScaleLaw:
        """How the difference from the parent grows with the scale, as far as this search has learned it."""
        return self._observer.law(self.variant.load.load_key, self.session)

    @property
    def size(self) -> int:
        """The number of pictures in the grid: the parent and its candidates."""
        return len(self._grid.keys)

    def finished(self, index: int) -> Finished | None:
        """Return a picture of the grid; None until it is rendered or read, and where the grid has no candidates."""
        return self._pictures.get(self._grid.keys[index]) if index < self.size else None

    @property
    def are_drafts(self) -> bool:
        """Whether candidates are rendered as drafts until they are picked, where that saves steps."""
        return self._drafts.are_on

    @property
    def can_draft(self) -> bool:
        """Whether the settings of the grid on offer have steps enough for drafts to save some."""
        return draft_settings(self.settings) is not None

    def draft(self, index: int) -> Picture | None:
        """Return the finished draft of a picture that is not rendered in full; None where there is none."""
        is_missing = index < self.size and self.finished(index) is None
        return self._drafts.get(self._grid.keys[index]) if is_missing else None

    def picture_or_draft(self, index: int) -> Picture | None:
        """Return a picture of the grid, its draft until it is finished, and None before that."""
        finished = self.finished(index)
        return self.draft(index) if finished is None else finished.picture

    def is_ready(self, index: int) -> bool:
        """Return whether the grid that picking a picture leads to is in memory; for the parent: none better."""
        return self._ahead.is_ready(self.session, index, self.settings.num_inference_steps)

    def preview(self, index: int) -> Picture | None:
        """Return the newest preview of a picture that is not rendered yet, None when there is none."""
        return self._work.previews.get(index)

    def stand_in(self, index: int) -> Picture | None:
        """Return what is shown in place of previews until a picture is rendered, None when there is nothing."""
        return self._work.stand_ins.get(index)

    def lineage(self, index: int) -> Lineage:
        """Return the lineage of a picture of the grid."""
        return self._grid.lineage(index)

    def is_starred(self, index: int) -> bool:
        """Return whether a picture of the grid is starred."""
        node = self.node_of(index)
        return node != NO_NODE and self.session.tree.nodes[node].is_starred

    def node_of(self, index: int) -> int:
        """Return the index of the node of a picture of the grid; NO_NODE when it was neither picked nor starred."""
        return self.session.tree.find(self._grid.keys[index])

    def picture(self, node: int) -> Picture | None:
        """Return the picture of a node of the tree where it is in memory; None where it is in a file, or nowhere."""
        finished = self._pictures.get(self.session.tree.nodes[node].key)
        return None if finished is None else finished.picture

    def file(self, node: int) -> Path | None:
        """Return the file of a node of the tree; None where it is not saved."""
        return self._pictures.file(self.session.tree.nodes[node].key)

    @property
    def unsaved(self) -> str:
        """What could not be saved, as a sentence; "" for nothing."""
        return self._pictures.unsaved

    @property
    def saving(self) -> Future[None]:
        """A future that is done once everything that was answered until now is on the disk, or cannot be written."""
        return self._pictures.saving

    @property
    def folder(self) -> Path:
        """The folder of the session; it may not exist yet."""
        return self._pictures.folder

    def variant_of(self, node: int) -> Variant | None:
        """Return what renders the picture of a node of the tree; None where that is not known."""
        return self._variants.of_node(self.session.tree, node)

    def can_render(self, node: int) -> bool:
        """Return whether the picture of a node is nowhere yet, and can be rendered with the model that is loaded."""
        return self._settings_here(node) is not None

    def _settings_here(self, node: int) -> RenderSettings | None:
        """Return the settings of a node that has no picture yet; None if it has one, or needs a different load."""
        variant = self.variant_of(node)
        is_known = self.picture(node) is not None or self.file(node) is not None
        if is_known or variant is None or variant.problem or variant.load.load_key != self.variant.load.load_key:
            return None
        return variant.settings
