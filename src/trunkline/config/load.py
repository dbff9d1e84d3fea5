"""From a TOML file to a Config: read, fill in the environment, check, and say precisely what is wrong."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from trunkline.config.errors import ConfigError
from trunkline.config.schema import Config, ModelConfig, PlanConfig

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOML_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")

T = TypeVar("T", ModelConfig, PlanConfig)
Value = object
"""A TOML value: str, int, float, bool, date, list or table."""


def read(path: Path) -> str:
    """The file's text. Raises ConfigError for everything that can be wrong, its absence included."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigError("", f"cannot read the file: {reason}", file=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("", "expected a UTF-8 text file", file=str(path)) from None


def parse(text: str, environ: Mapping[str, str], file: str = "") -> Config:
    """`file` is for messages only."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        reason = _TOML_PLACE.sub("", str(error))
        raise ConfigError("", f"not valid TOML: {reason}", file=file, line=line) from None
    try:
        return _convert(_fill(tree, environ, ()))
    except ConfigError as error:
        raise place_error(error, text, file) from None


def says_anything(text: str) -> bool:
    """Whether a file that can be parsed sets a value or opens a table: comments alone say nothing."""
    return bool(tomllib.loads(text))


def _convert(tree: Value) -> Config:
    """Named tables are converted one by one, so that an error names the one it is in."""
    if not isinstance(tree, dict):
        raise ConfigError("", "expected a table")
    providers = {
        name: msgspec.Raw(msgspec.json.encode(leaf)) for name, leaf in _tables(tree, "providers")
    }
    models = _named(tree, "models", ModelConfig)
    plans = _named(tree, "plans", PlanConfig)
    named = {"providers": providers, "models": models, "plans": plans}
    try:
        return msgspec.convert({**tree, **named}, Config)
    except msgspec.ValidationError as error:
        raise validation_error(error, "") from None


def _named(tree: Mapping[str, Value], key: str, kind: type[T]) -> Mapping[str, T]:
    named = {}
    for name, leaf in _tables(tree, key):
        try:
            named[name] = msgspec.convert(leaf, kind)
        except msgspec.ValidationError as error:
            raise validation_error(error, f"{key}.{name}") from None
    return named


def _tables(tree: Mapping[str, Value], key: str) -> list[tuple[str, Value]]:
    tables = tree.get(key, {})
    if not isinstance(tables, dict):
        raise ConfigError(key, "expected a table of tables")
    for name, leaf in tables.items():
        if not isinstance(leaf, dict):
            raise ConfigError(f"{key}.{name}", "expected a table")
    return list(tables.items())


def place_error(error: ConfigError, text: str, file: str) -> ConfigError:
    """The same error with the file and the line of its key."""
    return ConfigError(error.key, error.expected, file=file, line=line_of(text, error.key))


def line_of(text: str, key: str) -> int:
    """
    The line (from 1) that sets a dotted key or opens its table; 0 when there is none.

    The deepest part of the key that the file spells out wins, so a missing key points at
    the table it is missing from.
    """
    found, table = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _bare(stripped.strip("[] \t").split("#")[0].rstrip("] \t"))
            here = table
        else:
            name, equals, _ = stripped.partition("=")
            if not equals or stripped.startswith("#"):
                continue
            here = f"{table}.{_bare(name)}" if table else _bare(name)
        if key == here:
            return number
        if key.startswith((here + ".", here + "[")):
            found = number
    return found


def _bare(key: str) -> str:
    return key.replace('"', "").replace("'", "").replace(" ", "")


def filled(text: str, environ: Mapping[str, str], name: str) -> str:
    """A setting from elsewhere than the file. Raises ConfigError, for what has this name."""
    return str(_fill(text, environ, (name,)))


def _fill(value: Value, environ: Mapping[str, str], path: tuple[str, ...]) -> Value:
    """Replace `${NAME}` in every string by the environment's value."""
    if isinstance(value, dict):
        return {k: _fill(v, environ, (*path, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, environ, path) for v in value]
    if isinstance(value, str):

        def look_up(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in environ:
                raise ConfigError(".".join(path), f"the environment variable {name} is not set")
            return environ[name]

        return _REFERENCE.sub(look_up, value)
    return value


def validation_error(error: msgspec.ValidationError, prefix: str) -> ConfigError:
    """A complaint of msgspec like "Expected `int`, got `str` - at `$.server.port`" as our key and expectation."""
    expected, _, where = str(error).partition(" - at ")
    key = where.replace("`", "").removeprefix("key in ").removeprefix("$").removeprefix(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.+)`", expected)
    missing = re.fullmatch(r"Object missing required field `(.+)`", expected)
    named = unknown or missing
    if unknown:
        expected = "unknown key; see trunkline.example.toml for those there are"
    elif missing:
        expected = "is required"
    parts = (prefix, key, named.group(1) if named else "")
    return ConfigError(".".join(p for p in parts if p), expected[:1].lower() + expected[1:])
