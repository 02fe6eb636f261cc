"""ComfyUI: read the initial noise and the settings of a picture from the graph of nodes in `prompt`.

ComfyUI draws the noise of a whole batch at once, on the CPU.
"""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools.comfyui.graph import graph_of
from latentpng.foreign.tools.comfyui.record import record_of
from latentpng.foreign.tools.loosejson import read_object


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the API's graph; of the editor's graph (`workflow`) alone, only the tool; else None."""
    graph = graph_of(read_object(texts.get("prompt", "")))
    if not graph.nodes and "nodes" not in read_object(texts.get("workflow", "")):
        return None
    return record_of(graph)
