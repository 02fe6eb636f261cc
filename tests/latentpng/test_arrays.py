"""Noise files: other programs open what is written, and nothing that a file claims is trusted."""

from __future__ import annotations

import io
import json
import math
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from latentpng.arrays import read_noise, tensor_file
from latentpng.errors import InvalidValueError, UnreadableFileError
from latentpng.noise.gauss1 import gauss1

NOISE = gauss1(5, 0, 2 * 4 * 6).reshape(2, 4, 6).astype(np.float16)


def safetensors(data: bytes) -> tuple[dict[str, object], bytes]:
    """Return header and values of a safetensors file, by its documentation alone."""
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def numbers(data: bytes, entry: object) -> list[float]:
    """Return the float16 values of an entry."""
    assert isinstance(entry, dict)
    start, end = entry["data_offsets"]
    assert (entry["dtype"], end - start) == ("F16", 2 * math.prod(entry["shape"]))
    return list(struct.unpack(f"<{(end - start) // 2}e", data[start:end]))


def test_a_latent_has_the_keys_that_comfyui_reads() -> None:
    header, values = safetensors(tensor_file(NOISE, "CHW", ".latent"))
    assert set(header) == {"__metadata__", "latent_format_version_0", "latent_tensor"}
    assert header["__metadata__"] == {"axes": "NCHW"}
    assert header["latent_format_version_0"] == {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}
    assert header["latent_tensor"] == {"dtype": "F16", "shape": [1, 2, 4, 6], "data_offsets": [0, 96]}
    assert len(values) == 96
    assert numbers(values, header["latent_tensor"]) == NOISE.ravel().tolist()


