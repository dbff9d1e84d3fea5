"""The page that tells receivers how to verify: its code, run on what we send."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.webhooks.making import SECRET
from trunkline.webhooks.events import PLATFORM_TYPES, TENANT_TYPES
from trunkline.webhooks.payload import Told, rendered

PAGE = (Path(__file__).parents[2] / "docs/reference/webhooks.md").read_text()
TEXT = "a secret of my own making"
EVENT = Told(
    id="evt_1",
    type="api_key.created",
    data='{"name":"ü \\"x\\"","n":[1,2.5,null]}'.encode(),
    happened_at=1_795_262_400_500_000,
    attempted_at=0,
)


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The page's functions by name."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    return names


def sent(face: str, *secrets: str, ago: int = 0) -> tuple[dict[str, str], bytes]:
    now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - the page's code looks at the real clock
    headers, body = rendered(face, structs.replace(EVENT, attempted_at=now - ago), secrets)
    return {name.decode(): value.decode() for name, value in headers}, body


def test_the_page_verifies_the_native_face(code):
    """Under either secret of a rotation; nothing else, and nothing old."""
    other = "whsec_" + "eHl6" * 10
    verify = code["verify_native"]
    headers, body = sent("native", other, SECRET)

    assert verify(headers, body, SECRET)
    assert verify(headers, body, other)
    assert not verify(headers, body + b" ", SECRET)
    assert not verify(headers, body, "whsec_" + "AAAA" * 10)
    assert not verify(*sent("native", SECRET, ago=400), SECRET)


def test_the_page_verifies_the_keyplex_face(code):
    """And finds a change."""
    headers, body = sent("keyplex", TEXT)

    assert code["verify_keyplex"](headers, body, TEXT)
    assert not code["verify_keyplex"](headers, body + b" ", TEXT)


def test_the_page_verifies_the_plutosai_face(code):
    """And finds a change."""
    _, body = sent("plutosai", TEXT)

    assert code["verify_plutosai"](body, TEXT)
    assert not code["verify_plutosai"](body.replace(b"2.5", b"2.6"), TEXT)


def test_the_page_names_every_event():
    """No more could be asked for."""
    assert [] == [kind for kind in (*TENANT_TYPES, *PLATFORM_TYPES) if f"`{kind}`" not in PAGE]
