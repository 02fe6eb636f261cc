"""Services that sign or label their pictures, cameras that sign theirs, and text that is not understood."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_lines
from latentpng.record import Json
from tests.support.foreign.samples_webui import A1111

JOB = "11111111-2222-4333-8444-555555555555"
AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.mark.parametrize(
    ("description", "prompt", "negative", "version"),
    [
        (f"a red boat --ar 62:75 --v 6.1 Job ID: {JOB}", "a red boat", "", "6.1"),
        (
            f"a red boat, 1--2 masts --no fog, rain --niji 6 Job ID: {JOB}",
            "a red boat, 1--2 masts",
            "fog, rain",
            "niji 6",
        ),
        (f"a red boat Job ID: {JOB}", "a red boat", "", ""),
        (f"a red boat \u2014v 5 Job ID: {JOB}", "a red boat", "", "5"),
    ],
)
def test_midjourney(description: str, prompt: str, negative: str, version: str) -> None:
    found = foreign_from_texts({"Description": description, "Author": "someone", "DigitalSourceType": AI})
    assert (found.tool, found.made_by, found.version) == ("service", "Midjourney", version)
    assert (found.prompt, found.negative_prompt, found.seed) == (prompt, negative, None)
    assert found.unknown_noise == "Midjourney does not publish how it draws its noise"


def test_a_description_is_that_of_midjourney_when_it_signed() -> None:
    text = "a red boat --ar 1:1"
    assert foreign_from_texts({"ImageDescription": text, "Software": "Midjourney"}).prompt == "a red boat"
    assert foreign_from_texts({"ImageDescription": text, "Software": "Paint"}) == ForeignRecord()


def test_one_plain_statement_for_people() -> None:
    found = foreign_from_texts({"C2PA": "ChatGPT; GPT-4o", "DigitalSourceType": "trainedAlgorithmicMedia"})
    assert foreign_lines(found) == [
        "tool             an online service",
        "made by          ChatGPT; there is no seed inside",
        "note             it has content credentials (C2PA) of ChatGPT; GPT-4o",
        "noise            cannot be rebuilt: ChatGPT writes no seed into its pictures",
        "DigitalSourceType trainedAlgorithmicMedia",
    ]


@pytest.mark.parametrize(
    ("texts", "made_by"),
    [
        ({"C2PA": "OpenAI Media Service API", "DigitalSourceType": AI}, "OpenAI"),
        ({"C2PA": "Adobe Firefly"}, "Adobe Firefly"),
        ({"C2PA": "Google C2PA Core Generator Library", "DigitalSourceType": AI}, "Google AI"),
        ({"C2PA": "Microsoft Designer"}, "Microsoft Designer"),
        ({"C2PA": "unknown", "DigitalSourceType": "compositeWithTrainedAlgorithmicMedia"}, ""),
        ({"Credit": "Made with Google AI"}, "Google AI"),
        ({"Author": "Midjourney", "DigitalSourceType": AI}, "Midjourney"),
        ({"Make": "Ideogram AI"}, "Ideogram"),
        ({"DigitalSourceType": AI}, ""),
        ({"AISystemUsed": "Leonardo.Ai"}, "Leonardo.Ai"),
        ({"ImageDescription": "Signature: " + "Ab1+" * 20, "Artist": JOB}, "Grok"),
        ({"AIGC": '{"Label":"1","ContentProducer":"0011","ProduceID":"x"}'}, ""),
        ({"AIGC": '{"Label":1,"ContentProducer":"jimeng"}'}, "Jimeng"),
        ({"UserComment": '{"AIGC":{"Label":"2","ContentProducer":"Kling AI"}}'}, "Kling"),
        ({"aigc_info": '{"aigc_label_type":0,"source_info":"dreamina"}'}, "Dreamina"),
        ({"Comment": json.dumps({"aigc_info": '{"aigc_label_type":1}', "product": "dreamina"})}, "Dreamina"),
    ],
)
def test_services_are_named(texts: dict[str, str], made_by: str) -> None:
    found = foreign_from_texts(texts)
    assert (found.tool, found.made_by, found.seed) == ("service", made_by, None)
    named = made_by or "an AI service that the file does not name"
    assert found.unknown_noise == f"{named} writes no seed into its pictures"
    assert foreign_lines(found)[1].startswith(f"made by          {named}")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (AI, "made by          Adobe Firefly; there is no seed inside"),
        (
            AI.replace("trained", "compositeWithTrained"),
            "made by          Adobe Firefly, which edited it; there is no seed inside",
        ),
    ],
)
def test_an_edited_picture_is_not_called_made(source: str, line: str) -> None:
    assert foreign_lines(foreign_from_texts({"C2PA": "Adobe Firefly", "DigitalSourceType": source}))[1] == line


def test_what_else_a_labelled_picture_says_is_kept() -> None:
    texts = {"DigitalSourceType": AI, "AIPromptInformation": "a red boat", "Title": "Boats", "Description": "x"}
    found = foreign_from_texts(texts)
    assert found.prompt == "a red boat"
    assert found.extra == (("DigitalSourceType", "trainedAlgorithmicMedia"), ("description", "Boats"))


def test_media_of_algorithms_without_training_are_not_called_ai_made() -> None:
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    assert foreign_from_texts({"DigitalSourceType": source}) == ForeignRecord()


@pytest.mark.parametrize("signer", ["Leica M11-P", "Sony ILCE-1", "Google Pixel Camera", "Adobe Photoshop"])
def test_a_photograph_with_credentials_is_not_called_ai_made(signer: str) -> None:
    for source in ("", CAPTURE):
        found = foreign_from_texts({"C2PA": signer, "DigitalSourceType": source})
        assert foreign_lines(found) == [
            f"note             it has content credentials (C2PA) of {signer}; they do not say that AI made it",
        ]


@pytest.mark.parametrize(
    "texts",
    [
        {"Artist": "Sora Tanaka", "Copyright": "Ernie and Krea"},
        {"Credit": "Gemini Studios", "Software": "Capture One"},
        {"Make": "Leica", "Author": "Dalle Brothers"},
    ],
)
def test_photographers_with_the_names_of_services_are_no_services(texts: dict[str, str]) -> None:
    assert foreign_from_texts(texts) == ForeignRecord()


def test_credentials_are_told_beside_the_settings_of_a_tool() -> None:
    found = foreign_from_texts({**A1111.texts, "C2PA": "Adobe Firefly", "DigitalSourceType": AI})
    assert (found.tool, found.seed, found.unknown_noise) == ("a1111", A1111.record.seed, "")
    assert found.notes == ("it has content credentials (C2PA) of Adobe Firefly",)


def test_a_label_that_says_no_is_no_label() -> None:
    edited = '{"aigc_info":"{\\"aigc_label_type\\":0,\\"source_info\\":\\"\\"}"}'
    assert foreign_from_texts({"aigc_info": '{"aigc_label_type":0,"source_info":""}'}).tool == "unknown"
    assert foreign_from_texts({"UserComment": edited}).tool == "unknown"


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({"parameters": '{"engine": "my-own", "n": 3}'}, "'parameters' (28 characters)"),
        ({"parameters": "engine=my-own; words=a boat"}, "'parameters' (27 characters)"),
        ({"prompt": "[a prompt of some other tool]"}, "'prompt' (29 characters)"),
        ({"prompt": '{"a": 1}'}, "'prompt' (8 characters)"),
        ({"Comment": '{"c": "x", "seed": 1}'}, "'Comment' (21 characters)"),
        ({"UserComment": '{"prompt": "x", "seed": 1}', "Make": "Leica"}, "'UserComment' (26 characters)"),
        ({"ImageDescription": "prompt = a; seed = 1"}, "'ImageDescription' (20 characters)"),
        ({"Sampling Parameters": "x"}, "'Sampling Parameters' (1 character)"),
        ({"own": '{"num_steps": 5}'}, "'own' (16 characters)"),
    ],
)
def test_text_that_is_not_understood_is_named(texts: dict[str, str], named: str) -> None:
    found = foreign_from_texts(texts)
    assert found.tool == "unknown"
    assert found.notes == (f"its text {named} is not understood; `latentpng inspect --raw` shows it",)


@pytest.mark.parametrize("keyword", ["Description", "Comment", "UserComment"])
def test_words_that_people_may_have_written_are_not_called_settings_of_a_tool(keyword: str) -> None:
    found = foreign_from_texts({keyword: "my aunt at the lake"})
    assert foreign_lines(found) == [
        f"note             its text '{keyword}' (19 characters) contains no settings that are known; "
        "`latentpng inspect --raw` shows it"
    ]
    two = foreign_from_texts({"Comment": "my aunt at the lake", "Description": "a summer long ago"})
    assert two.notes == (
        "its texts 'Comment' (19 characters), 'Description' (17 characters) contain no settings that are known; "
        "`latentpng inspect --raw` shows them",
    )


def test_several_texts_are_named_together() -> None:
    found = foreign_from_texts({"prompt": "[a b]", "Dream": "", "workflow": "x"})
    assert foreign_lines(found) == [
        "tool             an unknown tool",
        "note             its texts 'prompt' (5 characters), 'workflow' (1 character) are not understood; "
        "`latentpng inspect --raw` shows them",
    ]


@pytest.mark.parametrize(
    "texts",
    [
        {"Software": "gnome-screenshot", "Creation Time": "Thu 05 Feb 2026"},
        {"UserComment": "Screenshot"},
        {"Comment": "Created with GIMP"},
        {"Comment": "CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 90"},
        {"Comment": "Lavc58.91.100"},
        {"ImageDescription": "OLYMPUS DIGITAL CAMERA", "Make": "OLYMPUS", "Model": "E-M1"},
        {"UserComment": "a walk along the harbour wall", "Make": "FUJIFILM"},
        {"Description": "Boats at the harbour wall in June", "CreatorTool": "Adobe Photoshop 26"},
        {"Caption": "Boats at the harbour wall in June"},
        {"UserComment": '{"sensor_type":"rear","Hdr":"auto","AIScene":5}', "Make": "Xiaomi"},
        {"XPComment": "Type=N, Mode=P, DE=None", "Make": "DJI"},
        {"UserComment": "FBMD01000a9d01000066040000"},
        {"Comment": "Processed By a shop with ImageMagick"},
        {"UserComment": "\x01\x02\x03\x04\x05" * 9},
        {"Comment": "   \0"},
        {"Model": "E-M1"},
        {"own": '{"colour": 5}'},
        {"XML:com.adobe.xmp": "<x>seed steps prompt</x>"},
    ],
)
def test_texts_of_cameras_editors_and_screenshots_are_not_named(texts: dict[str, str]) -> None:
    assert foreign_from_texts(texts) == ForeignRecord()


def test_text_beside_that_of_latentpng_is_not_named() -> None:
    own = "a\nSteps: 1, Seed: 1, Version: latentpng 1"
    assert foreign_from_texts({"parameters": own, "Comment": "words of a program that nobody knows"}) == ForeignRecord()


WRONG: tuple[Json, ...] = (None, 1, [], {}, [[]], {"a": {}}, "x" * 5000)


@pytest.mark.parametrize("wrong", WRONG)
def test_labels_of_a_wrong_form_are_read_or_not(wrong: Json) -> None:
    for entries in (
        {"Label": wrong},
        {"AIGC": wrong},
        {"aigc_info": wrong, "Label": wrong},
        {"AIGC": {"Label": wrong}},
    ):
        for keyword in ("AIGC", "UserComment", "aigc_info"):
            foreign_lines(foreign_from_texts({keyword: json.dumps(entries)}))


@pytest.mark.parametrize(
    ("texts", "made_by"),
    [
        ({"Software": "NightCafe Studio", "Description": "a red boat"}, "NightCafe"),
        ({"CreatorTool": "PixAI"}, "PixAI"),
        ({"Software": "Craiyon"}, "Craiyon"),
        ({"Software": "stability.ai"}, "Stability AI"),
        ({"Title": "Made with Meta AI", "DigitalSourceType": AI}, "Meta AI"),
        ({"Credit": "Apple Image Playground", "DigitalSourceType": AI}, "Apple Image Playground"),
        ({"AIGC": '{"Label":"1","ContentProducer":"Qwen"}'}, "Qwen"),
    ],
)
def test_sites_without_settings_are_named(texts: dict[str, str], made_by: str) -> None:
    found = foreign_from_texts(texts)
    assert (found.tool, found.made_by) == ("service", made_by)


def test_a_title_that_names_a_site_signs_nothing() -> None:
    assert foreign_from_texts({"Title": "made with craiyon", "Author": "NightCafe"}) == ForeignRecord()
    assert foreign_from_texts({"Software": "Krita AI Diffusion"}) == ForeignRecord()


def test_the_programs_of_black_forest_labs_name_the_model_as_a_camera() -> None:
    tags = {"Software": "AI generated;img2img;flux", "Make": "Black Forest Labs", "Model": "flux-dev"}
    assert foreign_lines(foreign_from_texts({**tags, "ImageDescription": "a red boat"})) == [
        "tool             an online service",
        "made by          Black Forest Labs; there is no seed inside",
        "prompt           a red boat",
        "model            flux-dev",
        "noise            cannot be rebuilt: Black Forest Labs writes no seed into its pictures",
        "pass img2img     mode img2img;flux",
    ]


def test_the_version_of_a_service_stands_behind_its_name() -> None:
    found = foreign_from_texts({"Description": "a red boat --v 6.1 Job ID: 0a1b2c3d-1111-2222-3333-123456789abc"})
    assert foreign_lines(found)[:2] == [
        "tool             an online service",
        "made by          Midjourney 6.1; there is no seed inside",
    ]
