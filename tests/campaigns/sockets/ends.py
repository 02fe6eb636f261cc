"""Servers that are killed, suspended, started at once, or started in a folder that somebody prepared."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import psutil

from engine.errors import KeptWorkerError
from engine.kept.address import Address, check_folder, create_folder
from engine.serve import listening, locked
from engine.worker.wire import Wire
from tests.campaigns.attack.part import Outcome
from tests.campaigns.sockets.seeds import REQUESTS, mutated
from tests.campaigns.sockets.service import SECONDS, Bystander, Service
from tests.support.engine.workers import LOAD, ROOT, job_of

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)


def kill(service: Service, bystander: Bystander, source: Random) -> Outcome:
    """End the server at a random moment of a job, and start several at once in its place."""
    process, faults = service.process(), []
    wire: Wire[object, object] = Wire(service.greeted())
    wire.send(LOAD)
    wire.send(job_of(1, count=50))
    time.sleep(source.random() * 0.3)
    number = source.choice(_SIGNALS)
    victim = source.choice((process, *process.children()))
    victim.send_signal(number)
    if victim != process and number != signal.SIGSTOP:  # the renderer: the server goes on, and starts it again
        wire.close()
        bystander.attach_again()
        faults.append(bystander.fault())
        return Outcome(kind="renderers killed", faults=tuple(filter(None, faults)))
    if number == signal.SIGSTOP:
        process.kill()
    begun = time.monotonic()
    if left := service.left():
        faults.append(f"processes {left} outlive the server after {signal.Signals(number).name}")
    seconds = time.monotonic() - begun
    wire.close()
    rivals = [service.spawn() for _ in range(source.randrange(1, 4))]
    codes = sorted(rival.wait() for rival in rivals)
    if codes[0] != 0 or any(code not in (0, 75) for code in codes) or codes.count(0) != 1:
        faults.append(f"of {len(rivals)} servers that were started at once, the exit codes are {codes}")
    bystander.attach_again()
    faults.append(bystander.fault())
    if len(found := service.process().children()) != 1:
        faults.append(f"the new server has {len(found)} renderers")
    maxima = {"s until all had ended": seconds}
    return Outcome(kind="servers killed, and started at once", faults=tuple(filter(None, faults)), maxima=maxima)


def prepare_folder(scratch: Path, source: Random) -> Outcome:
    """Prepare the runtime folder as somebody else would, and look that no server uses it."""
    kind = "runtime folders that somebody prepared"
    room = scratch / f"folder-{source.randrange(10**9)}"
    room.mkdir()
    folder, elsewhere = room / "run", room / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    way = source.choice(("symlink", "dangling", "writable", "readable", "file", "fifo", "owner", "long", "loop"))
    if way == "owner" and os.getuid() != 0:
        return Outcome(kind=kind, missing="only root can give a folder to another user")
    match way:
        case "symlink":
            folder.symlink_to(elsewhere)
        case "dangling":
            folder.symlink_to(room / "nowhere")
        case "loop":
            folder.symlink_to(folder)
        case "writable" | "readable":
            folder.mkdir()
            folder.chmod(0o777 if way == "writable" else 0o750)
        case "file":
            folder.touch()
        case "fifo":
            os.mkfifo(folder)
        case "owner":
            folder.mkdir(mode=0o700)
            os.chown(folder, 65534, 65534)
        case _:
            folder = room / ("x" * 200)
    faults = []
    for check in (create_folder, check_folder):
        try:
            check(Address(folder=folder))
            faults.append(f"{check.__name__} accepts a folder that is prepared so: {way}")
        except KeptWorkerError as error:
            if "\n" in str(error) or str(room) not in str(error):
                faults.append(f"{way}: {error}")
    shutil.rmtree(room)
    return Outcome(kind=kind, faults=tuple(faults))


def prepare_socket(scratch: Path, source: Random) -> Outcome:
    """Leave something in place of the socket and the lock in a private folder, and start a server there."""
    kind, faults = "stale sockets and locks", list[str]()
    place = Address(folder=scratch / f"stale-{source.randrange(10**9)}")
    place.folder.mkdir(mode=0o700)
    precious = scratch / "precious"
    precious.write_text("keep")
    way = source.choice(("socket", "file", "symlink", "lock", "held"))
    with socket.socket(socket.AF_UNIX) as old:
        if way == "socket":
            old.bind(str(place.socket))
        elif way == "file":
            place.socket.write_text("x")
        elif way == "symlink":
            place.socket.symlink_to(precious)
        elif way == "lock":
            place.lock.symlink_to(precious)
    held = locked(place) if way == "held" else None
    try:
        lock = locked(place)
        if (lock is None) != (way == "held"):
            faults.append(f"{way}: the lock is {lock}")
        if lock is not None:
            listening(place).close()
            os.close(lock)
    except OSError as error:
        if way != "lock":
            faults.append(f"{way}: {error!r}")
    if held is not None:
        os.close(held)
    if precious.read_text() != "keep":
        faults.append(f"{way}: a file that a symlink names was changed")
    shutil.rmtree(place.folder)
    return Outcome(kind=kind, faults=tuple(faults))


def feed_driver(scratch: Path, source: Random) -> Outcome:
    """Give the driver process of a Ray cluster garbage in place of requests, and end its connection."""
    kind = "garbage for the driver of a Ray cluster"
    near, far = socket.socketpair()
    near.settimeout(SECONDS)
    command = [sys.executable, "-P", "-m", "engine.cluster.main", str(far.fileno()), "127.0.0.1", "1", "", ""]
    with near, far, (scratch / "driver.log").open("wb") as log:
        driver = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(far.fileno(),), cwd=ROOT
        )
        far.close()
        try:
            for _ in range(source.randrange(1, 4)):
                near.sendall(source.choice((source.randbytes(300), mutated(source.choice(REQUESTS), source)[1])))
            near.shutdown(socket.SHUT_WR)
            while near.recv(2**16):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass
    try:
        driver.wait(SECONDS)
    except subprocess.TimeoutExpired:
        driver.kill()
        return Outcome(kind=kind, faults=("the driver did not end with its connection",))
    left = [each.pid for each in psutil.Process().children() if each.pid == driver.pid]
    faults = [f"the driver is left: {left}"] if left else []
    if "Traceback" in (said := (scratch / "driver.log").read_text("utf-8", "replace")):
        faults.append(f"a traceback in its log: {said[-300:]!r}")
    return Outcome(kind=kind, faults=tuple(faults))
