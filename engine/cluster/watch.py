"""Which nodes the cluster has, asked again and again: a member for each place that joins, none for those that left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from engine.cluster.places import Place, nodes_of, places_of, unique_name
from engine.rendering.renderer import Renderer
from engine.worker.pool.renderer import PoolRenderer

_LEFT = "its node has left the Ray cluster"
_EMPTY = "the Ray cluster has no node with a GPU or a processor core to render with; rendering begins when one joins"
_MAX_FAILURES = 5
"""Looks that may fail, one after the other, until the cluster is given up."""


class NodeWatch:
    """Keeps the members of a pool in step with the nodes of the cluster, in a thread of its own."""

    def __init__(
        self,
        pool: PoolRenderer,
        member_at: Callable[[Place], Renderer],
        rows: Callable[[], Iterable[Mapping[str, object]]],
        *,
        notice: Callable[[str], None],
        on_lost: Callable[[], None],
        on_cpu: bool = False,
        seconds: float = 1.0,
    ) -> None:
        """Start nothing yet.

        Args:
            pool: What the members belong to.
            member_at: Returns a member for a place, not started.
            rows: Returns what `ray.nodes()` does; raises OSError where the cluster does not answer.
            notice: Takes a sentence for the person.
            on_lost: Called once the cluster has not answered for some seconds; nobody looks any more then.
            on_cpu: Render on processors even if there are GPUs.
            seconds: The time between two looks.
        """
        self._pool, self._member_at, self._rows = pool, member_at, rows
        self._notice, self._on_lost, self._on_cpu, self._seconds = notice, on_lost, on_cpu, seconds
        self._has_looked = False
        self._names: dict[tuple[str, int], str] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ray nodes", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and join the thread."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look once: take out the members whose places are gone, and add one for each new place."""
        places = {place.key: place for place in places_of(nodes_of(self._rows()), on_cpu=self._on_cpu)}
        if not places and not self._has_looked:
            self._notice(_EMPTY)
        self._has_looked = True
        for key in self._names.keys() - places.keys():
            self._pool.remove(self._names.pop(key), _LEFT)
        for key, place in places.items():
            if key not in self._names:
                self._names[key] = unique_name(place.name, self._names.values())
                self._pool.add(self._names[key], self._member_at(place))

    def _watch(self) -> None:
        failures = 0
        while not self._is_over.is_set():
            try:
                self.look()
            except OSError:
                failures += 1
                if failures == _MAX_FAILURES:
                    self._on_lost()
                    return
            else:
                failures = 0
            self._is_over.wait(self._seconds)
