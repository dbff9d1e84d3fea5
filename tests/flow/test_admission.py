"""Tests of flow/admission.py: what a request reserves, when it is refused, what it is settled for."""

import asyncio

import pytest
from msgspec import json, structs

from tests.flow.world import (
    DONE,
    HELLO,
    ROLE,
    STOP,
    WHOLE,
    World,
    chat_body,
    openai,
    streamed,
    whole,
)
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import RateLimited
from trunkline.canon.exchange import Attempt, Principal, Status
from trunkline.canon.limit import Limit, Unit
from trunkline.canon.usage import Usage
from trunkline.flow.admission import Admission
from trunkline.flow.claiming import Claiming
from trunkline.flow.outage import Outage
from trunkline.storage.state import Claim
from trunkline.tenancy.reserve import HIDDEN
from trunkline.testing.fakes import FlatPricer, LetterCounter
from trunkline.testing.memory_state import MemoryCounts, MemoryState

RATE = 1000
"""Nano-dollars a token, of FlatPricer."""


def limit(unit, most, scope="key", field="f", window=60_000_000):
    return Limit(
        counter=f"{scope}/x/{unit.value}", unit=unit, most=most, window=window, field=field, scope=scope
    )  # fmt: skip


class Office:
    """A world whose key has these limits."""

    def __init__(self, *limits, recordings=(), more=(), models=None, price="m", usual=None,
                 serves=True, pricer=None, counts=None):  # fmt: skip
        provider = openai(*recordings or [whole()] * 20)
        provider._deployment["price_model"] = price
        self.world = World(provider)
        self.state = MemoryState(MemoryCounts(self.world.clock, lost=False))
        self.stood = []
        self.away = 0.0
        """Seconds that the ledger's database is."""
        claiming = Claiming(pricer or FlatPricer(), counts or LetterCounter())
        admission = Admission(
            self.state,
            claiming,
            self.world.clock,
            lambda exchange: more,
            lambda exchange, allowances, exhausted: self.stood.append((exhausted, allowances)),
            Outage(lambda: self.away, patience=10.0, serves=serves),
        )
        self.world.rooms = structs.replace(self.world.rooms, admission=admission)
        self.world.principal = Principal(
            key_id="k", tenant="t", limits=limits, model_limits=models or {}
        )
        if usual is not None:
            for _ in range(99):
                claiming.usual.learn(self.world.principal, "m", usual)
        self.limits = limits

    def ask(self, **fields):
        return self.world.ask(chat_body(**fields))

    def used(self, *limits):
        found = asyncio.run(self.state.look(limits or self.limits))
        return [(standing.used, standing.reserved) for standing in found]


def test_a_key_without_limits_asks_nobody():
    """Nothing is counted, nothing is told."""
    office = Office()
    reply = office.ask()

    assert (200, [], 0) == (reply.status, office.stood, office.state.statistics().leases)
    assert not any(name.startswith(b"x-ratelimit") for name, _ in reply.headers)


def test_what_was_reserved_becomes_what_it_took():
    """Seven tokens of the recording, whatever was reserved for it."""
    office = Office(limit(Unit.REQUESTS, 5), limit(Unit.TOKENS, 10**6), limit(Unit.COST, 10**9))
    reply = office.ask(max_tokens=50)
    ((exhausted, (requests, tokens, cost)),) = office.stood

    assert (200, [], 4) == (reply.status, exhausted, requests.remaining)
    bound = len(chat_body(max_tokens=50)) + HIDDEN + 50
    assert (10**6 - bound, 10**9 - bound * RATE) == (tokens.remaining, cost.remaining)
    assert [(1, 0), (7, 0), (7 * RATE, 0)] == office.used()
    assert b"4" == reply.header(b"x-ratelimit-remaining-requests")


def test_the_next_one_too_many_is_refused():
    """Before anybody is asked; it leaves one entry, without a cost, and is told when to come back."""
    office = Office(limit(Unit.REQUESTS, 1, field="requests_per_minute"))
    office.ask()
    reply = office.ask()
    error = json.decode(reply.body)["error"]

    assert (429, "rate_limit_exceeded") == (reply.status, error["code"])
    assert "`requests_per_minute`" in error["message"]
    assert (b"60", b"0") == (
        reply.header(b"retry-after"),
        reply.header(b"x-ratelimit-remaining-requests"),
    )
    assert 1 == len(office.world.providers["up"].transport.sent)
    assert ("close", "req_1", 0, "failed") == office.world.ledger.entries[-1]
    office.world.clock.advance(60)
    assert 200 == office.ask().status


