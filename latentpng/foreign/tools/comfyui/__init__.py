"""The graphs of ComfyUI."""
