"""The members of a pool: which of them have the loaded model, which load it, and which take no part, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from engine.rendering.events import LOADING, Event, Failure, JobFailed, LoadingProgressed, ModelReady, RendererNoticed
from engine.rendering.renderer import Renderer
from engine.rendering.requests import LoadModel
from engine.worker.pool.differences import difference_of

_NO_MEMBER = "no worker is left to render with"


@dataclass(kw_only=True, slots=True)
class Member:
    """A renderer, and how far it is with the loaded model.

    Attributes:
        name: Its name in messages.
        renderer: It itself.
        device: The device of its loads.
        awaited: The loads that it has not answered, the oldest first.
        ready: Its answer to the load in use; None while it does not have that model.
        fault: Why it takes no part; None while it may.
        is_late: Whether it joined while the others could already work.
        told: The sentence that the person was told about its last crash; "" for none.
    """

    name: str
    renderer: Renderer
    device: str
    awaited: list[LoadModel] = field(default_factory=list)
    ready: ModelReady | None = None
    fault: JobFailed | None = None
    is_late: bool = False
    told: str = ""

    @property
    def takes_part(self) -> bool:
        """True when it can be given work."""
        return self.ready is not None

    @property
    def is_loading(self) -> bool:
        """True while it has not answered a load."""
        return bool(self.awaited)

    @property
    def is_asleep(self) -> bool:
        """True when it has no model but might load it: it crashed, or has just joined."""
        return self.ready is None and self.fault is None and not self.awaited


class Members:
    """The members of a pool, and the load in use."""

    def __init__(self, emit: Callable[[Event], None], *, is_strict: bool) -> None:
        """Begin without members.

        Args:
            emit: Takes the events for the caller.
            is_strict: Refuse members that differ from the first one.
        """
        self._emit, self._is_strict = emit, is_strict
        self._members: dict[str, Member] = {}
        self._in_use: LoadModel | None = None
        self._loaded: LoadModel | None = None
        self._first: tuple[str, ModelReady] | None = None
        self._is_answered = True
        self._stages: set[str] = set()
        self._farewell: str | None = None

    @property
    def is_answered(self) -> bool:
        """True when the caller was told what became of the load in use, or when there is none."""
        return self._is_answered

    @property
    def has_load(self) -> bool:
        """True once a load has begun."""
        return self._in_use is not None

    @property
    def have_failed(self) -> bool:
        """True when there are members, and none of them could load the model."""
        return self._is_answered and bool(self._members) and not self.able

    @property
    def micro_batch(self) -> int:
        """The maximum batch size that the load in use asks for; 0 for none."""
        return self._in_use.micro_batch if self._in_use else 0

    @property
    def taking_part(self) -> tuple[Member, ...]:
        """The members that can be given work, in the order in which they joined."""
        return tuple(member for member in self._members.values() if member.takes_part)

    @property
    def able(self) -> tuple[Member, ...]:
        """The members that can be given work, or might be later."""
        return tuple(member for member in self._members.values() if member.fault is None)

    def get(self, name: str) -> Member | None:
        """Return a member; None if it is not there."""
        return self._members.get(name)

    def join(self, member: Member) -> None:
        """Add a member; it loads the model in use."""
        self._members[member.name] = member
        member.is_late = self._first is not None
        self._load(member)

    def leave(self, name: str, sentence: str) -> Member | None:
        """Take a member out, and tell the person why; return it, or None if it is not there."""
        member = self._members.pop(name, None)
        if member is not None:
            self._farewell = sentence
            if sentence:
                self._emit(RendererNoticed(sentence=f"{name}: {sentence}"))
        return member

    def begin(self, request: LoadModel) -> None:
        """Load a model in every member."""
        self._in_use, self._first, self._is_answered, self._stages = request, None, False, set()
        for member in self._members.values():
            member.ready = member.fault = None
            member.is_late = False
            self._load(member)

    def retry(self) -> None:
        """When no member could load the model, try again: with the last model that was loaded, if there is one."""
        if request := self._loaded or self._in_use:
            self.begin(request)

    def wake(self) -> None:
        """Let members load the model in use again that crashed."""
        for member in self._members.values():
            if member.is_asleep:
                self._load(member)

    def progressed(self, event: LoadingProgressed) -> None:
        """Pass on a stage of loading, once for all members, until one of them is ready."""
        if not self._is_answered and event.stage not in self._stages:
            self._stages.add(event.stage)
            self._emit(event)

    def answered(self, member: Member, ready: ModelReady) -> None:
        """Note that a member has loaded a model."""
        if ready.request not in member.awaited:
            return  # it loaded by itself again
        del member.awaited[: member.awaited.index(ready.request) + 1]
        if member.awaited or self._in_use is None:
            return
        if self._first is not None and self._differs(member, *self._first, ready):
            return
        member.ready = ready
        if self._first is None:
            self._first = member.name, ready
            self._report(self._in_use, ready)
        elif member.is_late:
            self._emit(RendererNoticed(sentence=f"{member.name} renders too from now on"))
        member.is_late = False

    def refused(self, member: Member, failed: JobFailed) -> bool:
        """Note that a member could not load a model; return whether it takes no part any more."""
        del member.awaited[:1]
        if member.awaited:
            return False
        member.ready, member.fault, member.told = None, failed, failed.sentence
        if self._first is not None:
            self._notice(member)
        return True

    def crashed(self, member: Member, sentence: str) -> None:
        """Note that a member crashed while it worked, and tell the person; whether its worker died is not known yet."""
        member.ready, member.told = None, sentence
        self._emit(RendererNoticed(sentence=f"{member.name}: {sentence}"))

    def died(self, member: Member, sentence: str, *, is_idle: bool) -> None:
        """Note that the worker of a member has ended.

        Args:
            member: The member.
            sentence: How it ended; the person is told, if `crashed` has not done so.
            is_idle: Whether the member works on nothing.  Else it has begun anew by itself.
        """
        if sentence != member.told:
            self._emit(RendererNoticed(sentence=f"{member.name}: {sentence}"))
        member.told = ""
        if is_idle:
            member.ready = None

    def verdict(self) -> JobFailed | None:
        """Return why nothing can be rendered; None while a member can be given work, or might be later.

        The caller is told, if it still waits for the load in use.
        """
        if self.able or (not self._members and self._farewell is None):
            return None
        failed = self._common_fault()
        if not self._is_answered:
            self._is_answered = True
            self._emit(failed)
        return failed

    def give_up_load(self) -> None:
        """Stop the load in all members that have not answered it."""
        for member in self._members.values():
            if member.is_loading:
                member.renderer.cancel(LOADING)

    def _load(self, member: Member) -> None:
        if self._in_use is not None:
            device = self._in_use.device if member.device == "auto" else member.device
            request = replace(self._in_use, device=device)
            member.awaited.append(request)
            member.renderer.load(request)

    def _report(self, request: LoadModel, ready: ModelReady) -> None:
        """Tell the caller that the model is loaded, then which members could not load it until now."""
        expected = (ready.device if member.device == "auto" else member.device for member in self.able)
        self._is_answered, self._loaded = True, request
        self._emit(replace(ready, request=request, device=", ".join(expected)))
        for member in self._members.values():
            if member.fault is not None:
                self._notice(member)

    def _notice(self, member: Member) -> None:
        if member.fault is not None:
            self._emit(RendererNoticed(sentence=f"{member.name} does not take part: {member.fault.sentence}"))

    def _differs(self, member: Member, first: str, expected: ModelReady, ready: ModelReady) -> bool:
        """Tell the person how a member differs from the first one; return whether it takes no part for that."""
        difference = difference_of(member.name, ready, first, expected)
        if not difference:
            return False
        if not self._is_strict:
            self._emit(RendererNoticed(sentence=f"{difference}, so its pictures may differ in a few bits"))
            return False
        member.fault = JobFailed(job=LOADING, failure=Failure.MODEL, sentence=f"{difference}, and --strict was given")
        self._notice(member)
        return True

    def _common_fault(self) -> JobFailed:
        """Return why no member takes part: one sentence for all that say the same, else each with its name."""
        faults = [(member.name, member.fault) for member in self._members.values() if member.fault is not None]
        if not faults:
            reason = f": {self._farewell}" if self._farewell else ""
            return JobFailed(job=LOADING, failure=Failure.CRASH, sentence=f"{_NO_MEMBER}{reason}")
        (_, first), *_ = faults
        if len({fault.sentence for _, fault in faults}) == 1:
            return first
        sentence = "; ".join(f"{name}: {fault.sentence}" for name, fault in faults)
        return replace(first, sentence=sentence)
