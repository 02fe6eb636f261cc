"""The worker that stays, seen from tests: a server in a thread, programs that attach, a renderer played by hand."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.errors import KeptWorkerError
from engine.fake import FakeRenderer
from engine.kept.address import Address, create_folder
from engine.kept.attached import AttachedRenderer, Opened
from engine.kept.connecting import ask_status, connect
from engine.kept.dispatcher import Dispatcher
from engine.kept.greeting import Greeting, Wants
from engine.kept.hello import Hello, hello_of
from engine.kept.keep_alive import KeepAlive
from engine.kept.lines import receive_object, send_object
from engine.kept.link import Link, attached_link
from engine.kept.server import KeptServer
from engine.rendering.events import Event, JobDone, ModelReady, PictureRendered, TurnChanged
from engine.rendering.renderer import Renderer
from engine.rendering.requests import Job, LoadModel, ModelChoice, RenderJob
from engine.serve import listening
from latentpng.record import JsonObject
from tests.support.engine.workers import LOAD, TIMEOUT_SECONDS, job_of

KEPT_SERVER = "tests.support.engine.kept_server"
HELLO = hello_of()
OTHER = replace(LOAD, model=ModelChoice(path="", name="other"))


class Played:
    """A Renderer whose answers a test gives.

    Attributes:
        calls: What was asked for, in order.
    """

    def __init__(self) -> None:
        self.calls: list[object] = []

    def start(self, on_event: Callable[[Event], None]) -> None:
        pass

    def load(self, request: LoadModel) -> None:
        self.calls.append(request)

    def render(self, job: Job) -> None:
        self.calls.append(job)

    def cancel(self, job: int) -> None:
        self.calls.append(("cancel", job))

    def cancel_round(self, round_id: int) -> None:
        self.calls.append(("cancel round", round_id))

    def close(self) -> None:
        pass


def ready(request: LoadModel = LOAD) -> ModelReady:
    """Return the answer to a load."""
    return ModelReady(
        request=request,
        noise_shape=(4, 2, 2),
        noise_axes="CHW",
        pipeline="FakePipeline",
        schedulers=(),
        device="cpu",
        dtype="float32",
    )


class Scene:
    """Programs 1, 2 and 3 of a dispatcher, and a renderer that a test plays."""

    def __init__(self) -> None:
        self.renderer = Played()
        self.dispatcher = Dispatcher(self.renderer)
        self.heard: dict[int, list[Event]] = {1: [], 2: [], 3: []}
        for client, events in self.heard.items():
            self.dispatcher.join(client, events.append)

    def loaded(self, *clients: int) -> Scene:
        """Let programs load the model, and forget what was said."""
        for client in clients:
            self.dispatcher.request(client, LOAD)
        self.dispatcher.event(ready())
        self.forget()
        return self

    def forget(self) -> None:
        self.renderer.calls.clear()
        for events in self.heard.values():
            events.clear()

    @property
    def last(self) -> int:
        """The number of the job that the renderer was given last."""
        return next(call.job for call in reversed(self.renderer.calls) if isinstance(call, RenderJob))

    def said(self, client: int) -> list[Event]:
        """What a program was told, but for places."""
        return [event for event in self.heard[client] if not isinstance(event, TurnChanged)]

    def places(self, client: int) -> list[int]:
        return [event.place for event in self.heard[client] if isinstance(event, TurnChanged)]


class Client:
    """A program: a renderer, and its events."""

    def __init__(self, renderer: Renderer) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.renderer = renderer
        self.renderer.start(self.events.put)

    @classmethod
    def attached(
        cls, attach: Callable[[Opened], Link | None], make_own: Callable[[], Renderer] | None = None
    ) -> Client:
        """Return a program that attaches."""
        return cls(AttachedRenderer(attach, make_own or _no_own))

    def until(self, kind: type[Event] | tuple[type[Event], ...]) -> list[Event]:
        """Wait for the first event of this kind, and return it with all events before it."""
        seen: list[Event] = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=TIMEOUT_SECONDS))
        return seen


def _no_own() -> Renderer:
    raise AssertionError("no worker of its own was expected")


class Running:
    """A server in a thread, with the fake renderer."""

    def __init__(self, folder: Path, renderer: FakeRenderer, keep_alive: KeepAlive) -> None:
        self.place = Address(folder=folder)
        create_folder(self.place)
        self.renderer = renderer
        self.server = KeptServer(renderer, listening(self.place), HELLO, keep_alive, tick=0.01)
        self.thread = threading.Thread(target=self.server.run, name="server")
        self.thread.start()

    def client(self, hello: Hello = HELLO, make_own: Callable[[], Renderer] | None = None) -> Client:
        """Return a program that has not asked for anything yet."""
        return Client.attached(partial(attached_link, self.place, hello, 0.0), make_own)

    def status(self) -> JsonObject:
        """Return what the worker says about itself."""
        connection = connect(self.place)
        assert connection is not None
        with connection:
            return ask_status(connection, HELLO)

    def connect(self) -> socket.socket:
        """Return a bare connection."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(str(self.place.socket))
        return connection


@contextmanager
def running(
    folder: Path, renderer: FakeRenderer | None = None, keep_alive: KeepAlive | None = None
) -> Iterator[Running]:
    """Run a server in a thread, and stop it."""
    it = Running(folder, renderer or FakeRenderer(), keep_alive or KeepAlive(float("inf"), lambda: 0.0))
    try:
        yield it
    finally:
        it.server.stop()
        it.thread.join(TIMEOUT_SECONDS)
        assert not it.thread.is_alive()


def attach_error(attach: Callable[[], Link | None]) -> str:
    """Return why a program cannot attach."""
    try:
        link = attach()
        assert link is not None
        link.close()
    except KeptWorkerError as error:
        return str(error)
    return ""


@contextmanager
def clients(run: Running, count: int) -> Iterator[list[Client]]:
    """Programs that have loaded the model."""
    found = [run.client() for _ in range(count)]
    for client in found:
        client.renderer.load(LOAD)
        client.until(ModelReady)
    yield found
    for client in found:
        client.renderer.close()


def is_usable(run: Running) -> bool:
    """Return whether a new program gets all pictures of a job."""
    with clients(run, 1) as (client,):
        client.renderer.render(job_of(1))
        return sum(isinstance(event, PictureRendered) for event in client.until(JobDone)) == 2


def greeted(run: Running) -> socket.socket:
    """A bare connection that has asked to render, and was accepted."""
    connection = run.connect()
    send_object(connection, Greeting(wants=Wants.RENDER, hello=HELLO).to_json())
    assert receive_object(connection)["reason"] == ""
    return connection


def is_given_up(connection: socket.socket) -> bool:
    """Return whether the worker ends a connection."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(2**16):
            pass
    connection.close()
    return True
