"""The OpenAPI document names every route as it is."""

from msgspec import json

from tests.gateway import World, within
from trunkline.admin.app import ROUTES
from trunkline.admin.base import ControlRoute, Policy
from trunkline.admin.openapi import document


def told(*routes):
    return json.decode(json.encode(document(routes)))


def test_a_route_becomes_an_operation():
    """Its path without Starlette's converters, its parameters, and which key it takes."""
    route = ControlRoute("GET", "/v1/models/{model:path}", Policy.KEY, None, "One model")
    operation = told(route)["paths"]["/v1/models/{model}"]["get"]
    place = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}

    assert ("One model", [{"key": []}]) == (operation["summary"], operation["security"])
    assert [place] == operation["parameters"]
    assert ["default"] == list(operation["responses"])


def test_methods_of_one_path_stand_together():
    """Each with its own policy."""
    paths = told(
        ControlRoute("GET", "/x", Policy.KEY, None, "Look"),
        ControlRoute("POST", "/x", Policy.ADMIN, None, "Change"),
    )["paths"]

    assert [{"adminKey": []}] == paths["/x"]["post"]["security"]
    assert [{"key": []}] == paths["/x"]["get"]["security"]


def test_a_scope_stands_beside_its_key():
    """As a role that whoever calls must hold (OpenAPI 3.1, Security Requirement Object)."""
    paths = told(ControlRoute("GET", "/x", Policy.KEY, None, "Look", "usage:read"))["paths"]

    assert [{"key": ["usage:read"]}] == paths["/x"]["get"]["security"]


def test_every_security_scheme_is_explained():
    """What an operation names must be defined, or the document is not valid."""
    schemes = told()["components"]["securitySchemes"]

    assert {"adminKey", "key"} == set(schemes)
    assert all({"type": "http", "scheme": "bearer"} == scheme for scheme in schemes.values())


def test_the_document_is_served_and_complete(tmp_path):
    """Every route that is served stands in it, itself included."""

    async def test(w: World) -> None:
        served = (await w.ask("GET", "/admin/v1/openapi.json")).json

        assert served["openapi"].startswith("3.1")
        assert len(ROUTES) + 1 == sum(len(methods) for methods in served["paths"].values())
        assert "/admin/v1/openapi.json" in served["paths"]

    within(tmp_path, test)
