"""A model without a known price: served, and told from a free one wherever money is told of."""

import csv
import io

import pytest

from tests.integration.program import Gateway

# For the simulator's own provider there is a price; for one that only points there, there is none.
UNKNOWN, PRICED = "far/sim-chat", "near/sim-chat"


def body(model: str, **more: object) -> dict[str, object]:
    said = [{"role": "user", "content": "Say hello."}]
    return {"model": model, "max_tokens": 20, "messages": said, **more}


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("model", (UNKNOWN, PRICED))
def test_its_row_is_flagged_and_its_answer_warns(
    gateway: Gateway, model: str, stream: bool
) -> None:
    """No cost in the headers, rather than one of nothing; a stream's headers never have one."""
    unknown = model == UNKNOWN
    answer = gateway.post("/v1/chat/completions", body(model, stream=stream))
    request_id = answer.headers["x-trunkline-request-id"]
    entry = gateway.entry(request_id)
    listed = {one["id"]: one for one in gateway.get("/v1/requests").json()["data"]}
    admins = gateway.admin("GET", f"/requests/{request_id}").json()

    assert (200, unknown) == (answer.status, not entry["cost_nanousd"])
    assert entry["tokens"]["output"] > 0
    assert [unknown] * 3 == [row["unpriced"] for row in (entry, listed[request_id], admins)]
    assert (not unknown and not stream) == ("x-trunkline-cost-usd" in answer.headers)
    assert unknown == answer.headers.get("x-trunkline-warnings", "").startswith("model: no price")


def test_usage_says_how_many_there_were(gateway: Gateway) -> None:
    """In each row and in the total, as JSON and as CSV; a key is told of its own."""
    key = gateway.new_key(tenant="unpriced")
    for model in (UNKNOWN, PRICED, UNKNOWN):
        gateway.post("/v1/chat/completions", body(model), key)
    path = "/usage?tenant=unpriced&group_by=provider"
    report = gateway.admin("GET", path).json()
    rows = csv.DictReader(io.StringIO(gateway.admin("GET", f"{path}&format=csv").body.decode()))
    own = gateway.get("/v1/usage", key).json()["total"]
    me = gateway.get("/v1/me", key).json()

    counts = {"far": 2, "near": 0}
    assert counts == {row["provider"]: row["unpriced_requests"] for row in report["rows"]}
    assert [2, 2] == [total["unpriced_requests"] for total in (report["total"], own)]
    assert counts == {row["provider"]: int(row["unpriced_requests"]) for row in rows}
    assert counts == {row["provider"]: row["unpriced_requests"] for row in me["routed"]}
    assert [2, 2, 2] == [spent["unpriced_requests"] for spent in me["spend"].values()]


def test_counting_its_tokens_is_free(gateway: Gateway) -> None:
    """There is nothing that a price could be wanting for."""
    answer = gateway.post("/v1/messages/count_tokens", body("far-claude/sim-chat"))

    assert "0.000000000" == answer.headers["x-trunkline-cost-usd"]
    assert "x-trunkline-warnings" not in answer.headers
