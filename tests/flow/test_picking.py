"""A tenant's own credentials come first, each cooled on its own; the platform's only where allowed."""

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.flow.world import WHOLE, World, chat_body, openai, whole
from trunkline.tenancy.vault import OwnKey

JSON = (b"content-type", b"application/json")
ONE, TWO = OwnKey("cred_1", "sk-1", fallback=False), OwnKey("cred_2", "sk-2", fallback=False)
KIND = OwnKey("cred_3", "sk-3", fallback=True)


def refused(status, **headers):
    body = {"error": {"message": "no", "type": "x", "param": None, "code": None}}
    more = tuple((n.replace("_", "-").encode(), v.encode()) for n, v in headers.items())
    return whole(json.encode(body), status, (JSON, *more))


REFUSED = refused(401)
THROTTLED = refused(429, retry_after="60")


def world(*recordings, own=(), keys=1, tenant="t", provider="up"):
    it = World(openai(*recordings, keys=keys))
    it.rooms = replace(it.rooms, own_keys={tenant: {provider: own}}.get)
    return it


def asked_with(it):
    sent = it.providers["up"].transport.sent
    return [dict(one.request.headers)[b"x-credential"].decode() for one in sent]


def test_a_tenant_without_any_is_asked_with_the_platforms():
    """Nothing is different for it."""
    for tenant, provider in (("another", "up"), ("t", "another")):
        it = world(whole(), own=(ONE,), tenant=tenant, provider=provider)
        it.ask(chat_body())
        assert ["up#1"] == asked_with(it)
        assert [False] == [attempt.byok for attempt in it.exchange.attempts]


def test_its_own_come_first_and_the_attempt_says_so():
    """The cost is known as ever, and marked as nobody's but the tenant's."""
    it = world(whole(), own=(ONE,))

    assert 200 == it.ask(chat_body()).status
    assert ["cred_1"] == asked_with(it)
    (attempt,) = it.exchange.attempts
    assert (True, True) == (attempt.byok, attempt.cost_nanousd > 0)


def test_each_of_its_own_is_cooled_on_its_own():
    """One that is throttled hands over to the next, and rests the while."""
    it = world(THROTTLED, whole(), whole(), own=(ONE, TWO))

    assert [200, 200] == [it.ask(chat_body()).status for _ in range(2)]
    assert ["cred_1", "cred_2", "cred_2"] == asked_with(it)


@pytest.mark.parametrize("answer", (REFUSED, THROTTLED))
def test_the_platforms_are_not_touched_unless_allowed(answer):
    """Not then, and not while its own rest: nobody else shall pay."""
    it = world(answer, own=(ONE,))

    statuses = [it.ask(chat_body()).status for _ in range(2)]

    assert ["cred_1"] == asked_with(it)
    assert statuses in ([502, 502], [429, 429])


def test_the_platforms_take_over_where_allowed():
    """And the attempt is then the platform's."""
    it = world(REFUSED, whole(), whole(), own=(KIND,))

    it.ask(chat_body())
    assert ["cred_3", "up#1"] == asked_with(it)
    assert [True, False] == [attempt.byok for attempt in it.exchange.attempts]
    it.ask(chat_body())
    assert [False] == [attempt.byok for attempt in it.exchange.attempts]


def test_all_of_its_own_must_allow_it():
    """One that does not keeps the platform out."""
    it = world(REFUSED, REFUSED, own=(KIND, ONE))

    it.ask(chat_body())

    assert ["cred_3", "cred_1"] == asked_with(it)


def test_what_cannot_be_opened_is_nobody_elses_to_pay():
    """A machine without the key-encryption key refuses, unless every one of the tenant's allows the platform's."""
    closed = OwnKey("cred_4", None, fallback=False)
    it = world(whole(), own=(closed, KIND))
    assert 200 == it.ask(chat_body()).status
    assert ["cred_3"] == asked_with(it)

    it = world(whole(), own=(closed,))
    answer = it.ask(chat_body())
    assert (502, []) == (answer.status, asked_with(it))
    assert b"cannot be opened here" in answer.written[0]

    it = world(whole(), own=(replace(closed, fallback=True),))
    it.ask(chat_body())
    assert ["up#1"] == asked_with(it)


def test_the_client_hears_that_its_own_was_refused():
    """It is not the gateway's to mend; and no secret is told."""
    it = world(REFUSED, own=(ONE,))

    first, second = (it.ask(chat_body()).written[0] for _ in range(2))

    assert b"your tenant's own credential" in first
    assert b"refused your tenant's own credentials a moment ago" in second
    assert b"sk-1" not in first + second + "".join(it.logged).encode()


def test_a_provider_without_keys_of_ours_serves_those_who_bring_theirs():
    """Whoever has none is told why, before anything is sent."""
    it = world(whole(), own=(ONE,), keys=0)
    assert 200 == it.ask(chat_body()).status

    it = world(keys=0)
    answer = it.ask(chat_body())
    assert (403, [0]) == (answer.status, it.sent)
    assert b"yours has brought none" in answer.written[0]
    assert "credential_missing" == json.decode(answer.body)["error"]["code"]
    assert WHOLE not in answer.written
