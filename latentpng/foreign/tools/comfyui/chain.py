"""Find the chain of nodes that made a picture: from the node that saved it back to the node that made its latents.

Where a chain branches, the first branch that leads to a node that draws noise counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.samplers import Settings, is_sampler, is_touch_up, settings_of
from latentpng.foreign.tools.comfyui.services import is_asked, service_of
from latentpng.foreign.tools.comfyui.sizes import size_of
from latentpng.foreign.tools.comfyui.upstream import upstream

MAX_OUTPUTS = 8
MAX_SIZED = 64  # nodes that may give latents their size


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The nodes that made one picture.

    Attributes:
        settings: The settings of the first sampler of the chain; its noise is the initial noise.  In a chain without a
            sampler, those of the first node that draws noise at all.
        after: The nodes from the output to this node, without branches.
        before: The nodes that its latents come from, the nearest first.
        latent: The node that gave the latents their size; the nearest, or the sampler itself, when no size is known.
    """

    settings: Settings
    after: tuple[Node, ...]
    before: tuple[Node, ...]
    latent: Node

    @property
    def sampler(self) -> Node:
        """The node of the first sampler."""
        return self.settings.node


def chains_of(graph: Graph) -> list[Chain]:
    """Return the chains that end in a picture, one for each first sampler.

    Pictures that are saved count before those that are only previewed, and these before unlinked nodes of other kinds.
    Among them, those that a sampler made count before those that were only touched up or asked for.
    """
    for outputs in _outputs(graph):
        found: dict[str, Chain] = {}
        for output in outputs[:MAX_OUTPUTS]:
            chain = _chain(graph, output)
            if chain is not None:
                found.setdefault(chain.sampler.key, chain)
        if found:
            return sorted(found.values(), key=lambda chain: not is_sampler(chain.sampler))
    return []


def _outputs(graph: Graph) -> Iterator[list[Node]]:
    """Yield the nodes that may be outputs, the likeliest kind first."""
    nodes = list(graph.nodes.values())
    yield [node for node in nodes if "save" in node.kind.lower()]
    yield [node for node in nodes if "preview" in node.kind.lower()]
    linked = {target.key for node in nodes for _, target in graph.links(node)}
    yield [node for node in nodes if node.key not in linked]


def _chain(graph: Graph, output: Node) -> Chain | None:
    return graph.once(("chain", output.key), lambda: _found_chain(graph, output))


def _found_chain(graph: Graph, output: Node) -> Chain | None:
    steps = list(upstream(graph, output))
    for draws in (is_sampler, is_touch_up, is_asked, _is_service):
        at = next((at for at in range(len(steps) - 1, -1, -1) if _does(graph, draws, steps[at].node)), -1)
        if at >= 0:
            settings = settings_of(graph, steps[at].node)
            before = tuple(step.node for step in upstream(graph, settings.node))[1:]  # anew: stages may share latents
            latent = _latent(graph, settings, before)
            return Chain(settings=settings, after=tuple(steps[at].way()), before=before, latent=latent)
    return None


def _does(graph: Graph, draws: Callable[[Node], bool], node: Node) -> bool:
    return graph.once((draws, node.key), lambda: draws(node))


def _is_service(node: Node) -> bool:
    return bool(service_of(node))


def _latent(graph: Graph, settings: Settings, before: tuple[Node, ...]) -> Node:
    nodes = (node for node in (*before, *settings.parts) if not _only_passes_on(graph, node))
    sized = (node for node in islice(nodes, MAX_SIZED) if all(size_of(graph, node)))
    return next(sized, (*before[:1], settings.node)[0])


def _only_passes_on(graph: Graph, node: Node) -> bool:
    return len(node.inputs) == 1 and any(graph.links(node))
