"""The names by which people know the tools, by the values of `ForeignRecord.tool`."""

from __future__ import annotations

TOOL_NAMES = {
    "latentpng": "latentpng",
    "a1111": "Stable Diffusion web UI",
    "forge": "Stable Diffusion web UI Forge",
    "sdnext": "SD.Next",
    "comfyui": "ComfyUI",
    "invokeai": "InvokeAI",
    "fooocus": "Fooocus",
    "swarmui": "SwarmUI",
    "novelai": "NovelAI",
    "drawthings": "Draw Things",
    "sdcpp": "stable-diffusion.cpp",
    "ruinedfooocus": "RuinedFooocus",
    "imaginairy": "imaginAIry",
    "easydiffusion": "Easy Diffusion",
    "stabilitymatrix": "Stability Matrix",
    "tensorart": "TensorArt",
    "mochi": "Mochi Diffusion",
    "mflux": "mflux",
    "horde": "AI Horde",
    "huggingface": "a space of Hugging Face",
    "service": "an online service",
    "unknown": "an unknown tool",
}
