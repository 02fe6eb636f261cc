"""The syntax of prompts: weights, tags and chunks as A1111 and ComfyUI read them; knows no model and no torch."""
