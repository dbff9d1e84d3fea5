"""Once more on the same target where that may help, with the next credential, or with the next target."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tests.faults.client import PROMPT, Call, End
from tests.faults.gateway import World, world
from tests.faults.simulators import ANTHROPIC, OPENAI, keyed
from trunkline.config.schema import RoutingConfig


def calls(town: World, *targets: str) -> list[Call]:
    """Whole and streamed, in both dialects from upstreams of both; "?" stands for the upstream's."""
    return [
        town.call(*(t.replace("?", letter) for t in targets), dialect=dialect, stream=stream)
        for letter in "oag"
        for dialect in (OPENAI, ANTHROPIC)
        for stream in (True, False)
    ]


def test_what_may_pass_is_asked_once_more(town: World) -> None:
    """A reset or one 5xx: the same target answers at the second attempt, its fallback unasked."""
    faults = ("u1", "u5:after=0", "u11", "u11:status=529", "u13:kind=api_error")
    asked = [c for f in faults for c in calls(town, f"?1/sim-echo@fault={f},fail=1", "?2/sim-echo")]
    seen = town.ask(*asked)

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.WHOLE, PROMPT) == (one.end, one.text)
        assert (2, "1") == (one.attempts, one.provider[1:])


def test_a_short_retry_after_is_waited_out(town: World) -> None:
    """In the provider's own words: the answer comes from the same target, that much later."""
    asked = calls(town, "?1/sim-echo@fault=u10:kind=ms:retry_after=0.3,fail=1", "?2/sim-echo")
    asked += calls(town, "?1/sim-echo@fault=u11:status=503:retry_after=1,fail=1", "?2/sim-echo")
    seen = town.ask(*asked)

    assert [] == town.compare(seen).differences
    for one, wait in zip(seen, [0.3] * 12 + [1.0] * 12, strict=True):
        assert (200, 2, "1") == (one.status, one.attempts, one.provider[1:])
        assert wait <= one.took


def test_a_long_retry_after_is_the_next_targets_turn(town: World) -> None:
    """Nobody waits for a minute while another could answer."""
    asked = calls(town, "?1/sim-echo@fault=u10:retry_after=60", "?2/sim-echo")
    asked += calls(town, "?1/sim-echo@fault=u11:status=503:retry_after=60", "?2/sim-echo")
    seen = town.ask(*asked)

    assert [] == town.compare(seen).differences
    assert {(200, 2, "2")} == {(s.status, s.attempts, s.provider[1:]) for s in seen}


def test_when_all_are_throttled_the_shortest_wait_is_told(town: World) -> None:
    """Over targets and over credentials; a request that comes meanwhile is not sent at all."""
    town.providers["k1"] = keyed(
        "o", town.ports[0], "sk-a@fault=u10:retry_after=40", "sk-b@fault=u10:retry_after=90"
    )
    first = [
        town.call("o1/sim-echo@fault=u10:retry_after=70", "k1/sim-echo", dialect=d, tag=f"all-{d}")
        for d in (OPENAI, ANTHROPIC)
    ]
    again = [
        town.call("o1/sim-echo@fault=u10:retry_after=70", "k1/sim-echo", dialect=d, tag=f"all-{d}")
        for d in (OPENAI, ANTHROPIC)
    ]
    seen = [*town.ask(*first), *town.ask(*again)]

    assert [] == town.compare(seen).differences
    assert [(429, 3)] * 2 + [(429, 0)] * 2 == [(one.status, one.attempts) for one in seen]
    for one in seen:
        assert 38 <= int(one.headers["retry-after"]) <= 40


def credential(key: str) -> str:
    """As the simulator's log names it."""
    return sha256(key.encode()).hexdigest()[:16]


def used(town: World, tag: str) -> Sequence[str]:
    """The credentials that came for a tag, in order."""
    return [row.credential for row in town.arrivals() if row.model.endswith(f"tag={tag}")]


def test_each_credential_rests_on_its_own_and_for_its_model(town: World) -> None:
    """A throttled key hands over to the next at once; another model may still use it."""
    tired, fresh = "sk-tired@fault=u10:retry_after=60", "sk-fresh"
    town.providers["k2"] = keyed("o", town.ports[0], tired, fresh)
    seen = []
    for tag in ("this", "this", "other"):
        seen += town.ask(town.call("k2/sim-echo", tag=f"key-{tag}"))

    assert [] == town.compare(seen).differences
    assert [(200, 2), (200, 1), (200, 2)] == [(one.status, one.attempts) for one in seen]
    a, b = credential(tired), credential(fresh)
    assert ([a, b, b], [a, b]) == (used(town, "key-this"), used(town, "key-other"))


