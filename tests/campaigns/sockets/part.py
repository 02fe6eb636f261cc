"""The attack on the sockets between programs and workers: the worker that stays, the wire, and the driver of Ray.

What a program sends ends at most its own connection: beside every attack a program that keeps the rules gets its
pictures.  No process outlives a server, no attack makes it take memory or descriptors that it does not give back, and
no error is a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tests.campaigns.attack.part import Attack, Outcome, Part, Room
from tests.campaigns.sockets import ends
from tests.campaigns.sockets.decoding import decode
from tests.campaigns.sockets.hostile_server import serve_badly
from tests.campaigns.sockets.programs import Programs
from tests.campaigns.sockets.service import Bystander, Service


@contextmanager
def _begin(room: Room) -> Iterator[Attack]:
    service = Service(room.scratch)
    try:
        bystander = Bystander(service)
        bystander.fault()
        programs = Programs(service, bystander)

        def attack(number: int) -> Outcome:
            source = Random(number)
            match number % 20:
                case 0:
                    outcome = ends.kill(service, bystander, source)
                    programs.note()
                case 1:
                    outcome = ends.feed_driver(room.scratch, source)
                case 2 | 3:
                    outcome = serve_badly(source)
                case 4:
                    outcome = ends.prepare_folder(room.scratch, source)
                case 5:
                    outcome = ends.prepare_socket(room.scratch, source)
                case 6 | 7 | 8 | 9 | 10 | 11:
                    outcome = decode(source)
                case _:
                    outcome = programs.attack(source)
            return outcome

        yield attack
        bystander.close()
    finally:
        service.close()


PART = Part(begin=_begin, cases=100_000, quick_cases=40)
