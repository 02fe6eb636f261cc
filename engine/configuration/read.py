"""Read the configuration file.  Every mistake in it is one sentence with the file and, where it can be told, the line.

What a value means is checked where options are: `engine.profiles`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from engine.configuration.durations import seconds_of
from engine.configuration.kinds import DURATION, NUMBER, TEXT, TEXT_OR_WHOLE, TEXTS, TRUTH, WHOLE, is_of, listed, short
from engine.configuration.lines import key_lines
from engine.configuration.values import (
    AHEAD_RULE,
    FIRST,
    FOLDER_KEYS,
    MAX_PICTURE_MEMORY,
    MIN_PICTURE_MEMORY,
    Configuration,
    Profile,
    is_ahead,
)
from engine.errors import InvalidRequestError
from latentpng.text import plain

VARIABLE = "WARMER_CONFIG"
"""The environment variable that names a different file."""
GRAPHICS = ("auto", "kitty", "sixel", "octant", "sextant", "quadrant", "halfcell")
_MAX_BYTES = 2**18
_LONG_KEY = re.compile(r"""(?:(?:[\w-]{1,40}+|"[^"\n]{0,40}+"|'[^'\n]{0,40}+')[ \t]*+\.[ \t]*+){64}""")
_MAX_SENTENCE = 600  # characters of a mistake: a key or a value may be as long as the file
_MAX_NEAR = 100  # characters of a key that is compared with those that are known
TOP: Mapping[str, str] = {
    "model": TEXT,
    "profile": TEXT,
    "graphics": TEXT,
    "theme": TEXT,
    "first": TEXT,
    "ahead": TEXT_OR_WHOLE,
    "draft": TRUTH,
    "picture_memory": WHOLE,
    "keep_alive": DURATION,
}
"""The keys outside of tables, and what each has to be."""
FOLDERS: Mapping[str, str] = dict.fromkeys((*FOLDER_KEYS, "roots"), TEXTS)
"""The keys of `[folders]`."""
PROFILE: Mapping[str, str] = {
    "model": TEXT,
    "config": TEXT,
    "prediction": TEXT,
    "loras": TEXTS,
    "vae": TEXT,
    "text_encoders": TEXTS,
    "preview_vae": TEXT,
    "steps": WHOLE,
    "guidance": NUMBER,
    "scheduler": TEXT,
    "negative": TEXT,
    "size": TEXT,
    "prompt_style": TEXT,
    "clip_skip": WHOLE,
    "memory": TEXT,
    "dtype": TEXT,
    "attention": TEXT,
}
"""The keys of a profile, and what each has to be."""
_ELSEWHERE: Mapping[str, str] = {
    "cfg": "guidance",
    "cfg_scale": "guidance",
    "checkpoint": "model",
    "checkpoints": "models",
    "guidance_scale": "guidance",
    "lora": "loras",
    "negative_prompt": "negative",
    "num_inference_steps": "steps",
    "resolution": "size",
    "sampler": "scheduler",
    "stable_diffusion": "models",
    "vae_approx": "preview_vaes",
}
"""What other programs call these keys."""


