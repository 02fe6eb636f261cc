"""A Renderer that is the worker that stays, seen from a program; where there is none that fits, a worker of its own.

It decides with the first request, and again after the worker has ended.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TypeAlias

from engine.errors import EngineError, KeptWorkerError, WireError
from engine.kept.link import Link, Request
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    RendererNoticed,
    TurnChanged,
    WorkerDied,
)
from engine.rendering.renderer import Renderer, hand_over
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel
from engine.worker.requesting import RequestingRenderer

Opened: TypeAlias = Callable[[socket.socket], None]

LOST = "the worker that stays has ended; the next picture is rendered by a new one"

_NONE = "no worker that stays is running any more"


class AttachedRenderer(RequestingRenderer):
    """A Renderer over the socket of a worker that stays.

    One thread sends, so that no method waits; another one receives.
    """

    def __init__(self, attach: Callable[[Opened], Link | None], make_own: Callable[[], Renderer]) -> None:
        """Start nothing yet.

        Args:
            attach: Returns a connection to a worker that stays and fits; None where none is running or wanted.  Raises
                KeptWorkerError where there is one that cannot be used, with the reason for the person.  It is given a
                function that takes each connection that it waits for, so that `close` ends the wait.
            make_own: Returns a renderer that is not started, for when there is none.
        """
        super().__init__("kept worker outbox")
        self._attach, self._make_own = attach, make_own
        self._readers: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._own: Renderer | None = None
        self._requested: LoadModel | None = None
        self._loaded: LoadModel | None = None
        self._open: list[int] = []
        self._closing = self._has_lost_one = self._is_avoiding = False
        self._connection: socket.socket | None = None
        self._place = 0

    def close(self) -> None:
        """Leave the worker, which goes on without this program; end a worker of its own.  Join all threads."""
        with self._lock:
            self._closing = True
            if self._link is not None:
                self._link.end()
            if self._connection is not None:
                _shut_down(self._connection)
        self._end_requests()
        for reader in self._readers:
            reader.join()
        if self._own is not None:
            self._own.close()

    def _hand_on(self, request: Request) -> None:
        if not self._closing:
            self._send(request)

    def _send(self, request: Request) -> None:
        if isinstance(request, CancelJob | CancelRound):
            self._pass_on(request)
            return
        known = self._loaded or self._requested
        if isinstance(request, LoadModel):
            self._requested = known = request
        while not self._closing:
            if self._own is None and self._link is None:
                try:
                    self._find()
                except EngineError as error:  # neither: a Ray cluster that cannot be used, for example
                    self._on_event(JobFailed(job=_number(request), failure=Failure.MODEL, sentence=str(error)))
                    return
                if known is not None and known is not request:
                    self._pass_on(known)
            if self._pass_on(request):
                return

    def _find(self) -> None:
        """Attach to a worker that stays, else make one of its own, and say so.

        Raises:
            EngineError: There is neither.
        """
        link, reason = (None, "") if self._is_avoiding else self._attached()
        if link is None and not self._closing:
            if reason:
                self._on_event(RendererNoticed(sentence=f"{reason}: this program renders with a worker of its own"))
            own = self._make_own()
            own.start(self._take)
            self._own = own
        if link is None:
            return
        if self._has_lost_one:
            self._on_event(RendererNoticed(sentence="this program renders with a new worker that stays"))
        reader = threading.Thread(target=self._receive_all, args=(link,), name="kept worker events", daemon=True)
        with self._lock:
            self._link = link
            if self._closing:
                link.end()
        self._readers = [*(old for old in self._readers if old.is_alive()), reader]
        reader.start()

    def _attached(self) -> tuple[Link | None, str]:
        """Return a connection to a worker that stays; without one, why this program renders by itself."""
        try:
            link = self._attach(self._opened)
        except KeptWorkerError as error:
            return None, str(error)
        finally:
            with self._lock:
                self._connection = None
        return link, _NONE if link is None and self._has_lost_one else ""

    def _opened(self, connection: socket.socket) -> None:
        """Note the connection whose handshake this program waits for."""
        with self._lock:
            self._connection = connection
            if self._closing:
                _shut_down(connection)

    def _pass_on(self, request: Request) -> bool:
        """Hand a request to the renderer; return False if the worker has ended since it was found."""
        if self._own is not None:
            hand_over(request, self._own)
            return True
        with self._lock:
            link = self._link
            if link is not None and not isinstance(request, CancelJob | CancelRound):
                self._open.append(_number(request))
        if link is None:
            return False
        try:
            link.send(request)  # if it ends in this moment, the reader reports that
        except WireError as error:
            if not isinstance(request, CancelJob | CancelRound):
                self._take(JobFailed(job=_number(request), failure=Failure.SETTINGS, sentence=str(error)))
        return True

    def _receive_all(self, link: Link) -> None:
        while (event := link.receive()) is not None:
            self._take(event)
        link.end()  # it may have sent what is no event: the thread that sends would wait for it for ever
        link.close()
        with self._lock:
            lost, self._open = self._open, []
            self._link, self._has_lost_one = None, True
            self._is_avoiding |= link.is_silent
            closing = self._closing
        if closing:
            return
        sentence = silent_words(link.pid) if link.is_silent else LOST
        for job in lost:
            self._on_event(JobFailed(job=job, failure=Failure.CRASH, sentence=sentence))
        if not lost:  # nothing else would tell a person who waits for nothing
            self._on_event(RendererNoticed(sentence=sentence))
        self._on_event(WorkerDied(sentence=sentence))
        if self._place:  # a worker of its own serves nobody else, so it would never say that the wait is over
            self._place = 0
            self._on_event(TurnChanged(place=0))

    def _take(self, event: Event) -> None:
        """Note which jobs and loads are over, and pass an event on."""
        with self._lock, contextlib.suppress(ValueError):
            match event:
                case ModelReady(request=request):
                    self._loaded = request
                    self._open.remove(LOADING)
                case JobDone(job=job) | JobCancelled(job=job) | JobFailed(job=job):
                    self._open.remove(job)
                case TurnChanged(place=place) if place == self._place:
                    return  # the worker only says that it is there
                case TurnChanged(place=place):
                    self._place = place
                case _:
                    pass
        self._on_event(event)


def silent_words(pid: int) -> str:
    """Return what the person is told about a worker that does not answer any more."""
    advice = f": its process has the ID {pid}, `kill -9 {pid}` ends it" if pid else ""
    return f"the worker that stays does not answer any more{advice}; this program goes on with a worker of its own"


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _number(request: LoadModel | Job) -> int:
    return LOADING if isinstance(request, LoadModel) else request.job