def test_a_daily_cap_has_a_name_of_its_own():
    """As type and as code."""
    day = 86_400_000_000
    office = Office(limit(Unit.COST, 10, field="cost_per_day_usd", window=day))
    reply = office.ask()
    error = json.decode(reply.body)["error"]

    assert (429, "cost_limit_per_day", "cost_limit_per_day") == (
        reply.status,
        error["type"],
        error["code"],
    )


def test_a_rough_bound_is_counted_before_it_refuses():
    """One token by the fake's count, where its length says two thousand."""
    # Counted: 1.5 tokens, what providers add, and what may be written.
    office = Office(limit(Unit.TOKENS, 2 + HIDDEN + 50))

    assert 200 == office.ask(max_tokens=50).status
    assert [[]] == [exhausted for exhausted, _ in office.stood]


def test_a_limit_is_used_up_before_its_last_token_is():
    """Once another such request has no room; not by what may be given back, nor by one too large for the whole."""
    most = limit(Unit.TOKENS, HIDDEN + 500)
    office, small = Office(most), Office(limit(Unit.TOKENS, HIDDEN))
    asyncio.run(office.state.admit(Claim("before", (most,), 480, 0)))

    assert 429 == office.ask(max_tokens=50).status  # what is under way may give it back
    office.state.settle("before", 480, 0)
    assert 429 == office.ask(max_tokens=50).status
    assert 429 == small.ask(max_tokens=50).status
    assert [0, 1] == [len(full) for full, _ in office.stood]
    assert [0] == [len(full) for full, _ in small.stood]


def test_a_rough_bound_is_no_proof_that_there_is_no_room():
    """Counted when others are over, the request may fit: told to come soon, and nobody hears of an end."""
    most = limit(Unit.TOKENS, HIDDEN + 5000, window=86_400_000_000)
    office = Office(most)
    for lease, tokens in (("over", 3000), ("under way", 1900)):
        asyncio.run(office.state.admit(Claim(lease, (most,), tokens, 0)))
    office.state.settle("over", 3000, 0)
    refused = office.ask(max_tokens=50, user="x" * 4000)

    assert (429, b"1", [[]]) == (
        refused.status,
        refused.header(b"retry-after"),
        [full for full, _ in office.stood],
    )
    office.state.settle("under way", 100, 0)
    assert 200 == office.ask(max_tokens=50, user="x" * 4000).status


@pytest.mark.parametrize(
    "limits",
    (
        (limit(Unit.TOKENS, HIDDEN + 49),),
        (limit(Unit.COST, (HIDDEN + 49) * RATE),),
        (limit(Unit.TOKENS, HIDDEN + 2000),),
        (limit(Unit.TOKENS, HIDDEN + 4000), limit(Unit.REQUESTS, 0)),
    ),
)
def test_what_no_count_could_let_in_is_not_counted(limits):
    """Or who has used up his limit would keep us busy by sending ever the same large request."""

    class Counter(LetterCounter):
        asked = 0

        async def estimate(self, deployment, request, delivered):
            self.asked += not delivered
            return await super().estimate(deployment, request, delivered)

    counter = Counter()
    office = Office(*limits, counts=counter)
    reply = office.ask(max_tokens=50, user="x" * 64_000)

    assert (429, 0) == (reply.status, counter.asked)


def test_one_more_token_has_no_room():
    """However it is counted."""
    office = Office(limit(Unit.TOKENS, 2 + HIDDEN + 49))

    assert 429 == office.ask(max_tokens=50).status
    assert [(0, 0)] == office.used()


@pytest.mark.parametrize(
    ("usual", "asked", "reserved"), ((None, {}, 1024), (30, {}, 30), (30, {"max_tokens": 9}, 9))
)
def test_what_is_reserved_for_an_answer(usual, asked, reserved):
    """What the client allows; else what the key's answers usually take; else a page."""
    office = Office(limit(Unit.TOKENS, 10**6), usual=usual)
    office.ask(**asked)
    ((_, (tokens,)),) = office.stood

    assert len(chat_body(**asked)) + HIDDEN + reserved == 10**6 - tokens.remaining


def test_a_generous_bound_does_not_starve_a_rate():
    """Tokens count as they usually come; money is reserved to the last cent."""
    office = Office(limit(Unit.TOKENS, 10**6), limit(Unit.COST, 10**9), usual=30)
    office.ask(max_tokens=50_000)
    ((_, (tokens, cost)),) = office.stood
    read = len(chat_body(max_tokens=50_000)) + HIDDEN

    assert read + 30 == 10**6 - tokens.remaining
    assert (read + 50_000) * RATE == 10**9 - cost.remaining


