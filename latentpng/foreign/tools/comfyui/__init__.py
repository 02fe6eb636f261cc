"""ComfyUI: the graph of nodes that it stores with a picture."""
