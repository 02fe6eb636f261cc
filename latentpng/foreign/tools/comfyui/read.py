"""ComfyUI: read the initial noise and the settings of a picture from its graph of nodes.

ComfyUI draws the noise of a whole batch at once, on the CPU.
"""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools.comfyui.sources import source_of


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the API's graph, else of the editor's graph (`workflow`); None without a graph.

    Args:
        texts: The texts of the picture by keyword.
    """
    source = source_of(texts)
    if source is None:
        return None
    from latentpng.foreign.tools.comfyui.finish import finished  # pictures of other tools do without it
    from latentpng.foreign.tools.comfyui.record import record_of, seed_of

    return finished(source, record_of, seed_of)