def test_a_model_without_a_price_is_refused_under_a_budget():
    """And served elsewhere: it is never free."""
    reply = Office(limit(Unit.COST, 10**9), price=None).ask()
    error = json.decode(reply.body)["error"]

    assert (403, "model_without_price", "model") == (reply.status, error["code"], error["param"])
    assert 200 == Office(limit(Unit.TOKENS, 10**6), price=None).ask().status


def test_limits_of_the_model_and_of_the_request():
    """Count together with those of the key, in one claim."""
    own, session = limit(Unit.REQUESTS, 1, "model"), limit(Unit.REQUESTS, 9, "session")
    office = Office(limit(Unit.REQUESTS, 5), models={"m": (own,)}, more=(session,))
    first, second = office.ask(), office.ask()

    assert (200, 429) == (first.status, second.status)
    assert [(1, 0), (1, 0), (1, 0)] == office.used(*office.limits, own, session)


@pytest.mark.parametrize(
    ("asked", "targets", "counted"),
    (
        ("m", ("up/m",), ["m", "up/m"]),
        ("m", ("up/m", "there/m"), ["m"]),
        ("up/m", ("up/m",), ["m", "up/m"]),
        ("alias", ("up/m", "there/m"), ["m", "alias"]),
        ("alias", ("up/m", "up/other"), ["alias"]),
        ("other", ("up/other",), []),
    ),
)
def test_a_model_is_limited_under_all_its_names(asked, targets, counted):
    """Or another spelling of it would be another limit; an alias of several models is none of them."""
    own = {name: (limit(Unit.REQUESTS, 9, f"model/{name}"),) for name in ("m", "up/m", "alias")}
    office = Office(models=own)
    exchange = office.world.make(chat_body(model=asked))
    exchange.model = asked
    plan = [
        Deployment(
            id=one, provider=one.split("/")[0], model=one.split("/")[1], dialect="openai-chat"
        )
        for one in targets
    ]
    asyncio.run(office.world.rooms.admission.admit(exchange, plan, lambda: None))
    used = {name: office.used(*limits)[0][0] for name, limits in own.items()}

    assert counted == [name for name in ("m", "up/m", "alias") if used[name]]


def test_one_that_nobody_answered_costs_nothing():
    """But it was sent: it stays counted among the requests."""
    office = Office(
        limit(Unit.REQUESTS, 5), limit(Unit.COST, 10**9), recordings=[whole(status=400, body=b"{}")]
    )

    assert 400 == office.ask().status
    assert [(1, 0), (0, 0)] == office.used()


def test_one_that_was_never_sent_is_not_counted():
    """Refused for what it asks, after its place was taken."""
    office = Office(limit(Unit.REQUESTS, 5), limit(Unit.CONCURRENT, 1, window=0))

    assert (
        400 == office.world.ask(b'{"model":"m","messages":5}', dialect="anthropic-messages").status
    )
    assert [(0, 0), (0, 0)] == office.used()


def test_a_stream_that_is_left_is_settled_for_what_was_delivered():
    """And its place is free."""
    office = Office(
        limit(Unit.CONCURRENT, 1, window=0),
        limit(Unit.COST, 10**9),
        recordings=[streamed(ROLE, HELLO, STOP, DONE)],
    )
    office.ask(stream=True)
    billed = sum(attempt.cost_nanousd for attempt in office.world.exchange.attempts)

    assert billed > 0
    assert [(0, 0), (billed, 0)] == office.used()


def test_a_claim_that_may_have_been_made_is_withdrawn():
    """Its client left while the counters were asked: nobody waits for the answer."""
    office = Office(limit(Unit.CONCURRENT, 1, window=0))

    class Slow(MemoryState):
        async def admit(self, claim: Claim):
            await super().admit(claim)
            await asyncio.Event().wait()

    admission = office.world.rooms.admission
    admission._state = Slow(office.state._counts)

    async def main():
        task = asyncio.ensure_future(office.world.serve(chat_body()))  # noqa: TID251 - ended below
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())

    assert [(0, 0)] == office.used()


def test_a_whole_answer_is_untouched_by_all_this():
    """Byte for byte."""
    assert WHOLE == Office(limit(Unit.REQUESTS, 5)).ask().body


