"""The configuration file that `warmer config --edit` begins with: every key, commented out."""

from __future__ import annotations

TEMPLATE = """\
# Settings of warmer.  Every line that begins with # is off; docs/configuration.md explains the keys.

# model = "ponyMix"            # the default model: a name from `warmer models`, a file or a folder
# profile = "pony"             # the default profile
# graphics = "auto"            # auto, kitty, sixel, octant, sextant, quadrant or halfcell
# theme = "nord"               # a theme of the app
# first = "varied"             # the first grid of a new prompt: varied, or plain, which is faster
# ahead = "auto"               # grids rendered before you pick: off, auto, or how many
# draft = false                # true: searches begin with quick drafts, and what you pick is finished
# picture_memory = 512         # MiB of pictures that stay in memory, for undo and for grids rendered ahead
# keep_alive = "10m"           # how long a worker keeps its model after the last program has left it; docs/worker.md

# [folders]                    # each a text or a list; relative folders are relative to this file
# roots = ["~/ComfyUI"]        # roots of A1111, Forge, ComfyUI or InvokeAI, or folders that hold anything
# models = "~/models"
# loras = ["~/loras"]
# vaes = "~/vaes"
# text_encoders = "~/text_encoders"
# embeddings = "~/embeddings"
# preview_vaes = "~/taesd"

# [profiles.pony]              # warmer --profile pony
# model = "ponyMix"
# config = ""                  # a diffusers folder that describes a single file of an unknown family
# prediction = "v"             # epsilon or v
# loras = ["ink:0.8"]          # names or files, each with its weight; [] for none
# vae = "sdxl-vae-fp16-fix"
# text_encoders = ["clip_l"]
# preview_vae = "taesdxl"
# steps = 28
# guidance = 6.5
# scheduler = "Euler a"
# negative = "text, watermark"
# size = "832x1216"
# prompt_style = "a1111"       # a1111, comfyui or plain
# clip_skip = 2
# memory = "auto"              # auto, resident, offload, group, 8bit or 4bit
# dtype = "auto"               # auto, float32, float16 or bfloat16
# attention = "auto"
"""
