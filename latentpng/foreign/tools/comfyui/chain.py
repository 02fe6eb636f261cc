"""Find the chain of nodes that made a picture: from the node that saved it back to the node that made its latents.

Links of prompts, models and masks are not followed here. Where a chain branches, the first branch that leads to a
sampler counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node

MAX_OUTPUTS = 8
SEEDS = ("seed", "noise_seed")
SIZES = (("empty_latent_width", "empty_latent_height"), ("width", "height"))
_SIDE_INPUTS = frozenset(
    {
        "clip",
        "clip_vision",
        "conditioning",
        "control_net",
        "guider",
        "mask",
        "model",
        "negative",
        "noise",
        "positive",
        "sampler",
        "sigmas",
        "upscale_model",
        "vae",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The nodes that made one picture.

    Attributes:
        sampler: The first sampler of the chain; its noise is the initial noise.
        after: The nodes from the output to this sampler.
        before: The nodes from this sampler to the node that made its latents.
    """

    sampler: Node
    after: tuple[Node, ...]
    before: tuple[Node, ...]

    @property
    def latent(self) -> Node:
        """The node that made the latents or gave them their size; the sampler when there is no such node."""
        sized = [node for node in self.before if any(set(names) <= node.inputs.keys() for names in SIZES)]
        return (sized or [*self.before[:1], self.sampler])[-1 if sized else 0]


def chains_of(graph: Graph) -> list[Chain]:
    """Return the chains that end in a picture, one for each first sampler.

    Pictures that are saved count before those that are only previewed, and these before unlinked nodes of other kinds.
    """
    for outputs in _outputs(graph):
        found: dict[str, Chain] = {}
        for output in outputs[:MAX_OUTPUTS]:
            chain = _chain(graph, output)
            if chain is not None:
                found.setdefault(chain.sampler.key, chain)
        if found:
            return list(found.values())
    return []


def _outputs(graph: Graph) -> Iterator[list[Node]]:
    """Yield the nodes that may be outputs, the likeliest kind first."""
    nodes = list(graph.nodes.values())
    yield [node for node in nodes if "save" in node.kind.lower()]
    yield [node for node in nodes if "preview" in node.kind.lower()]
    linked = {target.key for node in nodes for _, target in graph.links(node)}
    yield [node for node in nodes if node.key not in linked]


def _chain(graph: Graph, output: Node) -> Chain | None:
    nodes = list(_upstream(graph, output))
    first = max((at for at, node in enumerate(nodes) if is_sampler(node)), default=-1)
    if first < 0:
        return None
    return Chain(sampler=nodes[first], after=tuple(nodes[:first]), before=tuple(nodes[first + 1 :]))


def _upstream(graph: Graph, start: Node) -> Iterator[Node]:
    """Yield the nodes that a node depends on by latents and pictures, depth first, each once."""
    seen: set[str] = set()
    stack = [start]
    while stack:
        node = stack.pop()
        if node.key in seen:
            continue
        seen.add(node.key)
        yield node
        if is_sampler(node):
            stack.clear()  # other branches to the output are not what this sampler started from
            targets = [target for name, target in graph.links(node) if name == "latent_image"]
        else:
            targets = [target for name, target in graph.links(node) if name not in _SIDE_INPUTS]
        stack += reversed(targets)


def is_sampler(node: Node) -> bool:
    """Return True for a sampler, whoever wrote the node: all samplers share these inputs."""
    is_linked = bool(loose.items(node.inputs.get("latent_image")))
    return is_linked and any(name in node.inputs for name in (*SEEDS, "noise"))
