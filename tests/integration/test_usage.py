"""GET /admin/v1/usage adds up to what the SDKs were told, in every grouping."""

from collections.abc import Generator

import anthropic
import openai
import pytest

from tests.integration.books import Told, of_anthropic, of_ledger, of_openai
from tests.integration.program import Gateway, serving

CONFIG = """
[providers.sim]
[providers.claude]
kind = "sim"
dialect = "anthropic-messages"
"""
MODELS = (
    "sim/sim-chat",
    "claude/sim-chat@cached=20",
    "sim/sim-reason",
    "claude/sim-reason",
)


def summed(told: list[Told]) -> Told:
    return Told(*(sum(column) for column in zip(*told, strict=True)))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway whose tokens nobody else spends."""
    with serving(tmp_path_factory.mktemp("usage"), CONFIG) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def told(own: Gateway) -> dict[tuple[str, str], list[Told]]:
    """What two tenants' SDKs were told, by (tenant, model); a failed request costs nothing."""
    spent: dict[tuple[str, str], list[Told]] = {}
    for tenant in ("acme", "globex"):
        key = own.new_key(tenant=tenant)
        with (
            openai.OpenAI(base_url=f"{own.base}/v1", api_key=key, max_retries=0) as gpt,
            anthropic.Anthropic(base_url=own.base, api_key=key, max_retries=0) as claude,
        ):
            for model in MODELS:
                asked = [{"role": "user", "content": f"{tenant} asks {model} " * 9}]
                answer = gpt.chat.completions.create(model=model, messages=asked)
                with claude.messages.stream(model=model, max_tokens=4000, messages=asked) as stream:
                    message = stream.get_final_message()
                spent[tenant, model] = [of_openai(answer.usage), of_anthropic(message.usage)]
            with pytest.raises(openai.BadRequestError):
                gpt.chat.completions.create(model="sim/sim-chat@status=400", messages=asked)
    return spent


def test_the_total(own: Gateway, told: dict[tuple[str, str], list[Told]]) -> None:
    """All requests, their tokens by class, and their cost: the sum of the entries."""
    report = own.admin("GET", "/usage").json()

    everything = [one for several in told.values() for one in several]
    assert summed(everything) == of_ledger(report["total"])
    assert len(everything) + 2 == report["total"]["requests"]
    assert report["total"]["cost_nanousd"] > 0


@pytest.mark.parametrize("group", ("tenant", "model"))
def test_by_group(own: Gateway, told: dict[tuple[str, str], list[Told]], group: str) -> None:
    """Each tenant's, each model's."""
    rows = own.admin("GET", f"/usage?status=ok&group_by={group}").json()["rows"]

    expected: dict[str, list[Told]] = {}
    for (tenant, model), several in told.items():
        expected.setdefault(tenant if group == "tenant" else model, []).extend(several)
    assert {name: (len(t), summed(t)) for name, t in expected.items()} == {
        row[group]: (row["requests"], of_ledger(row)) for row in rows
    }


def test_by_several_groups_and_filters(
    own: Gateway, told: dict[tuple[str, str], list[Told]]
) -> None:
    """Groups multiply; filters narrow; the total is that of the rows."""
    report = own.admin(
        "GET", "/usage?group_by=provider,face,status,day&tenant=acme&status=ok"
    ).json()

    rows = report["rows"]
    assert {("sim", "native", "ok"), ("claude", "native", "ok")} == {
        (row["provider"], row["face"], row["status"]) for row in rows
    }
    acme = [one for (tenant, _), several in told.items() if tenant == "acme" for one in several]
    assert summed(acme) == of_ledger(report["total"])
    for field in ("requests", "cost_nanousd"):
        assert report["total"][field] == sum(row[field] for row in rows)


def test_by_time(own: Gateway, told: dict[tuple[str, str], list[Told]]) -> None:
    """From and to, in either form; outside of them there is nothing."""
    assert told
    past = own.admin("GET", "/usage?from=2020-01-01&to=2021-01-01T00:00:00Z").json()
    all_time = own.admin("GET", "/usage?from=0&to=4102444800&group_by=hour").json()

    assert ([], 0) == (past["rows"], past["total"]["requests"])
    assert all_time["total"]["requests"] == sum(row["requests"] for row in all_time["rows"]) > 0
    assert all(row["hour"].endswith(":00:00Z") for row in all_time["rows"])


@pytest.mark.parametrize(
    ("query", "param"),
    (
        ("group_by=colour", "group_by"),
        ("from=yesterday", "from"),
        ("from=2026-01-02&to=2026-01-01", "from"),
        ("limit=3", "limit"),
    ),
)
def test_a_question_that_makes_no_sense(own: Gateway, query: str, param: str) -> None:
    """400 naming the parameter."""
    answer = own.admin("GET", f"/usage?{query}")

    assert (400, param) == (answer.status, answer.json()["error"]["param"])


def test_metrics_and_health(own: Gateway, told: dict[tuple[str, str], list[Told]]) -> None:
    """Prometheus' text and the targets' health tell of the same requests; all is in the OpenAPI."""
    assert told
    key = f"Bearer {own.admin_key}"
    metrics = own.get("/metrics", "", authorization=key)
    targets = own.admin("GET", "/targets").json()["targets"]
    paths = own.admin("GET", "/openapi.json").json()["paths"]

    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = metrics.body.decode().splitlines()
    assert 'trunkline_target_successes_total{deployment="sim/sim-chat"} 4' in lines
    assert ("closed", 4) in [(t["health"], t["successes"]) for t in targets]
    assert {"/admin/v1/keys", "/admin/v1/usage", "/v1/models", "/metrics"} <= set(paths)