def test_credentials_take_turns(town: World) -> None:
    """By the dice: as many requests for the one as for the other."""
    town.providers["k3"] = keyed("o", town.ports[0], "sk-one", "sk-two")
    turns = iter([0.0, 0.1, 0.4, 0.5, 0.7, 0.99] * 2)  # one for the plan, one for the credential
    town.dice = lambda: next(turns)
    try:
        seen = [one for _ in range(6) for one in town.ask(town.call("k3/sim-echo", tag="turns"))]
    finally:
        town.dice = lambda: 0.0

    assert [] == town.compare(seen).differences
    came = used(town, "turns")
    assert {credential("sk-one"), credential("sk-two")} == set(came)
    assert 6 == len(came)


def test_a_refused_credential_is_set_aside_and_never_the_clients_fault(town: World) -> None:
    """The next one answers; the operator is told which, the client nothing."""
    for status in (401, 403):
        bad = f"sk-bad-canary-1@fault=u12:status={status}"
        name = f"k{status}"
        town.providers[name] = keyed("a", town.ports[0], bad, "sk-good")
        seen = [one for _ in range(2) for one in town.ask(town.call(f"{name}/sim-echo", tag=name))]

        assert [] == town.compare(seen).differences
        assert [(200, 2), (200, 1)] == [(one.status, one.attempts) for one in seen]
        told = [line for line in town.logged if "credential refused" in line and name in line]
        assert 1 == len(told)
        assert f'"{name}#1"' in told[0]
        assert "canary" not in told[0]


def test_without_a_good_credential_the_client_hears_of_a_bad_gateway(town: World) -> None:
    """502 at once and while it rests: neither 401, which is the client's own, nor 429."""
    town.providers["k4"] = keyed("o", town.ports[0], "sk-bad@fault=u12:status=401")
    seen = [one for _ in range(2) for one in town.ask(town.call("k4/sim-echo", tag="k4"))]

    assert [] == town.compare(seen).differences
    assert [(502, 1), (502, 0)] == [(one.status, one.attempts) for one in seen]
    assert [("server_error", "upstream_auth")] * 2 == [one.told for one in seen]
    for one in seen:
        assert b"Incorrect API key" not in one.body
        assert b"sk-" not in one.body


def test_an_account_run_dry_is_not_told_as_a_rate_limit(town: World) -> None:
    """Nor asked again a moment later: waiting would not help."""
    call = "o1/sim-echo@fault=u10:kind=quota"
    seen = [one for _ in range(2) for one in town.ask(town.call(call, tag="dry"))]

    assert [] == town.compare(seen).differences
    assert [(429, 1), (429, 0)] == [(one.status, one.attempts) for one in seen]
    assert [("insufficient_quota", "insufficient_quota")] * 2 == [one.told for one in seen]


def test_retries_are_rationed(tmp_path: Path) -> None:
    """Of many that fail at once a few are asked again: a failing provider is not hit twice by all."""
    with world(tmp_path, RoutingConfig(retry_share=0.1)) as town:
        town.dice = lambda: 0.99  # a quarter of a second before the second attempt
        asked = [town.call("o1/sim-echo@fault=u11") for _ in range(24)]
        seen = town.ask(*asked)

        assert [] == town.compare(seen).differences
        assert {502} == {one.status for one in seen}
        # The floor is three; a machine that needs longer than the wait lets some more through.
        assert 24 + 3 <= sum(one.attempts for one in seen) <= 24 + 12


def test_a_stale_connection_is_no_attempt(town: World) -> None:
    """Closed by the upstream while it lay idle: sent again on a fresh one, unseen and unbilled."""
    before = town.ask(*(town.call("o1/sim-echo") for _ in range(4)))

    async def cut_idle() -> None:
        for connection in list(town.sims[0].connections):
            connection.abort()
        await asyncio.sleep(0)

    town.do(cut_idle())
    seen = [*before, *town.ask(*(town.call("o1/sim-echo") for _ in range(4)))]

    assert [] == town.compare(seen).differences
    assert {(200, 1)} == {(one.status, one.attempts) for one in seen}
