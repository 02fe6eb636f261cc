"""Stands in for `engine.diffusion.worker` where only the process matters: the fake renderer behind the same socket.

The prompt tells it what to do: "die" ends it, "kill" kills it, "exit" ends it with words on stderr, "hang" never comes
back, "chat" prints a lot.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from engine.events import Event
from engine.fake import FakeRenderer
from engine.plan import CancelJob, LoadModel, RenderJob


def serve(descriptor: int) -> None:
    connection: Connection[Event, LoadModel | RenderJob | CancelJob] = Connection(descriptor)
    renderer = FakeRenderer(step_seconds=0.01)
    renderer.start(connection.send)
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if isinstance(request, CancelJob):
            renderer.cancel(request.job)
        elif isinstance(request, LoadModel):
            renderer.load(request)
        else:
            obey(request.settings.prompt)
            renderer.render(request)


def obey(prompt: str) -> None:
    if prompt == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if prompt == "die":
        os.abort()
    if prompt == "exit":
        print("something before\nImportError: no torch here\n", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(3)
    if prompt == "hang":
        time.sleep(600)
    if prompt == "chat":
        print("a line on standard output", flush=True)  # noqa: T201
        print(f"read from standard input: {sys.stdin.read()!r}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(int(sys.argv[1]))
