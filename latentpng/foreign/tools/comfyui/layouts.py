"""What the outputs of nodes are that pass values on, in their order, and by which names inputs hold the same values.

A link says at which output of a node it starts, but a graph does not say what this output is.  The order is known here
for the common packs of nodes; for all others a link is taken to carry what the input at its end needs.
"""

from __future__ import annotations

import re
from functools import lru_cache

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node

PIPE = "pipe"  # the role of a bundle of values
SIDES = ("positive", "negative")
OBJECTS = frozenset({"model", "clip", "vae", *SIDES, "latent", "image"})
"""Roles whose values are made by nodes; those of all other roles are numbers and texts."""

INPUTS: dict[str, tuple[str, ...]] = {
    "model": (
        "model_override",
        "optional_model",
        "model",
        "model_opt",
        "opt_model",
        "base_model",
        "unet",
        "model1",
        "model_a",
    ),
    "clip": ("clip_override", "optional_clip", "clip", "clip_opt", "opt_clip", "base_clip", "clip1"),
    "vae": ("vae_override", "optional_vae", "vae", "vae_opt", "opt_vae"),
    "positive": (
        "optional_positive",
        "positive",
        "pos",
        "base_positive",
        "positive_cond_base",
        "cond1",
        "conditioning",
    ),
    "negative": ("optional_negative", "negative", "neg", "base_negative", "negative_cond_base", "neg_conditioning"),
    "latent": ("optional_latent", "latent", "latent_image", "samples", "latents", "latent_opt", "image_to_latent"),
    "image": ("image", "images", "pixels"),
    "seed": ("seed", "noise_seed"),
    "steps": ("steps", "base_steps"),
    "cfg": ("cfg", "cfg_scale"),
    "sampler": ("sampler_name", "sampler"),
    "scheduler": ("scheduler", "scheduler_name"),
    "width": ("width", "empty_latent_width"),
    "height": ("height", "empty_latent_height"),
}
"""The names of inputs by role; those that override the value of a pipe or loader come first."""

_BASIC = "model clip vae positive negative"
_LINE = "model positive negative latent vae clip"
_CONTEXT = (
    f"pipe {_BASIC} latent image seed steps step_refiner cfg ckpt_name sampler scheduler clip_width clip_height "
    "text_pos_g text_pos_l text_neg_g text_neg_l mask control_net"
)
_DETAILER = f"{_BASIC} bbox_detector sam_model_opt segm_detector_opt detailer_hook"
_REFINER = "refiner_model refiner_positive refiner_negative"
_OUTPUTS: dict[str, str] = {
    # rgthree: the big context begins as the small one
    r"(sdxl)?powerprompt(positive)?rgthree": "* model clip text text",
    r"(sdxl)?powerprompt(simple|negative|simplenegative)rgthree": "* text text",
    r"context(big)?(switch(big)?|merge(big)?)?rgthree": _CONTEXT,
    # Impact Pack
    r"frombasicpipe": _BASIC,
    r"frombasicpipev2": f"pipe {_BASIC}",
    r"fromdetailerpipe": _DETAILER,
    r"fromdetailerpipev2": f"pipe {_DETAILER}",
    r"fromdetailerpipesdxl": f"pipe {_DETAILER} refiner_model refiner_clip refiner_positive refiner_negative",
    r"(impact)?ksampler(advanced)?basicpipe": "pipe latent vae",
    r"detailerpipetobasicpipe": "pipe pipe",
    r"(to|edit|basicpipeto)(basic|detailer)pipe(sdxl)?|anypipetobasic": PIPE,
    r"impactwildcardencode": "model clip * text",
    r"facedetailer(pipe)?": "image image image mask pipe image",
    r"detailerforeach(debug)?pipe": "image segs pipe image",
    # Easy-Use
    r"easypipe(out|edit)": f"pipe {_LINE} image seed",
    r"easyfullloader": "pipe model vae clip positive negative latent",
    r"easycascadeloader": "pipe model latent vae",
    r"easy[a-z0-9]+loader": "pipe model vae",
    r"easyfullksampler": f"pipe image {_LINE} seed",
    r"easyksamplercustom": "pipe latent latent image",
    r"easy([a-z]*ksampler[a-z0-9]*|hiresfix|detailerfix)": "pipe image latent",
    r"easyinstantidapply(adv)?": "pipe model positive negative",
    r"easycontrolnetloader(adv)?": "pipe positive negative",
    r"easyipadapterapplyregional": "pipe ipadapter_params positive negative",
    r"easy(unsampler|latentnoisy)": "pipe latent",
    r"easy(pre|xyplot|apply|pipe|controlnetstackapply|stylealign)[a-z0-9]*": PIPE,
    # tinyterraNodes
    r"ttnpipeout": f"{_LINE} image seed pipe",
    r"ttnpipe(edit|ksampler(advanced)?(v2)?)": f"pipe {_LINE} image seed",
    r"ttnpipeloader(v2)?": f"pipe {_LINE} seed width height positive_text negative_text",
    r"ttnpipeloadersdxl": f"pipe model positive negative vae clip {_REFINER} refiner_vae refiner_clip latent seed",
    r"ttnpipeloadersdxlv2": f"pipe model positive negative vae clip {_REFINER} refiner_clip latent seed width height",
    r"ttnpipeksamplersdxl": f"pipe model positive negative vae {_REFINER} refiner_vae latent clip image seed",
    r"ttnpipeksamplersdxlv2": f"pipe pipe model positive negative {_REFINER} latent vae clip image seed",
    r"ttnpipeencodeconcat": "pipe positive negative clip",
    r"ttnpipe(in|2basic|2detailer|lorastack)": "pipe pipe",
    r"ttnconditioning": "model positive negative clip positive_text negative_text",
    r"ttnksampler(advanced)?v2": f"{_LINE} image seed",
    r"ttntinyloader": "model latent vae clip width height",
    # Efficiency nodes
    r"efficientloader": _LINE,
    r"effloadersdxl": "pipe latent vae",
    r"packsdxltuple": PIPE,
    r"unpacksdxltuple": f"model clip positive negative {_REFINER.replace(' ', ' refiner_clip ', 1)}",
    r"ksampler(adv)?efficient": "model positive negative latent vae image",
    r"ksamplersdxleff": "pipe latent vae image",
    # nodes of text
    r"sdxlpromptstyleradvanced": " ".join(3 * ["positive_text"] + 3 * ["negative_text"]),
    r"crprompt(mixer|mixpresets)": " ".join(3 * ["positive_text"] + 3 * ["negative_text"]),
    r"easylorapromptapply": "model clip positive_text negative_text",
    # Comfyroll
    r"crmoduleinput": "pipe model positive negative latent vae clip controlnet image seed",
    r"cr(modulepipeloader|moduleoutput|databusin|8channelin|imagepipein|imagepipeedit|pipeswitch)": PIPE,
    r"crdatabusout": "pipe any1 any2 any3 any4",
    r"cr8channelout": "pipe ch1 ch2 ch3 ch4 ch5 ch6 ch7 ch8",
    r"crimagepipeout": "pipe image width height upscale_factor",
    # WAS, Crystools and Searge
    r"pipe(to|edit|toedit|from)anycrystools": "pipe any_1 any_2 any_3 any_4 any_5 any_6",
    r"busnode": f"pipe {_BASIC}",
    r"seargeoutput1": "pipe main_prompt secondary_prompt style_prompt negative_prompt negative_style image mask",
    r"seargeoutput2": "pipe seed image_width image_height steps cfg sampler scheduler",
    r"seargeoutput4": "pipe base_model refiner_model vae_model main_upscale_model support_upscale_model lora_model",
    # nodes that have a model and both conditionings
    r"(applyinstantid[a-z0-9]*|brushnet|powerpaint)": "model positive negative latent",
    r"acnadvancedcontrolnetapply[a-z0-9]*": "positive negative model",
    r"ipadapterregionalconditioning": "ipadapter_params positive negative",
}
"""The roles of the outputs; `*` stands for what the end of a link needs.

The key is a regular expression for the kind, which is lower case without spaces and signs.
"""
_LAYOUTS = tuple((re.compile(kind), tuple(roles.split())) for kind, roles in _OUTPUTS.items())
_PIPE_INPUT = re.compile(r"([a-z0-9]+_)*(pipe|cpipeany|ctx|context|tuple|bus)(_?[0-9]+|_opt)?", re.IGNORECASE)
_KEYS = "output_keys"  # what Dynamic Context (rgthree) puts out behind itself, with commas between
_KEPT = re.compile(r"\+? ?(.*)")  # an input of such a node, whose value it keeps under this name
_MAX_KEYS = 4096  # characters
_SEARGE_INPUTS = ("parameters", "inputs", "data", "model_names")
_MAX_KIND = 64
_MAX_KINDS = 1024  # whose outputs are remembered


