"""Upstreams that give one answer to a request, whatever its client asks for."""

from trunkline.canon.errors import Unsupported
from trunkline.canon.request import Request


def refuse_several(request: Request, who: str = "model") -> None:
    """Raises Unsupported for any number but one, none included."""
    if request.n not in {None, 1}:
        raise Unsupported(f"this {who} gives one answer at a time (n = 1)", param="n")
