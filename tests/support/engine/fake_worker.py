"""Stands in for `engine.diffusion.main` where only the process matters: the fake renderer behind the same socket.

The prompt says what it does: "die" aborts it, "kill" kills it, "exit" ends it with text on stderr, "hang" sleeps,
"stop" suspends it, "native" keeps the interpreter lock in a function of the C library, "children" starts processes and
hangs, "chat" prints to both outputs, "garble" breaks the rules of the connection.  A model with a path is loaded only
while the file exists, and a width of 8 is always refused; one that is named "slow" is never loaded to its end.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from engine.fake import FakeRenderer
from engine.rendering.events import LOADING, Event, Failure, JobFailed
from engine.rendering.renderer import hand_over
from engine.rendering.requests import CancelJob, CancelRound, LoadModel
from engine.worker.messages.codec import REQUESTS, Codec, Request
from engine.worker.process import STACKS_SIGNAL
from engine.worker.wire import Wire


def serve(descriptor: int, step_seconds: float = 0.01) -> None:
    """Answer requests until the other end closes the connection."""
    faulthandler.register(STACKS_SIGNAL)
    wire: Wire[Event, Request] = Wire(socket.socket(fileno=descriptor), Codec(REQUESTS))
    renderer = FakeRenderer(step_seconds=step_seconds)
    renderer.start(wire.send)
    is_loaded, refusal = False, JobFailed(job=LOADING, failure=Failure.MODEL, sentence="no model is loaded")
    while True:
        try:
            request = wire.receive()
        except (EOFError, OSError):
            os._exit(0)
        if isinstance(request, CancelJob | CancelRound):
            hand_over(request, renderer)
        elif isinstance(request, LoadModel):
            if sentence := refusal_of(request):
                is_loaded, refusal = False, replace(refusal, sentence=sentence)
                wire.send(refusal)
            else:
                if request.model.name == "slow":
                    obey("native")
                is_loaded = True
                renderer.load(request)
        elif not is_loaded:
            wire.send(replace(refusal, job=request.job))
        else:
            if request.settings.prompt == "garble":
                wire._socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
            obey(request.settings.prompt)
            renderer.render(request)


def refusal_of(request: LoadModel) -> str:
    """Return why a model is refused, "" when it is not."""
    if request.model.path and not Path(request.model.path).exists():
        return f"there is no folder or file for the model {request.model.name!r}"
    return "no pictures of this size" if request.settings.width == 8 else ""


def obey(prompt: str) -> None:
    """Do what the prompt says."""
    if prompt == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if prompt == "die":
        os.abort()
    if prompt == "exit":
        print("something before\nImportError: no torch here\n", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(3)
    if prompt == "hang":
        time.sleep(600)
    if prompt == "native":
        print("native", flush=True)  # noqa: T201
        ctypes.PyDLL(None).sleep(600)
    if prompt == "children":
        for _ in range(2):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        time.sleep(600)
    if prompt == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if prompt == "chat":
        print("a line on standard output", flush=True)  # noqa: T201
        print(f"read from standard input: {sys.stdin.read()!r}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    serve(int(sys.argv[1]), *map(float, sys.argv[2:]))
