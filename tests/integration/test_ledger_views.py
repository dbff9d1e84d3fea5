"""Who may see which entry of the ledger."""

from tests.integration.program import Gateway

BODY = {"model": "near/sim-chat", "messages": [{"role": "user", "content": "Hello"}]}


def test_only_the_key_that_asked_sees_its_entry(gateway: Gateway) -> None:
    """The admin sees it, too; to every other key, of the same tenant or another, it is not there."""
    mine = gateway.new_key(tenant="one")
    same_tenant = gateway.new_key(tenant="one")
    foreign = gateway.new_key(tenant="two")
    request_id = gateway.post("/v1/chat/completions", BODY, mine).headers["x-trunkline-request-id"]
    path = f"/v1/requests/{request_id}"

    seen = gateway.get(path, mine)
    admins = gateway.admin("GET", f"/requests/{request_id}")

    assert (200, 200) == (seen.status, admins.status)
    assert seen.json() == admins.json()
    assert ("one", "ok") == (seen.json()["tenant"], seen.json()["status"])
    assert [404, 404] == [gateway.get(path, key).status for key in (same_tenant, foreign)]
    assert 401 == gateway.get(path, "").status


def test_an_entry_has_all_that_was_promised(gateway: Gateway) -> None:
    """The fields that programs outside rely on, of the request and of its attempt."""
    answer = gateway.post("/v1/chat/completions", BODY)

    entry = gateway.entry(answer.headers["x-trunkline-request-id"])

    assert {
        "id", "tenant", "key_id", "model", "status", "attempts", "tokens", "cost_nanousd",
        "price_version", "estimated",
    } <= set(entry)  # fmt: skip
    assert {"input", "cache_read", "cache_write", "output", "reasoning"} <= set(entry["tokens"])
    (attempt,) = entry["attempts"]
    assert {
        "provider", "model", "status", "started_at", "first_event_ms", "total_ms",
    } <= set(attempt)  # fmt: skip
    assert 0 <= attempt["first_event_ms"] <= attempt["total_ms"] <= entry["total_ms"]
    # The simulator's own price: 1 dollar a million tokens in, 4 out.
    assert (
        entry["tokens"]["input"] * 1000 + entry["tokens"]["output"] * 4000
        == (entry["cost_nanousd"])
    )


def test_the_control_plane_is_closed_to_clients(gateway: Gateway) -> None:
    """A client's key opens nothing of it, and no key even less."""
    for path in ("/admin/v1/keys", "/admin/v1/usage", "/admin/v1/openapi.json", "/metrics"):
        assert 401 == gateway.get(path).status, path
        assert 401 == gateway.get(path, "").status, path
    assert 401 == gateway.post("/admin/v1/keys", {"name": "mine"}).status
    assert 401 == gateway.post("/admin/v1/config/reload", {}).status
