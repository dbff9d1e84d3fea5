"""The OpenAPI document of the control plane, drawn from its routes."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from trunkline import __version__
from trunkline.admin.base import ControlRoute, Policy

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")
_SCHEMES = {Policy.ADMIN: "adminKey", Policy.KEY: "key"}


class Schema(Struct, frozen=True):
    type: str


class Parameter(Struct, frozen=True, kw_only=True):
    name: str
    place: str = field(default="path", name="in")
    required: bool = True
    schema: Schema = Schema("string")


class Answer(Struct, frozen=True):
    description: str


class Operation(Struct, frozen=True):
    summary: str
    parameters: tuple[Parameter, ...]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    responses: Mapping[str, Answer]


class Scheme(Struct, frozen=True):
    type: str
    scheme: str


class Components(Struct, frozen=True, rename="camel"):
    security_schemes: Mapping[str, Scheme]


class Info(Struct, frozen=True):
    title: str
    version: str


class Document(Struct, frozen=True):
    openapi: str
    info: Info
    paths: Mapping[str, Mapping[str, Operation]]
    """By path, then by method in lower case."""
    components: Components


def document(routes: Sequence[ControlRoute]) -> Document:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Operation]] = {}
    for route in routes:
        operations = paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})
        operations[route.method.lower()] = Operation(
            route.summary,
            tuple(Parameter(name=name) for name in _PARAMETER.findall(route.path)),
            ({_SCHEMES[route.policy]: (route.scope,) if route.scope else ()},),
            {"default": Answer("JSON; an error has an `error` object")},
        )
    schemes = {name: Scheme("http", "bearer") for name in _SCHEMES.values()}
    return Document(
        "3.1.0", Info("Trunkline control plane", __version__), paths, Components(schemes)
    )
