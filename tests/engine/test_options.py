"""Devices: one, or several joined by commas."""

from __future__ import annotations

import re

import pytest

from engine.errors import InvalidRequestError
from engine.options import Options, devices_of, first_device, parse_device
from engine.target import target_for_prompt


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("auto", ("auto",)),
        ("cuda:1", ("cuda:1",)),
        (" cuda:0, cuda:1 ", ("cuda:0", "cuda:1")),
        ("cpu,cpu", ("cpu",) * 2),
    ],
)
def test_a_list_of_devices_is_read_in_its_order(text: str, devices: tuple[str, ...]) -> None:
    assert devices_of(parse_device(text)) == devices
    assert first_device(text) == devices[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the name of a device is missing, found ''"),
        ("cpu,", "the name of a device is missing, found 'cpu,'"),
        ("cpu,auto", "auto is no name for one of several devices: name each of them, found 'cpu,auto'"),
    ],
)
def test_a_list_that_names_no_devices_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{re.escape(sentence)}$"):
        parse_device(text)


def test_the_first_device_stands_for_all_in_a_request() -> None:
    assert target_for_prompt(Options(device="cpu,cpu"), "a lake").load.device == "cpu"
