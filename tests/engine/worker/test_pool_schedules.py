"""Any order of joins, deaths, departures, loads and cancels: every picture arrives once, in the slot it was given."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.rendering.events import LOADING, JobCancelled, JobDone, JobFailed, ModelReady, PictureRendered
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.record import Lineage, SeedRoot
from tests.support.engine.pools import HandMember, HandPool
from tests.support.engine.workers import LOAD

NUMBERS = st.integers(0, 99)


class Schedules(RuleBasedStateMachine):
    """A pool whose members, and whose caller, do anything that the protocol allows."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = HandPool()
        self.members: dict[str, HandMember] = {}
        self.everyone: list[HandMember] = []
        self.jobs: dict[int, RenderJob] = {}
        self.loads = 0
        for _ in range(2):
            self.join(batch=2)
        self.load()
        self.answer(0)
        self.render(7, recorded=2, priority=0, round_id=1)

    @rule()
    def load(self) -> None:
        """Ask for another model; jobs carry its number in their prompt."""
        self.loads += 1
        self.pool.load(replace(LOAD, settings=replace(LOAD.settings, prompt=str(self.loads))))
        self.pool.settle()

    @rule(count=st.integers(0, 7), recorded=st.integers(0, 3), priority=st.integers(-1, 1), round_id=st.integers(0, 2))
    def render(self, count: int, recorded: int, priority: int, round_id: int) -> None:
        """Ask for a job, some of whose pictures have a recorded slot."""
        number = len(self.jobs) + 1
        tasks = tuple(
            PictureTask(
                index=index, lineage=Lineage(root=SeedRoot(seed=index)), slot=(4, 3) if index < recorded else (0, 0)
            )
            for index in range(count)
        )
        settings = replace(LOAD.settings, prompt=str(self.loads), step_seed=number)
        self.jobs[number] = RenderJob(job=number, tasks=tasks, settings=settings, priority=priority, round_id=round_id)
        self.pool.render(self.jobs[number])
        self.pool.settle()

    @precondition(lambda self: len(self.members) < 4)
    @rule(batch=st.integers(0, 4))
    def join(self, batch: int) -> None:
        """Let a member join."""
        member = HandMember(batch=batch)
        self.everyone.append(member)
        self.members[f"member {len(self.everyone)}"] = member
        self.pool.join(f"member {len(self.everyone)}", member)

    @precondition(lambda self: len(self.members) > 1)
    @rule(which=NUMBERS)
    def leave(self, which: int) -> None:
        """Let a member leave, while another one stays."""
        name = sorted(self.members)[which % len(self.members)]
        del self.members[name]
        self.pool.remove(name, "it left")
        self.pool.settle()

    @rule(which=NUMBERS)
    def answer(self, which: int) -> None:
        """Let a member load what it is asked for."""
        if loading := [member for member in self.members.values() if member.loads]:
            loading[which % len(loading)].ready()
            self.pool.settle()

    @rule(which=NUMBERS)
    def refuse(self, which: int) -> None:
        """Let a member fail to load."""
        if loading := [member for member in self.members.values() if member.loads]:
            loading[which % len(loading)].refuse("it cannot be loaded")
            self.pool.settle()

    @rule(which=NUMBERS)
    def picture(self, which: int) -> None:
        """Let a member finish a picture."""
        if working := self.working:
            working[which % len(working)].picture()
            self.pool.settle()

    @rule(which=NUMBERS)
    def end(self, which: int) -> None:
        """Let a member end what it works on."""
        if working := self.working:
            working[which % len(working)].end()
            self.pool.settle()

    @rule(which=NUMBERS)
    def die(self, which: int) -> None:
        """Let a member die, whatever it is doing."""
        if members := list(self.members.values()):
            members[which % len(members)].die()
            self.pool.settle()

    @rule(which=NUMBERS)
    def cancel(self, which: int) -> None:
        """Cancel a job, over or not."""
        self.pool.cancel(which % (len(self.jobs) + 1))
        self.pool.settle()

    @rule(round_id=st.integers(0, 2))
    def cancel_round(self, round_id: int) -> None:
        """Cancel a round."""
        self.pool.cancel_round(round_id)
        self.pool.settle()

    @property
    def working(self) -> list[HandMember]:
        """The members that work on something."""
        return [member for member in self.members.values() if member.job]

    @invariant()
    def every_picture_arrives_once_and_nothing_follows_the_end(self) -> None:
        """The law of the pool, over all events until now."""
        ended: dict[int, object] = {}
        seen: dict[int, list[int]] = {}
        for event in self.pool.events:
            if isinstance(event, JobDone | JobCancelled | JobFailed) and event.job != LOADING:
                assert event.job not in ended, "a job ends once"
                ended[event.job] = event
            elif isinstance(event, PictureRendered):
                assert event.job not in ended, "nothing follows the end"
                seen.setdefault(event.job, []).append(event.index)
        for number, job in self.jobs.items():
            counts = Counter(seen.get(number, []))
            assert not counts or max(counts.values()) == 1
            if isinstance(ended.get(number), JobDone):
                assert set(counts) == {task.index for task in job.tasks}

    @invariant()
    def slots_do_not_depend_on_the_member(self) -> None:
        """All deals of a picture have one slot; the recorded one, if there is one."""
        slots: dict[tuple[int, int], set[tuple[int, int]]] = {}
        for deal in (deal for member in self.everyone for deal in member.dealt):
            assert len({task.slot for task in deal.tasks}) == len(deal.tasks), "they fit into one batch"
            assert len({task.slot[0] for task in deal.tasks}) == 1
            for task in deal.tasks:
                slots.setdefault((deal.settings.step_seed, task.index), set()).add(task.slot)
        for (number, index), given in slots.items():
            assert len(given) == 1
            asked = self.jobs[number].tasks[index].slot
            assert asked in ((0, 0), *given)

    @invariant()
    def no_member_works_with_the_model_of_another_load(self) -> None:
        """A load is a barrier, unless it failed: then jobs go on with the model before it."""
        if any(isinstance(event, JobFailed) and event.job == LOADING for event in self.pool.events):
            return
        for member in self.working:
            assert isinstance(member.job, RenderJob)
            assert member.model is not None
            assert member.model.settings.prompt == member.job.settings.prompt

    def teardown(self) -> None:
        """In the end, when a healthy member is there, every job ends and every load is answered."""
        for _ in range(2000):
            self.pool.settle()
            busy = [member for member in self.members.values() if member.loads or member.job]
            if not busy:
                break
            for member in busy:
                member.ready() if member.loads else member.end()
        ends = [event for event in self.pool.events if isinstance(event, JobDone | JobCancelled | JobFailed)]
        assert {event.job for event in ends if event.job != LOADING} == set(self.jobs)
        failed = sum(event.job == LOADING for event in ends)
        assert failed + sum(isinstance(event, ModelReady) for event in self.pool.events) >= self.loads
        self.every_picture_arrives_once_and_nothing_follows_the_end()
        self.pool.close()
        assert all(member.is_closed for member in self.everyone)


Schedules.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestSchedules = Schedules.TestCase
