"""The OpenAPI document of the control plane, drawn from its routes."""

import re
from collections.abc import Sequence
from typing import Any

from trunkline import __version__
from trunkline.admin.base import ControlRoute, Policy

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")
Document = dict[str, Any]


def document(routes: Sequence[ControlRoute]) -> Document:
    """OpenAPI 3.1, as a value to be encoded."""
    paths: dict[str, Document] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(route.path)
        ]
        paths.setdefault(path, {})[route.method.lower()] = {
            "summary": route.summary,
            "parameters": parameters,
            "security": [{"adminKey" if route.policy is Policy.ADMIN else "key": []}],
            "responses": {"default": {"description": "JSON; an error has an `error` object"}},
        }
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trunkline control plane", "version": __version__},
        "paths": paths,
        "components": {"securitySchemes": {"adminKey": bearer, "key": bearer}},
    }
