"""
What Google's paths say of a request that others say in its body: the model, and the key.

/v1beta/models/gemini-3-pro:generateContent, /v1beta/tunedModels/mine:generateContent, and Vertex
AI's /v1/projects/P/locations/L/publishers/google/models/M:generateContent.
"""

import re
from collections.abc import MutableMapping
from urllib.parse import parse_qs, unquote

from msgspec import Raw, json

from trunkline.canon.errors import Malformed, NotFound
from trunkline.faces.base import Mount
from trunkline.flow.base import MODEL, Head

_RESOURCE = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?(?:publishers/[^/]+/)?models/(.+)")
_TUNED = "tunedModels/"
_ARRAY, _EVENTS = ("", "json"), ("sse",)


def names_model(mount: Mount) -> bool:
    return MODEL in mount.path


def read_path(head: Head, mount: Mount, envelope: MutableMapping[str, Raw]) -> None:
    """Puts `model` and `stream` where those dialects have them that say them in the body. Raises NotFound."""
    before, after = mount.path.split(MODEL, 1)
    resource = unquote(head.path[len(before) : len(head.path) - len(after)].decode("ascii"))
    envelope["model"] = Raw(json.encode(_model(resource)))
    envelope["stream"] = Raw(b"true" if mount.streams else b"false")


def _model(resource: str) -> str:
    if resource.startswith(_TUNED):
        return resource
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        raise NotFound("nothing is served there; models stand under /v1beta/models/")
    return match[1]


def key_in(query: bytes) -> bytes:
    """
    The caller's key where Google's own documentation puts it, `?key=`; b"" where it is not there.

    Nothing of a query is ever logged.
    """
    return _last(query, "key").encode()


def wants_array(head: Head) -> bool:
    """A stream comes as a JSON array unless `?alt=sse` asks for events. Raises Malformed."""
    alt = _last(head.query, "alt")
    if alt in _EVENTS:
        return False
    if alt in _ARRAY:
        return True
    raise Malformed("'alt' must be sse or json", param="alt")


def _last(query: bytes, name: str) -> str:
    if not query:
        return ""
    return parse_qs(query.decode("ascii"), errors="replace").get(name, [""])[-1]