def test_what_a_tenant_pays_itself_is_no_part_of_its_budget():
    """Its tokens count all the same."""
    office = Office(limit(Unit.TOKENS, 10**6), limit(Unit.COST, 10**9))
    admission, exchange = office.world.rooms.admission, office.world.make(chat_body())

    async def work():
        plan = [office.world.providers["up"].deployment("m")]
        await admission.admit(exchange, plan, lambda: None)
        attempt = Attempt(1, plan[0], 0.0, byok=True, usage=Usage(input=7), cost_nanousd=7000)
        attempt.status = exchange.status = Status.OK
        exchange.attempts.append(attempt)
        admission.settle(exchange)

    asyncio.run(work())

    assert [(7, 0), (0, 0)] == office.used()


def test_while_the_database_is_away_budgets_fail_closed():
    """Before anything is reserved or asked; who has none is served, and all are once it is back."""
    budget, rate = Office(limit(Unit.COST, 10**9)), Office(limit(Unit.REQUESTS, 9))
    for office in (budget, rate):
        office.away = 10.5
    reply = budget.ask(max_tokens=5)

    assert (503, "ledger_unavailable") == (reply.status, json.decode(reply.body)["error"]["code"])
    assert (b"5", []) == (reply.header(b"retry-after"), budget.stood)
    assert [] == budget.world.providers["up"].transport.sent
    assert 200 == rate.ask().status
    budget.away = 0.0
    assert 200 == budget.ask(max_tokens=5).status


def test_or_nobody_is_served():
    """Also who is under no limit at all."""
    office = Office(serves=False)
    office.away = 10.5

    assert 503 == office.ask().status


def test_degraded_counters_are_told_of():
    """In the answer, whatever it is; and not of a key that nothing is counted for."""
    office, free = Office(limit(Unit.REQUESTS, 1)), Office()
    first = office.ask()
    for one in (office, free):
        one.state._counts.degraded = True
    name = b"x-trunkline-degraded"

    assert (200, None) == (first.status, first.header(name))
    assert (429, b"limits") == ((refused := office.ask()).status, refused.header(name))
    assert (200, None) == ((served := free.ask()).status, served.header(name))


def test_a_cheap_tier_is_reserved_as_the_usual_one():
    """Whoever answers may not have it; a dear one is reserved as such."""

    class Tiers(FlatPricer):
        def bound(self, deployment, most, unix, tier=None):
            usual = super().bound(deployment, most, unix)
            return {"flex": usual // 2, "priority": usual * 2}.get(tier, usual)

    reserved = []
    for tier in ("auto", "flex", "priority"):
        office = Office(limit(Unit.COST, 10**9), pricer=Tiers())
        office.ask(max_tokens=50, service_tier=tier)
        body = len(chat_body(max_tokens=50, service_tier=tier))
        reserved.append((10**9 - office.stood[0][1][0].remaining) / (body + HIDDEN + 50) / RATE)

    assert [1, 1, 2] == reserved


@pytest.mark.parametrize(("choices", "reserved"), ((1, 1024), (2, 1024), (5, 4096)))
def test_several_answers_are_several_pages(choices, reserved):
    """Where nobody says how long they may be."""
    office = Office(limit(Unit.TOKENS, 10**6))
    office.ask(n=choices)
    ((_, (tokens,)),) = office.stood

    assert len(chat_body(n=choices)) + HIDDEN + reserved == 10**6 - tokens.remaining


def test_a_place_without_a_bill():
    """Held and given back; what is counted otherwise is not."""
    office = Office(limit(Unit.REQUESTS, 1), limit(Unit.CONCURRENT, 1, window=0))
    admission, exchange = office.world.rooms.admission, office.world.make(chat_body())
    exchange.id = "req_0"
    asyncio.run(admission.hold(exchange))

    assert [(0, 0), (1, 1)] == office.used()
    assert 429 == office.ask().status
    admission.release(exchange)
    assert [(0, 0), (0, 0)] == office.used()
    admission.release(exchange)
    assert 200 == office.ask().status


def test_a_glance_counts_nothing():
    """It refuses as a claim would: of requests and places, not of what may yet be counted."""
    office = Office(limit(Unit.REQUESTS, 1), limit(Unit.TOKENS, 1))
    admission, exchange = office.world.rooms.admission, office.world.make(chat_body())
    asyncio.run(admission.glance(exchange))
    asyncio.run(admission.glance(exchange))
    assert [(0, 0), (0, 0)] == office.used()
    asyncio.run(office.state.admit(Claim("other", [office.limits[0]], 0, 0)))

    with pytest.raises(RateLimited, match="1 request per minute"):
        asyncio.run(admission.glance(exchange))
