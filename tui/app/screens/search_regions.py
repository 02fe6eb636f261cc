"""Picking by region: one region after the other is lit, and a key says which candidate is best there."""

from __future__ import annotations

from dataclasses import replace

from textual.reactive import var

from engine.rendering.events import Event, Picture
from engine.search.answers import Answer, PickedAlone, PickedByRegion
from engine.search.regions import Split, intersection
from engine.search.running import PARENT, Beginning
from engine.search.session import Plan, is_combined
from tui.app import region_phrases as phrases
from tui.app.comparison import Comparison
from tui.app.key_hints import Situation
from tui.app.phrases import Caption
from tui.app.region_pick import RegionPick, begun, following, obstacle, undivided
from tui.app.region_shades import Shades
from tui.app.screens.search_compare import SearchCompare

PATCHED = ("the answers so far", "so far")
"""What stands under the parent while it shows the answers."""
_ONLY_ASKING = ("second", "back", "whole")
"""Actions that mean something only while regions are asked about."""
_ASKING = (Situation.ASKING, Situation.POINTED, Situation.ASKED)


class SearchRegions(SearchCompare):
    """A search in which each region may be answered by a different candidate.

    While it asks, every candidate shows the lit region bright, and the parent shows what was answered so far.

    Attributes:
        pick: What is asked and answered; its split stays for the next grids, its answers do not.
    """

    pick: var[RegionPick] = var(RegionPick())

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        super().__init__(beginning, side=side)
        self._shades = Shades()
        self._has_told_alone = False
        self._outcome = ""

    @property
    def situation(self) -> Situation:
        situation = super().situation
        if not self.pick.is_asking or situation not in (Situation.READY, Situation.RENDERING):
            return situation
        if self.pick.is_complete:
            return Situation.ASKED
        return Situation.ASKING if self.grid.selected_index == PARENT else Situation.POINTED

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the regions out while pictures are picked as a whole."""
        if action in _ONLY_ASKING and not self.pick.is_asking:
            return action == "whole" and self.pick.split is not Split.WHOLE
        return super().check_action(action, parameters)

    def action_split(self) -> None:
        """Divide the picture more finely, or no longer."""
        if self.search is None:
            return
        session, settings, before = self.search.session, self.settings, self.pick
        if reason := obstacle(session):
            self.notice = reason
            return
        after = following(before, session, width=settings.width, height=settings.height)
        if after.split is before.split:
            self.notice = undivided(session)
        else:
            self.notice = phrases.dropped_words(before, after, len(self.marks))
            self.marks, self.pick = (), after

    def action_whole(self) -> None:
        """Leave what is being added, else the regions."""
        if self.pick.is_adding:
            self.notice, self.pick = "", self.pick.back()
        else:
            self.notice = phrases.dropped_words(self.pick, RegionPick())
            self.pick = RegionPick()

    def action_second(self) -> None:
        """Let the next key add a candidate to the region that was answered last."""
        self.notice = self._problem_of_adding()
        if not self.notice:
            self.pick = self.pick.adding()

    def action_back(self) -> None:
        """Take back what is being added, else the last answer."""
        if not self.pick.answers:
            self.notice = phrases.NOTHING_TO_TAKE_BACK
        else:
            self._answer(self.pick.back())

    async def action_alone(self) -> None:
        """Take the best single candidate instead of a parent that is made of several."""
        if self.search is not None and not is_combined(self.search.session):
            self.notice = phrases.SINGLE
        else:
            await self.tell(PickedAlone(), phrases.ALONE_NOW)

    def keep_parent(self) -> None:
        """Answer that the parent stays in the lit region."""
        if self.pick.is_adding:
            self.notice = phrases.NOT_THE_PARENT
        elif self.pick.is_complete:
            self.notice = phrases.ALL_ANSWERED
        else:
            self._answer(self.pick.kept())

    def answer_region(self, index: int) -> None:
        """Answer with a picture of the grid; with the parent it stays in the lit region."""
        position = index - 1
        if index == PARENT:
            self.keep_parent()
        elif self.pick.is_complete:
            self.notice = phrases.ALL_ANSWERED
        elif not self.pick.is_adding:
            self._answer(self.pick.answered(position))
        elif position in self.pick.answers[-1]:
            self.notice = phrases.CHOSEN_ALREADY.format(key=self.key_of(index))
        else:
            self._answer(self.pick.also(position))

    async def close_regions(self) -> None:
        """Answer with the candidate under the cursor; with the cursor on the parent, pick what was answered."""
        if not self.pick.is_complete and self.grid.selected_index != PARENT:
            self.answer_region(self.grid.selected_index)
            return
        answer = self.pick.answer()
        if answer is None or self.search is None:
            self.notice = phrases.NOTHING_ANSWERED
            return
        before = self.search.session
        await self.tell(answer, stand_in=self._patchwork())
        if isinstance(answer, PickedByRegion) and self.search.session is not before:
            words = phrases.scale_words(before, self.search.session, answer)
            words, self.notice = "; ".join(filter(None, (words, self.notice))), ""
            if self.pick.is_asking:
                self._outcome = words
                self._write_words()
            else:
                self.notice = words

    async def tell(self, answer: Answer, notice: str = "", *, stand_in: Picture | None = None) -> None:
        """Answer the grid; the keys of the search know how."""
        raise NotImplementedError

    def watch_pick(self, before: RegionPick, after: RegionPick) -> None:
        self._outcome = ""
        if not self._is_laid_out:
            return
        shown = self.grid.order if before.lit != after.lit else ()
        with self.app.batch_update():
            for index in {*shown, PARENT}:
                self.show_picture(index)
            self._write_captions()
            self._write_words()

    async def show_round(self) -> None:
        session, split = self.search.session if self.search is not None else None, self.pick.split
        if session is not None:
            pick = begun(split, session, width=self.settings.width, height=self.settings.height)
            self.set_reactive(SearchRegions.pick, pick)
        self._shades.clear()
        self._outcome = ""
        await super().show_round()
        if session is not None and split is not Split.WHOLE and not self.pick.is_asking:
            self.notice = obstacle(session) or undivided(session)
        elif session is not None and not self._has_told_alone and phrases.is_fresh_combination(session):
            self._has_told_alone, self.notice = True, phrases.ALONE

    def take(self, event: Event) -> None:
        super().take(event)
        if self.pick.answers and self._is_laid_out:
            self.show_picture(PARENT)  # the picture that changed may be a part of it

    def picture_in(self, index: int) -> tuple[Picture, bool] | None:
        found = super().picture_in(index)
        is_stage = self.comparison.is_active and index == self.compared.stage
        is_compared = is_stage and (self.comparison.is_difference or index == PARENT)
        if found is None or not self.pick.is_asking or is_compared:
            return found
        if index == PARENT:
            patched = self._patchwork()
            return found if patched is None else (patched, False)
        confined = self.search.session.region if self.search is not None else ""
        asked = self.pick.lit and intersection(confined, self.pick.lit)
        return self._shades.lit(found[0], asked, *self._pixels(index)), found[1]

    def caption(self, index: int) -> Caption:
        own = super().caption(index)
        if index != PARENT:
            return replace(own, regions=phrases.place_forms(self.pick.regions_with(index - 1)))
        return own if own.shows or self._patchwork() is None else replace(own, name="", shows=PATCHED)

    def status(self) -> str:
        if self.search is None or self.notice or self.comparison.is_active or self.situation not in _ASKING:
            return super().status()
        room = self.app.size.width - 1
        words = phrases.asking_words(self.pick, self._name_at, room)
        if self._outcome:
            return f"{words} ({self._outcome})"  # the question stands first, on a narrow line too
        progress = self.progress_words()
        both = f"{words}; {progress}"
        return both if progress and len(both) < room else words

    def show_chosen(self, before: Plan) -> None:
        """Let the answers follow their candidates, which stand elsewhere in the grid now, or are gone."""
        if self.search is not None:
            now, asked = self.search.plan.candidates, self.pick
            self._shades.clear()
            self.pick = asked.moved({at: now.index(each) for at, each in enumerate(before.candidates) if each in now})
            if len(self.pick.answers) < len(asked.answers):
                self.notice = phrases.GONE
        super().show_chosen(before)

    def _answer(self, pick: RegionPick) -> None:
        self.notice, self.comparison, self.pick = "", Comparison(), pick
        self.grid.select(PARENT)

    def _problem_of_adding(self) -> str:
        """Return why no candidate can be added to the last answer; "" when one can."""
        pick = self.pick
        if not pick.answers:
            return phrases.NO_ANSWER_TO_ADD_TO
        if not pick.answers[-1]:
            return phrases.PARENT_STAYS_THERE
        return "" if pick.is_adding or not pick.is_full else phrases.ENOUGH_HERE

    def _name_at(self, position: int) -> str:
        return self.key_of(position + 1) or str(position + 1)

    def _patchwork(self) -> Picture | None:
        """Return the parent with what was answered, from the pictures that are on the screen; None for nothing yet."""
        parent = self.own_picture(PARENT)
        if parent is None or self.search is None or not self.pick.chosen():
            return None
        confined, parts = self.search.session.region, []
        for region, positions in self.pick.chosen():
            found = [self.own_picture(position + 1) for position in positions]
            pictures = tuple(each[0] for each in found if each is not None)
            if pictures:
                parts.append((intersection(confined, region), pictures))
        return self._shades.patchwork(parent[0], tuple(parts), *self._pixels(PARENT)) if parts else None

    def _pixels(self, index: int) -> tuple[int, int]:
        """Return the pixels of the box of a picture: width and height."""
        box = self.box_of(index)
        return box.width, box.height
