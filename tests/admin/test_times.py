"""Times as people and programs write them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway import World, within
from trunkline.admin.times import rfc3339, unix_seconds
from trunkline.canon.errors import Malformed

NOON = 1_795_262_400.0


@pytest.mark.parametrize(
    "value",
    (
        NOON,
        int(NOON),
        "1795262400",
        "1795262400.0",
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00",
        "2026-11-21 12:00:00",
        "2026-11-21T13:00:00+01:00",
        "2026-11-21T13:00:00 01:00",
    ),
)
def test_one_moment_in_many_spellings(value):
    """Numbers, RFC 3339, UTC unless said otherwise; a plus that a query string made a space."""
    assert NOON == unix_seconds(value, "from")


def test_a_date_is_its_midnight():
    """In UTC."""
    assert NOON - 12 * 3600 == unix_seconds("2026-11-21", "from")


@pytest.mark.parametrize(
    ("value", "says"),
    (
        ("tomorrow", "a date like 2026-11-21T10:00:00Z"),
        ("", "a date like"),
        ("2026-13-01", "a date like"),
        ("nan", "not milliseconds"),
        ("inf", "not milliseconds"),
        (NOON * 1000, "not milliseconds"),
        (-1.0, "between 1970 and 9999"),
        ("1969-12-31", "between 1970 and 9999"),
    ),
)
def test_what_is_no_time(value, says):
    """Refused under the name of the field it stood in, with what would have been one."""
    with pytest.raises(Malformed) as refused:
        unix_seconds(value, "expires_at")

    assert "expires_at" == refused.value.param
    assert refused.value.message.startswith("`expires_at` must ")
    assert says in refused.value.message


def test_written_it_reads_back():
    """The latest moment, too, which a listing must be able to show."""
    assert "2026-11-21T12:00:00Z" == rfc3339(NOON)
    assert "9999-12-31T23:59:59Z" == rfc3339(unix_seconds("9999-12-31T23:59:59Z", "x"))


FORMS = (
    ("Unix seconds", re.compile(r"\d+(\.\d+)?")),
    ("RFC 3339", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
)
TIMES = re.compile(r"[a-z_]+_at|created|from|to|start|end|day|period_(start|end)|[a-z_]+_until")


def documented(text: str) -> set[tuple[str, str, str]]:
    """Path, field and form, of the first table of docs/reference/times.md."""
    rows = [line.split("|")[1:4] for line in text.partition("\n| elsewhere")[0].splitlines()]
    return {
        (path, field, next(form for form, _ in FORMS if form in row[2]))
        for row in rows
        if len(row) == 3 and any(form in row[2] for form, _ in FORMS)
        for path in re.findall(r"`(/[^`?]+)`", row[0])
        for field in re.findall(r"`([a-z_]+)`", row[1])
    }


def shown(path: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """The same, of an answer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inner:
        if isinstance(one, dict | list):
            yield from shown(path, one)
        elif one is not None and TIMES.fullmatch(str(name)):
            whole = isinstance(one, int | float)
            forms = [form for form, like in FORMS if like.fullmatch(str(one))]
            yield path, str(name), "Unix seconds" if whole else forms[0]


def test_the_table_of_times_is_true(tmp_path, repository):
    """Every time of the control plane's answers has the form that the documentation says."""
    told = documented((repository / "docs/reference/times.md").read_text())
    hook = {"url": "https://hooks.example.com/", "events": ["*"], "tenant": "acme"}
    paths = (
        "/v1/webhooks", "/v1/usage", "/v1/requests", "/api/v1/usage", "/plutos/v1/usage", "/v1/me",
        "/v1/models",
    )  # fmt: skip

    async def test(w: World) -> None:
        limits = {"requests_per_day": 9}
        wish = {"name": "k", "tenant": "acme", "limits": limits, "expires_at": "2100-01-01"}
        key = (await w.ask("POST", "/admin/v1/keys", wish)).json
        await w.ask("POST", "/admin/v1/webhooks", hook)
        sold = {"tenant": "acme", "plan": "keyplex-monthly", "period_end": "2100-01-01"}
        await w.ask("POST", "/admin/v1/subscriptions", sold)
        brought = {"tenant": "acme", "provider": "claude", "api_key": "sk-0123456789"}
        await w.ask("POST", "/admin/v1/credentials", brought)
        await w.chat(key["key"])
        (asked,) = (await w.ask("GET", "/admin/v1/requests")).json["data"]
        turned = await w.ask("POST", f"/admin/v1/keys/{key['id']}/rotate")

        found = set(shown("/admin/v1/keys", turned.json))
        one = await w.ask("GET", f"/admin/v1/requests/{asked['id']}")
        found |= set(shown("/admin/v1/requests", one.json))
        for name in ("keys", "tenants", "subscriptions", "credentials", "webhooks", "usage"):
            found |= set(shown(f"/admin/v1/{name}", (await w.ask("GET", f"/admin/v1/{name}")).json))
        for path in paths:
            found |= set(shown(path, (await w.ask("GET", path, key=key["key"])).json))

        assert set() == found - told
        assert {"/admin/v1/keys", "/admin/v1/tenants", "/admin/v1/credentials", *paths} <= {
            path for path, _, _ in found
        }

    within(tmp_path, test)
