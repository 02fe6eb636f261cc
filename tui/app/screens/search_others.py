"""The keys of a search that open a different screen: the viewer, the history, information, an export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InvalidRequestError
from engine.rendering.events import Event
from engine.search.answers import Jumped
from engine.search.history import NO_NODE
from engine.search.running import PARENT
from latentpng.errors import InvalidValueError
from tui.app.messages import CopyRequested, FilmRequested, NodeChosen, SourceChosen
from tui.app.screens.search_drafts import NO_COMMAND, SearchDrafts
from tui.app.slides import Slide, Viewed
from tui.app.sources import PictureSource
from tui.app.widgets.history_strip import HistoryStrip

if TYPE_CHECKING:
    from tui.app.screens.history import HistoryScreen
    from tui.app.screens.viewer import ViewerScreen

NOT_SAVED = "this picture is not saved yet; pick it or star it with * first, then Y copies its path"
STILL_RENDERING = "this picture is still rendering; {then} when it is finished"
NOT_BEGUN = "the model is still loading; the keys work as soon as it is ready"


class SearchOthers(SearchDrafts):
    """A search, and the screens that its keys open.

    Attributes:
        viewer: The screen that shows one of the pictures in full size, if it is open.
        history: The screen of the history, if it is open.
    """

    viewer: ViewerScreen | None = None
    history: HistoryScreen | None = None

    def action_view(self) -> None:
        from tui.app.screens.viewer import ViewerScreen

        async def leave(viewed: Viewed | None) -> None:
            self.viewer = None
            if viewed is not None:
                self.grid.select(viewed.index)
                if viewed.is_picked:
                    await self.choose(viewed.index)

        self.viewer = ViewerScreen(self._slides(), self.grid.selected_index, self.difference_of, self.looks_at)
        self.app.push_screen(self.viewer, leave)

    def looks_at(self, index: int) -> None:
        """Take note that the viewer shows a picture now; what renders ahead wants to know."""
        raise NotImplementedError

    def action_history(self) -> None:
        search = self.search
        if search is None:
            self.notice = NOT_BEGUN
            return
        from tui.app.screens.history import HistoryScreen

        async def leave(chosen: int | Path | None) -> None:
            self.history = None
            search.render_thumbnails((), by_hand=True)
            if isinstance(chosen, Path):
                self.post_message(SourceChosen(PictureSource(path=chosen)))
            elif chosen is not None:
                await self.jump(chosen)

        self.history = HistoryScreen(search)
        self.app.push_screen(self.history, leave)

    def action_info(self) -> None:
        if self.search is None:
            self.notice = NOT_BEGUN
            return
        from tui.app.info import info_of
        from tui.app.screens.info import InfoScreen

        self.app.push_screen(InfoScreen(info_of(self.search, self.grid.selected_index)))

    def action_export(self) -> None:
        if self.search is None:
            self.notice = NOT_BEGUN
        else:
            self.post_message(FilmRequested())

    def action_save(self) -> None:
        index = self.grid.selected_index
        finished = self.finished(index)
        if finished is None and self.is_draft(index):
            self.finish_and_save(index)
        elif finished is None:
            self.notice = STILL_RENDERING.format(then="save it")
        else:
            self.post_message(CopyRequested(finished))

    def action_save_again(self) -> None:
        if self.search is None or not self.search.unsaved:
            self.notice = "everything that was picked is saved"
        else:
            self.notice = "trying again to save"
            self.search.save_again()

    async def action_star(self) -> None:
        index = self.grid.selected_index
        if self.search is None:
            self.notice = NOT_BEGUN
        elif self.rendered(index) is None:
            self.notice = STILL_RENDERING.format(then="star it")
        else:
            try:
                is_starred = self.search.star(index)
            except (InvalidRequestError, InvalidValueError) as error:
                self.notice = str(error)
                return
            is_saved = await self.until_saved()
            if not self.has_widgets:  # the app ended meanwhile
                return
            name = "the parent" if index == PARENT else f"candidate {self.key_of(index)}"
            kept = f"{name} is kept, with a star"
            later = "; it is a draft, and is saved when it is finished in full" if self.is_draft(index) else ""
            self.notice = f"{kept}{later}" if is_starred else f"{name} has no star any more"
            if not is_saved:
                self.say_still_saving()
            self.query_one(HistoryStrip).show(self.search)
            self._write_captions()

    def action_copy_command(self) -> None:
        finished = self.finished(self.grid.selected_index)
        if finished is None:
            is_draft = self.is_draft(self.grid.selected_index)
            self.notice = NO_COMMAND if is_draft else STILL_RENDERING.format(then="copy its command line")
            return
        from tui.app.command_line import command_of

        line = command_of(finished.record, self._file(self.grid.selected_index))
        if line.startswith("#"):
            self.notice = line.removeprefix("# ")
        else:
            self.app.copy_to_clipboard(line)
            self.notice = "copied the command line that renders this picture again"

    def action_copy_path(self) -> None:
        file = self._file(self.grid.selected_index)
        if file is None:
            self.notice = NOT_SAVED
        else:
            from tui.app.command_line import path_of

            self.app.copy_to_clipboard(path_of(file))
            self.notice = f"copied the path {file.absolute()}"

    async def on_node_chosen(self, message: NodeChosen) -> None:
        message.stop()
        await self.jump(message.node)

    async def jump(self, node: int) -> None:
        """Go on from a picture of the history."""
        if self.search is not None and node != self.search.session.place.node:
            await self.tell(Jumped(node=node), "went to a different picture of the history; u goes back")
        else:
            self.notice = "this picture is the parent already"

    def take(self, event: Event) -> None:
        super().take(event)
        self._update_viewer()
        if self.history is not None and self.history.is_mounted:
            self.history.take_news()

    async def show_round(self) -> None:
        await super().show_round()
        self._update_viewer()

    async def choose(self, index: int) -> None:
        """Pick a picture; the keys of the search know how."""
        raise NotImplementedError

    def _update_viewer(self) -> None:
        if self.viewer is not None and self._is_laid_out:
            self.viewer.slides = self._slides()

    def _slides(self) -> tuple[Slide, ...]:
        """Return the pictures for the viewer: those of the grid in reading order, and the parent where it is beside."""
        indices = dict.fromkeys((*self.grid.order, PARENT))
        return tuple(self._slide(index) for index in indices)

    def _slide(self, index: int) -> Slide:
        name = "the parent" if index == PARENT else f"candidate {self.key_of(index)}"
        name = f"{name} (draft)" if self.is_draft(index) else name
        return Slide(index=index, key=self.key_of(index), name=name, picture=self.rendered(index))

    def _file(self, index: int) -> Path | None:
        """Return the file of a picture of the grid; None where it is not saved."""
        if self.search is None:
            return self.beginning.path if index == PARENT else None
        node = self.search.node_of(index)
        return None if node == NO_NODE else self.search.file(node)
