"""The worker that stays: it accepts programs on a Unix-domain socket and serves them with one renderer.

One thread accepts, each program has one that reads and one that writes, and the thread of `run` decides everything.
No thread but its own ever waits for a program, so that none can hold up the others.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from engine.errors import KeptWorkerError
from engine.kept.dispatcher import Dispatcher
from engine.kept.greeting import Answer, Greeting, Wants
from engine.kept.hello import Hello, difference
from engine.kept.keep_alive import KeepAlive
from engine.kept.lines import receive_object, send_object
from engine.kept.peers import check_peer
from engine.kept.program import Program, log, shut_down
from engine.kept.status import status_of
from engine.rendering.events import Event
from engine.rendering.renderer import Renderer
from engine.worker.messages.codec import Request
from latentpng.record import JsonObject

Message: TypeAlias = Callable[[], None]

TICK_SECONDS = 1.0
ALIVE_SECONDS = 5.0
"""How often every program is told that this process works; one that hears nothing for much longer gives it up."""
GREETING_SECONDS = 10.0
"""How long a program may take to say what it wants."""
MAX_PROGRAMS = 64
_MAX_UNTAKEN = 4
"""Requests of a program that are read before the first of them is taken in: one that sends many holds up no other."""


class KeptServer:
    """Serves programs until it is stopped, or nobody has used it for long enough."""

    def __init__(
        self,
        renderer: Renderer,
        listener: socket.socket,
        hello: Hello,
        keep_alive: KeepAlive,
        *,
        tick: float = TICK_SECONDS,
        is_reachable: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start nothing yet.

        Args:
            renderer: What renders; it is not started yet.
            listener: A socket that listens; `run` closes it.
            hello: What this worker is.
            keep_alive: How long it stays when nobody uses it.
            tick: The seconds between two looks at `keep_alive`.
            is_reachable: Whether programs can still find the socket; without one, it ends with the last program.
        """
        self._renderer, self._listener, self._hello, self._keep_alive = renderer, listener, hello, keep_alive
        self._tick, self._is_reachable = tick, is_reachable
        self._dispatcher = Dispatcher(renderer)
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._waking, self._sleeping = socket.socketpair()  # closing one end wakes the thread that accepts
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._since = time.time()
        self._is_ending = False
        self._lock = threading.Lock()
        self._admitted = 0
        self._numbers = itertools.count(1)

    def run(self) -> None:
        """Serve programs; return when everything is closed."""
        self._renderer.start(self._take_event)
        accepting = threading.Thread(target=self._accept_all, name="accept", daemon=True)
        accepting.start()
        said = time.monotonic()
        while not self._is_ending and (self._connections or self._stays()):
            with contextlib.suppress(queue.Empty):
                self._messages.get(timeout=self._tick)()
            self._keep_alive.count(self._dispatcher.programs)
            if time.monotonic() - said > ALIVE_SECONDS:
                said = time.monotonic()
                self._dispatcher.say_alive()
        self._is_ending = True
        self._waking.close()
        accepting.join()
        self._listener.close()
        self._sleeping.close()
        self._renderer.close()
        for connection in list(self._connections):
            shut_down(connection)
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """End `run` soon; may be called in any thread, and in a handler of signals."""
        self._messages.put(self._stop)

    def _stays(self) -> bool:
        return self._keep_alive.left > 0 and self._is_reachable()

    def _stop(self) -> None:
        self._is_ending = True

    def _take_event(self, event: Event) -> None:
        self._messages.put(partial(self._dispatcher.event, event))

    def _accept_all(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._sleeping, select.POLLIN)
        while poll.poll() and not self._is_ending:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                log(f"no program can connect: {error}")
                time.sleep(self._tick)  # programs that leave give their descriptors back
                continue
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._connections.add(connection)
            thread = threading.Thread(target=self._greet, args=(connection,), name="program", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _greet(self, connection: socket.socket) -> None:
        """Find out what a program wants, and serve it until it leaves."""
        try:
            connection.settimeout(GREETING_SECONDS)
            check_peer(connection)
            greeting = Greeting.from_json(receive_object(connection))
            self._answer(connection, greeting)
        except (OSError, KeptWorkerError) as error:
            log(f"a program was turned away: {error}")
        finally:
            self._connections.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, greeting: Greeting) -> None:
        match greeting.wants:
            case Wants.RENDER:
                self._render_for(connection, greeting)
            case Wants.STATUS:
                send_object(connection, self._status())
            case Wants.STOP:
                send_object(connection, {"pid": os.getpid()})
                self.stop()
                connection.settimeout(None)
                connection.recv(1)  # the program waits for the end of this process

    def _render_for(self, connection: socket.socket, greeting: Greeting) -> None:
        answer = self._admit(greeting)
        try:
            send_object(connection, answer.to_json())
            if not answer.reason:
                connection.settimeout(None)
                self._serve(Program(connection), greeting.keep_alive)
        finally:
            with self._lock:
                self._admitted -= not answer.reason

    def _admit(self, greeting: Greeting) -> Answer:
        """Decide whether a program is served, and count it at once: others may ask in the same moment."""
        reason = difference(greeting.hello, self._hello)
        with self._lock:
            if not reason and self._admitted >= MAX_PROGRAMS:
                reason = f"{MAX_PROGRAMS} programs use it already"
            self._admitted += not reason
        return Answer(reason=reason, pid=os.getpid())

    def _serve(self, program: Program, keep_alive: float) -> None:
        number, room = next(self._numbers), threading.Semaphore(_MAX_UNTAKEN)
        self._messages.put(partial(self._join, number, program, keep_alive))
        with contextlib.closing(program.requests()) as requests:
            for request, size in requests:
                while not room.acquire(timeout=self._tick):
                    if self._is_ending:
                        return
                self._messages.put(partial(self._take_request, number, request, size, room))
        self._messages.put(partial(self._dispatcher.leave, number))

    def _take_request(self, number: int, request: Request, size: int, room: threading.Semaphore) -> None:
        room.release()
        self._dispatcher.request(number, request, size)

    def _join(self, number: int, program: Program, keep_alive: float) -> None:
        self._keep_alive.extend(keep_alive)
        self._dispatcher.join(number, program.send)

    def _status(self) -> JsonObject:
        """Have the deciding thread say how things stand.

        Raises:
            KeptWorkerError: It is ending.
        """
        answers: queue.SimpleQueue[JsonObject] = queue.SimpleQueue()
        ask = partial(status_of, self._dispatcher, self._hello, self._keep_alive, self._since)
        self._messages.put(lambda: answers.put(ask()))
        while not self._is_ending:
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=self._tick)
        raise KeptWorkerError("the worker that stays is ending")