def plain(kind: str) -> str:
    """Return the kind of a node in lower case, without spaces and signs."""
    return _plain(kind[:_MAX_KIND])


@lru_cache(maxsize=_MAX_KINDS)
def _plain(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.lower())


def outputs_of(node: Node) -> tuple[str, ...]:
    """Return the roles of a node's outputs; () when their order is not known."""
    return _outputs_of(plain(node.kind))


@lru_cache(maxsize=_MAX_KINDS)
def _outputs_of(kind: str) -> tuple[str, ...]:
    return next((roles for form, roles in _LAYOUTS if form.fullmatch(kind)), ())


def role_at(node: Node, output: int, role: str) -> str:
    """Return what a node gives at an output.

    Args:
        node: The node that a link starts at.
        output: The index of the output.
        role: What the end of the link needs; returned when the node's outputs are not known.
    """
    keys = loose.text(node.inputs.get(_KEYS))[:_MAX_KEYS].lower().split(",")
    outputs = (PIPE, *keys) if _KEYS in node.inputs else outputs_of(node)
    if outputs:
        return outputs[output] if 0 <= output < len(outputs) and outputs[output] != "*" else role
    has_both = all(loose.items(node.inputs.get(own_name(node, side))) for side in SIDES)
    is_plain = has_both and not own_name(node, "model") and not any("ckpt" in name for name in node.inputs)
    return SIDES[output] if is_plain and role in SIDES and output in (0, 1) else role


def own_name(node: Node, role: str) -> str:
    """Return the name of the input by which a node is given a value itself; "" when there is none."""
    names = INPUTS.get(role, (role,))
    if _KEYS in node.inputs:
        kept = {found[1].lower(): name for name in node.inputs if (found := _KEPT.fullmatch(name))}
        names = tuple(kept[name] for name in names if name in kept)
    for name in names:
        if name in node.inputs and node.inputs[name] not in (None, ""):
            return name
    return ""


def pipes_of(graph: Graph, node: Node) -> list[str]:
    """Return the names of the linked inputs that are bundles of values, the one that counts most first."""
    names = [name for name in node.inputs if len(name) < _MAX_KIND and _PIPE_INPUT.fullmatch(name)]
    names += _SEARGE_INPUTS if node.kind.startswith("Searge") else ()
    names = [name for name in names if graph.target(node.inputs.get(name)) is not None]
    if "merge" in node.kind.lower():
        return names[::-1]  # later ones override
    return names[:1] if "switch" in node.kind.lower() else names
