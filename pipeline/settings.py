"""A configuration is a frozen dataclass; each of its fields says where its value comes from, and can be set from the command line.

An origin begins with `paper:` (LLaMA states it), `code:` (the implementation that the paper cites has it) or `ours:` (neither does; then the reason).
"""

import dataclasses
import difflib
import hashlib
import json
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

Config = TypeVar("Config")
ORIGINS = ("paper:", "code:", "ours:")


class SettingError(ValueError):
    """A field that does not exist, or a value that its type or its rule refuses."""


def setting(default: Any, origin: str, path: bool = False) -> Any:
    """A field of a configuration with the origin of its default value. With `path` it says where a file lies: its content shapes the output, not the path."""
    if not origin.startswith(ORIGINS):
        raise SettingError(f"an origin begins with one of {', '.join(ORIGINS)}: {origin!r}")
    if dataclasses.is_dataclass(default):
        return dataclasses.field(default_factory=lambda: default, metadata={"origin": origin})
    return dataclasses.field(default=default, metadata={"origin": origin, "path": path})


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raises SettingError where `value` is none of `allowed`."""
    if value not in allowed:
        raise SettingError(f"{name} is one of {', '.join(allowed)}, not {value!r}{did_you_mean(value, allowed)}")


def did_you_mean(wrong: str, known: Sequence[str]) -> str:
    """`; did you mean X?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def fields(config: Any, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """(dotted name, value, origin) of every field, nested configurations included."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from fields(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value, field.metadata.get("origin", "")


def described(config: Any) -> dict[str, dict[str, Any]]:
    """Every field with its value and its origin, as manifests hold them."""
    return {
        name: {"value": sorted(value) if isinstance(value, frozenset) else value, "origin": origin}
        for name, value, origin in fields(config)
    }


def has(config: Any, assignment: str) -> bool:
    """Whether the configuration has the field that `name=value` names."""
    return assignment.partition("=")[0].strip() in [name for name, _, _ in fields(config)]


def change(config: Config, assignments: Sequence[str]) -> Config:
    """The configuration with `name=value` applied in order; names are dotted.

    Raises SettingError for an unknown name (with the nearest known one) and for a value of the wrong type.
    """
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise SettingError(f"--set takes field=value, found {assignment!r}")
        known = [field for field, _, _ in fields(config)]
        if name not in known:
            raise SettingError(f"there is no field {name!r}{did_you_mean(name, known)} The fields are: {', '.join(known)}")
        config = _set(config, name, text, name)
    return config


def _set(config: Config, name: str, text: str, whole: str) -> Config:
    head, dot, rest = name.partition(".")
    new = _set(getattr(config, head), rest, text, whole) if dot else parse(text, typing.get_type_hints(type(config))[head], whole)
    return dataclasses.replace(config, **{head: new})  # type: ignore[type-var]


def parse(text: str, kind: Any, name: str) -> Any:
    """The value that `text` means for a field of type `kind`; `none` and `any` mean None where the type allows it."""
    options = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    if types.NoneType in options and text.lower() in ("none", "any"):
        return None
    (kind,) = [option for option in options if option is not types.NoneType]
    collection = typing.get_origin(kind)
    if collection in (tuple, frozenset):
        values = collection(part.strip() for part in text.split(",") if part.strip())
        if not values:
            raise SettingError(f"{name} takes a list such as a,b; found {text!r}")
        return values
    if typing.get_origin(kind) is typing.Literal:
        one_of(name, text, typing.get_args(kind))
        return text
    if kind is bool:
        one_of(name, text.lower(), ("true", "false"))
        return text.lower() == "true"
    try:
        return kind(text)
    except ValueError:
        raise SettingError(f"{name} takes {kind.__name__}, found {text!r}") from None


def canonical(value: Any) -> str:
    """JSON text that is the same for the same values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def shown(value: Any) -> str:
    """A value as `--set` takes it."""
    if value is None:
        return "none"
    return ",".join(sorted(value) if isinstance(value, frozenset) else value) if isinstance(value, tuple | frozenset) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if not field.metadata.get("path")}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def fingerprint(*values: Any) -> str:
    """32 hexadecimal digits that name these values."""
    return hashlib.sha256(canonical(list(values)).encode()).hexdigest()[:32]