def configuration_path() -> Path:
    """Return the configuration file of this user, whether it exists or not."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_config_path("warmer", appauthor=False) / "config.toml"


def read_configuration(path: Path | None = None) -> Configuration:
    """Read the configuration file; without one, everything is empty.

    Args:
        path: The file; None for that of this user.

    Raises:
        InvalidRequestError: The file cannot be read, is no TOML, or has a key or a value that makes no sense; or the
            environment variable names a file that does not exist.
    """
    file = path or configuration_path()
    try:
        text = _text_of(file)
    except FileNotFoundError:
        if path is None and os.environ.get(VARIABLE):
            raise InvalidRequestError(
                f"{VARIABLE} names {file}, which does not exist: create it with `warmer config --edit`"
            ) from None
        return Configuration(path=file)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequestError(f"{file}: the configuration file cannot be read: {why}") from error
    return parsed(text, file)


def _text_of(file: Path) -> str:
    """The text of a file; a pipe, which would be waited for, and a file that cannot be a configuration are refused."""
    mode = file.stat().st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        kind = "pipe" if stat.S_ISFIFO(mode) else "device"
        raise InvalidRequestError(f"{file}: the configuration file cannot be read: it is a {kind}")
    with file.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InvalidRequestError(f"{file}: the configuration file cannot be read: it has more than {_MAX_BYTES} bytes")
    return data.decode("utf-8-sig")


def parsed(text: str, file: Path) -> Configuration:
    """Return what the text of a configuration file says.

    Args:
        text: The text.
        file: Its path, for messages, and for what relative folders are relative to.

    Raises:
        InvalidRequestError: As `read_configuration`.
    """
    import tomllib  # not before there is a file: the first paint waits for this

    if _LONG_KEY.search(text):  # the parser takes time and memory that grow with the square of its parts
        raise InvalidRequestError(f"{file}: this is not TOML: a key has too many parts")
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a plain ValueError for a number of thousands of digits
        raise InvalidRequestError(_why_no_toml(error, text, file)) from error
    return _Reader(file=file, lines=key_lines(text)).configuration(values)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Checks keys and kinds; knows where each key stands."""

    file: Path
    lines: Mapping[tuple[str, ...], int]

    def configuration(self, values: Mapping[str, Any]) -> Configuration:
        self._check_keys((), values, {**TOP, "folders": "", "profiles": ""})
        folders = self._table(("folders",), values.get("folders", {}))
        self._check_keys(("folders",), folders, FOLDERS)
        profiles = self._table(("profiles",), values.get("profiles", {}))
        found = Configuration(
            path=self.file,
            exists=True,
            folders={key: self._paths(folders[key]) for key in FOLDER_KEYS if key in folders},
            roots=self._paths(folders.get("roots", ())),
            model=values.get("model", ""),
            profile=values.get("profile", ""),
            profiles={name: self._profile(name, entry) for name, entry in profiles.items()},
            graphics=values.get("graphics", ""),
            theme=values.get("theme", ""),
            first=values.get("first", ""),
            ahead=str(values.get("ahead", "")),
            draft=values.get("draft"),
            picture_memory=values.get("picture_memory"),
            keep_alive=values.get("keep_alive"),
            lines={".".join(path): line for path, line in self.lines.items() if path[:1] != ("profiles",)},
        )
        self._check_values(found)
        return found

    def _profile(self, name: str, entry: object) -> Profile:
        path = ("profiles", name)
        values = self._table(path, entry)
        self._check_keys(path, values, PROFILE)
        return Profile(
            name=name,
            values={key: tuple(listed(value)) if PROFILE[key] == TEXTS else value for key, value in values.items()},
            lines={key: self.lines[*path, key] for key in values if (*path, key) in self.lines},
        )

    def _check_values(self, found: Configuration) -> None:
        if found.graphics and found.graphics not in GRAPHICS:
            raise self._mistake(("graphics",), f"graphics is one of {', '.join(GRAPHICS)}, found {found.graphics!r}")
        if found.first and found.first not in FIRST:
            raise self._mistake(("first",), f"first is one of {', '.join(FIRST)}, found {found.first!r}")
        if found.ahead and not is_ahead(found.ahead):
            raise self._mistake(("ahead",), f"{AHEAD_RULE}, found {found.ahead!r}")
        memory = found.picture_memory
        if memory is not None and not MIN_PICTURE_MEMORY <= memory <= MAX_PICTURE_MEMORY:
            limits = f"from {MIN_PICTURE_MEMORY} to {MAX_PICTURE_MEMORY:,}"
            raise self._mistake(("picture_memory",), f"picture_memory is a number of MiB {limits}, found {memory}")
        if found.keep_alive is not None:
            try:
                seconds_of(found.keep_alive)
            except InvalidRequestError as error:
                raise self._mistake(("keep_alive",), f"keep_alive is {error}") from error
        if found.profile and found.profile not in found.profiles:
            raise self._mistake(("profile",), no_profile(found, found.profile))

    def _table(self, path: tuple[str, ...], value: object) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        raise self._mistake(path, f"{'.'.join(path)} is a table, written [{'.'.join(path)}], found {short(value)}")

    def _check_keys(self, path: tuple[str, ...], values: Mapping[str, Any], known: Mapping[str, str]) -> None:
        for key, value in values.items():
            if key not in known:
                raise self._mistake((*path, key), _unknown((*path, key)))
            if known[key] and not is_of(known[key], value):
                name = ".".join((*path, key))
                hint = "; profiles are written [profiles.NAME]" if name == "profile" else ""
                raise self._mistake((*path, key), f"{name} is {known[key]}, found {short(value)}{hint}")

    def _paths(self, value: object) -> tuple[Path, ...]:
        """Absolute paths; a relative one is relative to the folder of the file."""
        home = os.path.expanduser  # Path's raises for unknown users
        return tuple(self.file.parent.absolute() / home(text) for text in listed(value) if text)

    def _mistake(self, path: tuple[str, ...], sentence: str) -> InvalidRequestError:
        below = (line for key, line in self.lines.items() if key[: len(path)] == path)
        line = self.lines.get(path) or next(below, 0)
        place = f"{self.file}, line {line}" if line else str(self.file)
        return InvalidRequestError(f"{place}: {plain(sentence, _MAX_SENTENCE)}")


