"""Short lineages as tuples of seeds, and the fronts and families of pictures that have them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from hypothesis import strategies as st

from latentpng.chunk.header import Front
from latentpng.record import Json
from latentpng.reports.family import Family, family_of

Chain = tuple[int, ...]  # the seed of the root, then the seed of each round

chains = st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple)


def digest_of(chain: Chain) -> str:
    """Return a noise digest that no other lineage has."""
    return hashlib.sha256(repr(chain).encode()).hexdigest()


def front_of(
    chain: Chain, node: str = "", stored: str = "", replaced: Mapping[str, Json] = MappingProxyType({})
) -> Front:
    """Return the front of a picture with this lineage.

    Args:
        chain: The seeds of root and rounds.
        node: The digest of the picture's noise as the file claims it; "" for the true one.
        stored: The digest of the noise of a tensor root; "" for a seed root.
        replaced: Entries that every round has instead of, or besides, the usual ones.
    """
    root: dict[str, Json] = {"tensor": True} if stored else {"seed": str(chain[0])}
    rounds: list[Json] = [{"marks": [0], "of": 1, "scale": 0.5, "seed": str(seed), **replaced} for seed in chain[1:]]
    metadata: dict[str, Json] = {"root": root, "rounds": rounds, "node": node or digest_of(chain)}
    return Front(
        version=(1, 0),
        chunk_bytes=1,
        dims=(2, 8, 8),
        digest=stored or digest_of(chain),
        metadata=metadata,
        is_known=True,
    )


def family_of_chains(**chains: Chain) -> Family:
    """Return the family of pictures that are named by the keywords."""
    return family_of((f"{name}.png", front_of(chain)) for name, chain in chains.items())
