"""Which renderer serves what a person asks for: a worker of its own, a kept one, several, or those of a Ray cluster.

The rest of the program knows `Renderer` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.options import Options, devices_of
from engine.rendering.renderer import Renderer

if TYPE_CHECKING:
    from engine.kept.hello import Hello


@dataclass(frozen=True, kw_only=True, slots=True)
class RendererChoice:
    """What decides which renderer is made; everything else goes with the request that loads a model.

    Attributes:
        devices: A worker process for each of them; one worker for at most one of them.
        ray: "auto" or the address of a Ray cluster; "" for workers on this machine.
        keep_alive: The seconds for which a worker stays after the last program has left it; 0 for one that ends with
            its program, None where nothing was said.
        strict: Refuse workers that differ in what pictures depend on.
    """

    devices: tuple[str, ...] = ()
    ray: str = ""
    keep_alive: float | None = None
    strict: bool = False


def choice_of(options: Options) -> RendererChoice:
    """Return the choice that options make."""
    return RendererChoice(
        devices=devices_of(options.device), ray=options.ray, keep_alive=options.keep_alive, strict=options.strict
    )


def renderer_for(choice: RendererChoice) -> Renderer:
    """Return a renderer that is not started yet.

    It is a worker that stays wherever one is running, or where the choice asks for one.

    Args:
        choice: What decides.

    Raises:
        InvalidRequestError: A Ray cluster is asked for that cannot be used.
    """
    from engine.kept.address import address

    if choice.ray:
        own_renderer(choice)  # what is wrong with it is said now, and not by a worker that stays
    place = address()
    if not choice.keep_alive and not place.has_socket:
        return own_renderer(choice)
    from engine.kept.attached import AttachedRenderer
    from engine.kept.link import attached_link

    return AttachedRenderer(
        attach=partial(attached_link, place, needs_of(choice), choice.keep_alive or 0.0),
        make_own=partial(own_renderer, choice),
    )


def own_renderer(choice: RendererChoice) -> Renderer:
    """Return a renderer that ends with this program, and is not started yet.

    Args:
        choice: What decides.

    Raises:
        InvalidRequestError: A Ray cluster is asked for that cannot be used.
    """
    if choice.ray:
        from engine.cluster.client import cluster_renderer

        return cluster_renderer(choice.ray, choice.devices, is_strict=choice.strict)
    if len(choice.devices) > 1:
        from engine.worker.pool.devices import pool_of_devices

        return pool_of_devices(choice.devices, is_strict=choice.strict)
    from engine.worker.client import WorkerRenderer

    return WorkerRenderer()


def needs_of(choice: RendererChoice) -> Hello:
    """Return what a worker that stays has to be to serve a choice."""
    from engine.kept.hello import hello_of

    return hello_of(choice.devices, choice.ray, strict=choice.strict)