def no_profile(configuration: Configuration, name: str) -> str:
    """Return the sentence that there is no profile of a name."""
    if not configuration.profiles:
        return f"there is no profile {name!r}: no profiles are defined, write one as [profiles.NAME]"
    from difflib import get_close_matches

    near = get_close_matches(name, configuration.profiles, n=1, cutoff=0.5)
    meant = f"; do you mean {near[0]!r}?" if near else ""
    return f"there is no profile {name!r}; the profiles are {', '.join(configuration.profiles)}{meant}"


def _why_no_toml(error: Exception, text: str, file: Path) -> str:
    """A sentence with the line that the parser names at the end of its message, if it does."""
    match = re.fullmatch(r"(.*?) \((?:at line (\d+), column \d+|at end of document)\)", str(error), re.DOTALL)
    if match is None:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"
        return f"{file}: this is not TOML: {reason}"
    reason, line = match[1], match[2] or str(len(text.splitlines()) or 1)
    return f"{file}, line {line}: this is not TOML: {plain(f'{reason[:1].lower()}{reason[1:]}', _MAX_SENTENCE)}"


def _unknown(path: tuple[str, ...]) -> str:
    """A sentence with the nearest key that is known, in any table: people put keys into the wrong one."""
    from difflib import SequenceMatcher

    profile = f"profiles.{path[1]}" if path[0] == "profiles" and len(path) > 2 else "profiles.NAME"
    tables = {"": [*TOP, "folders", "profiles"], "folders": list(FOLDERS), profile: list(PROFILE)}
    own = ".".join(path[:-1])
    ordered = sorted(tables, key=lambda table: table != own)  # its own table first: the first of equals is taken
    dotted = {f"{table}.{key}" if table else key: key for table in ordered for key in tables[table]}
    meant = _ELSEWHERE.get(path[-1].casefold(), path[-1])
    scores = {name: SequenceMatcher(None, meant[:_MAX_NEAR], key).ratio() for name, key in dotted.items()}
    best = max(scores, key=lambda name: scores[name] + (0.1 if name in _names(own, tables) else 0.0))
    return f"there is no key {'.'.join(path)}; the nearest one is {best}"


def _names(own: str, tables: Mapping[str, list[str]]) -> list[str]:
    return [f"{own}.{key}" if own else key for key in tables.get(own, [])]