def test_comfyuis_library_opens_it_and_its_rule_gives_unit_noise(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    (tmp_path / "a.latent").write_bytes(tensor_file(NOISE, "CHW", ".latent"))
    found = load_file(tmp_path / "a.latent")
    # the rule of LoadLatent in ComfyUI's nodes.py: files without the key of version 0 are of the days before scaling
    multiplier = 1.0 if "latent_format_version_0" in found else 1.0 / 0.18215
    assert np.array_equal(found["latent_tensor"].astype(np.float32) * multiplier, NOISE.astype(np.float32)[np.newaxis])


@pytest.mark.parametrize(
    ("axes", "shape"), [("CHW", (2, 4, 6)), ("HWC", (4, 6, 2)), ("NCHW", (3, 2, 4, 6)), ("1HWC", (1, 4, 6, 2))]
)
def test_axes_come_in_the_order_of_comfyui(axes: str, shape: tuple[int, ...]) -> None:
    noise = gauss1(5, 0, math.prod(shape)).reshape(shape).astype(np.float16)
    header, values = safetensors(tensor_file(noise, axes, ".latent"))
    entry = header["latent_tensor"]
    assert isinstance(entry, dict)
    batch = math.prod(shape) // 48
    assert entry["shape"] == [batch, 2, 4, 6]
    places = [dict(zip("NCHW", index, strict=True)) for index in np.ndindex(batch, 2, 4, 6)]
    expected = [float(noise[tuple(place["N" if axis == "1" else axis] for axis in axes)]) for place in places]
    assert numbers(values, entry) == expected


@pytest.mark.parametrize(("axes", "shape"), [("LC", (6, 4)), ("HW", (8, 8)), ("L", (5,)), ("TCHW", (2, 2, 4, 4))])
def test_noise_without_channels_height_and_width_is_no_latent_file(axes: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        tensor_file(np.ones(shape, np.float16), axes, ".latent")
    assert str(caught.value) == f"a .latent has the axes C, H and W, and perhaps N or 1, found {axes!r}"


@pytest.mark.parametrize(("suffix", "axes"), [(".npy", ""), (".safetensors", "HWC")])
def test_what_we_write_we_read(tmp_path: Path, suffix: str, axes: str) -> None:
    (tmp_path / "x").write_bytes(tensor_file(NOISE, "HWC", suffix))
    found = read_noise(tmp_path / "x")
    assert (found.noise.dtype.name, found.noise.shape) == ("float16", (2, 4, 6))
    assert found.noise.tobytes() == NOISE.tobytes()
    assert (found.axes, found.notes) == (axes, ())


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
def test_numpys_own_files_are_read_in_every_precision_and_order(tmp_path: Path, dtype: str) -> None:
    exact = NOISE.astype(dtype)
    np.save(tmp_path / "x.npy", exact)
    found = read_noise(tmp_path / "x.npy")
    assert np.array_equal(found.noise, NOISE)
    assert found.notes == ()


@pytest.mark.parametrize(("dtype", "name"), [(np.float32, "F32"), (np.float64, "F64")])
def test_values_are_rounded_as_the_format_rounds_and_a_note_says_so(tmp_path: Path, dtype: type, name: str) -> None:
    fine = np.concatenate([gauss1(5, 0, 62).astype(dtype), [dtype(1 + 2**-11 + 2**-40), dtype(2**-24)]])
    half = [struct.unpack("<e", struct.pack("<e", struct.unpack("<f", struct.pack("<f", x))[0]))[0] for x in fine]
    header = {"a": {"dtype": name, "shape": [64], "data_offsets": [0, fine.nbytes]}}
    np.save(tmp_path / "x.npy", fine)
    (tmp_path / "x.safetensors").write_bytes(written(header, fine.tobytes()))
    for path in (tmp_path / "x.npy", tmp_path / "x.safetensors"):
        found = read_noise(path)
        assert found.noise.tolist() == half
        assert found.notes == (f"{path}: {np.dtype(dtype).name} was rounded to float16, the precision of the format",)


def written(header: object, values: bytes) -> bytes:
    """Return a safetensors file."""
    text = json.dumps(header, ensure_ascii=False).encode()
    return struct.pack("<Q", len(text)) + text + values


def entry(dtype: object = "F16", shape: object = (48,), offsets: object = (0, 96)) -> dict[str, object]:
    """Return the entry of a tensor in the header of a safetensors file."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_one_tensor_is_taken_or_the_one_called_noise(tmp_path: Path) -> None:
    values = bytes(96) + NOISE.tobytes()
    header = {"__metadata__": {"月": "\U0001f600"}, "a": entry(), "noise": entry(shape=[6, 8], offsets=[96, 192])}
    (tmp_path / "x").write_bytes(written(header, values))
    assert np.array_equal(read_noise(tmp_path / "x").noise, NOISE.reshape(6, 8))
    del header["a"]
    (tmp_path / "x").write_bytes(written({"other": header["noise"]}, values))
    assert np.array_equal(read_noise(tmp_path / "x").noise, NOISE.reshape(6, 8))


@pytest.mark.parametrize(
    ("deviation", "mean", "found"),
    [(14.5, 0.0, "0 and 14.5"), (1.0, 1.0, "1 and 1"), (0.0, 0.0, "0 and 0"), (1.0, 0.0, ""), (1.125, 0.125, "")],
)
def test_values_that_are_not_unit_noise_get_a_note(tmp_path: Path, deviation: float, mean: float, found: str) -> None:
    values = np.array([mean - deviation, mean + deviation] * 2048, np.float16)
    (tmp_path / "x").write_bytes(tensor_file(values, "L", ".npy"))
    sentence = (
        f"{tmp_path}/x: this does not look like unit noise: mean 0 and standard deviation 1 expected, found {found}"
    )
    assert read_noise(tmp_path / "x").notes == ((sentence,) if found else ())


@pytest.mark.parametrize("size", [1, 2, 3, 10, 100, 10_000])
def test_real_noise_of_any_size_gets_no_note(tmp_path: Path, size: int) -> None:
    for seed in range(50):
        (tmp_path / "x").write_bytes(tensor_file(gauss1(seed, 0, size).astype(np.float16), "L", ".npy"))
        assert read_noise(tmp_path / "x").notes == ()


def npy(header: str, values: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """Return a .npy file."""
    size = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + header.encode("latin-1") + values


def npy_header(descr: str = "'<f2'", order: str = "False", shape: str = "(48,)") -> str:
    """Return a header as numpy writes it."""
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


OBJECT = "{'descr': '|O', 'fortran_order': False, 'shape': (48,), }"
LARGE = "1 to 2097152 elements needed, found dimensions"
BEYOND = "finite values below 65520 needed, found larger ones, infinity or NaN"
NEITHER = "it is neither .npy nor .safetensors"
BAD = {
    "empty": (b"", NEITHER),
    "zip": (b"PK\3\4" + bytes(200), NEITHER),
    "pickle": (b"\x80\4]\x94.", NEITHER),
    "magic alone": (b"\x93NUMPY", ".npy of version 1.0 needed, found "),
    "version 2": (npy(npy_header(), NOISE.tobytes(), b"\2\0"), ".npy of version 1.0 needed, found 2.0"),
    "version 3": (npy(npy_header(), NOISE.tobytes(), b"\3\0"), ".npy of version 1.0 needed, found 3.0"),
    "no header": (npy(""), "an array of float16, float32 or float64 needed, found ''"),
    "long header": (npy(" " * 1025), "a .npy header of at most 1024 bytes needed, found 1025"),
    "objects": (npy(OBJECT), f"an array of float16, float32 or float64 needed, found {OBJECT!r}"),
    "code": (npy("__import__('os')"), "an array of float16, float32 or float64 needed, found \"__import__('os')\""),
    "Fortran": (
        npy(npy_header(order="True"), NOISE.tobytes()),
        "C order needed, found Fortran order; numpy.ascontiguousarray converts it",
    ),
    "huge": (npy(npy_header(shape="(2147483648, 2147483648)")), f"{LARGE} [2147483648, 2147483648]"),
    "large": (npy(npy_header(shape="(2097153,)")), f"{LARGE} [2097153]"),
    "nothing": (npy(npy_header(shape="(0,)")), f"{LARGE} [0]"),
    "number": (npy(npy_header(shape="()")), "1 to 4 dimensions needed, found 0"),
    "five axes": (npy(npy_header(shape="(1, 1, 1, 1, 1)")), "1 to 4 dimensions needed, found 5"),
    "cut": (npy(npy_header(), NOISE.tobytes()[:-1]), "96 bytes of values needed, found 95"),
    "longer": (npy(npy_header(), NOISE.tobytes() + b"\0"), "unexpected bytes follow the values"),
    "not a number": (npy(npy_header(shape="(1,)"), b"\0\x7e"), BEYOND),
    "beyond float16": (
        npy(npy_header("'<f4'", shape="(1,)"), struct.pack("<f", 65520)),
        BEYOND,
    ),
    "beyond float32": (
        npy(npy_header("'<f8'", shape="(1,)"), struct.pack("<d", 1e300)),
        BEYOND,
    ),
    "header beyond the file": (struct.pack("<Q", 200) + b"{}", NEITHER),
    "header of 2^63 bytes": (struct.pack("<Q", 2**63) + b"{}", NEITHER),
    "no JSON": (struct.pack("<Q", 4) + b'{"a}', "JSON needed, found an error at 1 (Unterminated string starting at)"),
    "no UTF-8": (struct.pack("<Q", 3) + b"{\xff}", "a header in UTF-8 needed, found byte 0xff"),
    "no tensor": (written({}, b""), "one tensor, or one named 'noise', needed, found 0"),
    "two tensors": (
        written({"a": entry(), "b": entry()}, NOISE.tobytes()),
        "one tensor, or one named 'noise', needed, found 2",
    ),
    "text": (written({"a": "F16"}, b""), "a tensor of F16, F32 or F64 needed, found None"),
    "BF16": (written({"a": entry("BF16")}, NOISE.tobytes()), "a tensor of F16, F32 or F64 needed, found 'BF16'"),
    "strange dtype": (written({"a": entry([])}, NOISE.tobytes()), "a tensor of F16, F32 or F64 needed, found []"),
    "no shape": (written({"a": entry(shape=3)}, b""), "shape is a list, found 3"),
    "no offsets": (written({"a": {"dtype": "F16", "shape": [48]}}, b""), "data_offsets is missing"),
    "negative": (
        written({"a": entry(offsets=[-1, 95])}, b""),
        "data_offsets is a list of whole numbers from 0 to 2^48 - 1, found [-1, 95]",
    ),
    "endless": (
        written({"a": entry(offsets=[2**60, 2**60 + 96])}, b""),
        f"data_offsets is a list of whole numbers from 0 to 2^48 - 1, found [{2**60}, {2**60 + 96}]",
    ),
    "true": (
        written({"a": entry(shape=[True])}, b""),
        "shape is a list of whole numbers from 0 to 2^48 - 1, found [True]",
    ),
    "one offset": (written({"a": entry(offsets=[0])}, b""), "two data_offsets needed, found 1"),
    "huge tensor": (written({"a": entry(shape=[2**40])}, b""), f"{LARGE} [{2**40}]"),
    "other size": (written({"a": entry(offsets=[0, 95])}, b""), "data_offsets of 96 bytes needed, found 95"),
    "cut tensor": (written({"a": entry()}, bytes(95)), "96 bytes of values needed, found 95"),
    "far tensor": (written({"a": entry(offsets=[2**40, 2**40 + 96])}, b""), "96 bytes of values needed, found 0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_ends_in_one_sentence(tmp_path: Path, kind: str) -> None:
    data, message = BAD[kind]
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UnreadableFileError) as caught:
        read_noise(tmp_path / "x")
    assert str(caught.value) == f"{tmp_path}/x: {message}"


def test_what_a_header_claims_takes_no_memory(tmp_path: Path) -> None:
    for kind in ("huge", "large", "long header", "header of 2^63 bytes", "endless", "huge tensor", "far tensor"):
        (tmp_path / "x").write_bytes(BAD[kind][0])
        tracemalloc.start()
        try:
            with pytest.raises(UnreadableFileError):
                read_noise(tmp_path / "x")
            assert tracemalloc.get_traced_memory()[1] < 2**18, kind
        finally:
            tracemalloc.stop()


def test_a_missing_file_ends_in_one_sentence(tmp_path: Path) -> None:
    for name, message in {
        "no": "it cannot be read (No such file or directory)",
        "": "it cannot be read (Is a directory)",
        "a\0": "this is not a valid file name",
    }.items():
        with pytest.raises(UnreadableFileError) as caught:
            read_noise(f"{tmp_path}/{name}")
        assert str(caught.value) == f"{tmp_path}/{name}: {message}".replace("\0", "")


GOOD = {
    "npy": npy(npy_header(), NOISE.tobytes()),
    "safetensors": written({"__metadata__": {"axes": "L"}, "noise": entry()}, NOISE.tobytes()),
}


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 200), st.binary(max_size=8), st.booleans())
@example("npy", 0, b"\x93NUMPY\1\0", False)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_files_raise_only_our_error(tmp_path: Path, kind: str, at: int, new: bytes, cut: bool) -> None:
    data = GOOD[kind]
    (tmp_path / "x").write_bytes(data[:at] + new + (b"" if cut else data[at + len(new) :]))
    try:
        noise = read_noise(tmp_path / "x").noise
    except UnreadableFileError:
        return
    assert np.isfinite(noise).all()


def test_numpys_reader_agrees_on_the_good_file() -> None:
    assert np.array_equal(np.load(io.BytesIO(GOOD["npy"])), NOISE.ravel())
