"""What goes wrong before the first content: another target answers unseen, or the client is told."""

import socket

import pytest
from msgspec import Struct

from tests.faults.client import PROMPT, Call, End
from tests.faults.gateway import World, impatient
from tests.faults.simulators import ANTHROPIC, OPENAI, keyed
from trunkline.config.schema import Target
from trunkline.providers.sim.control import Door
from trunkline.providers.sim.server import SimServer


class Told(Struct, frozen=True):
    """What clients are told when nobody else could be asked."""

    status: tuple[int, int]
    """To OpenAI's clients, and to Anthropic's."""
    chat: tuple[str, str]
    """OpenAI's type and code."""
    messages: str
    """Anthropic's type."""


DISCONNECTED = Told((502, 502), ("server_error", "upstream_disconnected"), "api_error")
GARBLED = Told((502, 502), ("server_error", "upstream_garbled"), "api_error")
FAILED = Told((502, 502), ("server_error", "upstream_overloaded"), "api_error")
TIMED_OUT = Told((504, 504), ("timeout", "upstream_timeout"), "timeout_error")
# 529 is Anthropic's own; to OpenAI's clients 503 says the same.
OVERLOADED = Told((503, 529), ("server_error", "upstream_overloaded"), "overloaded_error")
THROTTLED = Told((429, 429), ("requests", "rate_limit_exceeded"), "rate_limit_error")
DRY = Told((429, 429), ("insufficient_quota", "insufficient_quota"), "rate_limit_error")
REFUSED_US = Told((502, 502), ("server_error", "upstream_auth"), "api_error")
MISSING = Told((404, 404), ("invalid_request_error", "model_not_found"), "not_found_error")


class Case(Struct, frozen=True):
    fault: str
    told: Told
    tries: int = 1
    """How often the target is asked: once more where that may help."""
    streamed: bool = True
    whole: bool = True
    patience: float | None = None
    """Seconds of its clocks, for faults that are silence."""

    def target(self, letter: str) -> Target:
        model = f"{letter}1/sim-echo@fault={self.fault}"
        return Target(model=model) if self.patience is None else impatient(model, self.patience)

    def calls(self, town: World, *, fallback: bool) -> list[Call]:
        """Both dialects of the client, both of the upstream, whole and streamed."""
        modes = [stream for stream in (True, False) if (self.streamed if stream else self.whole)]
        return [
            town.call(
                self.target(letter),
                *((f"{letter}2/sim-echo",) if fallback else ()),
                dialect=dialect,
                stream=stream,
            )
            for letter in "oag"
            for dialect in (OPENAI, ANTHROPIC)
            for stream in modes
        ]


CASES = (
    Case("u1", DISCONNECTED, tries=2),
    Case("u1:kind=eof", DISCONNECTED, tries=2),
    Case("u2", TIMED_OUT, patience=0.3),
    Case("u3", TIMED_OUT, patience=0.3),
    Case("u3:lead=1", TIMED_OUT, patience=0.3),
    Case("u4:after=0", TIMED_OUT, patience=0.3),
    Case("u5:after=0", DISCONNECTED, tries=2),
    Case("u5:after=0:kind=eof", DISCONNECTED, tries=2),
    Case("u5:after=0:kind=clean", DISCONNECTED, tries=2, whole=False),
    Case("u5:kind=clean", GARBLED, streamed=False),
    Case("u6:after=0", GARBLED),
    Case("u6:after=0:kind=utf8", GARBLED),
    Case("u6:after=0:kind=array", GARBLED),
    Case("u6:after=0:kind=text", GARBLED),
    Case("u6:after=0:kind=nan", GARBLED),
    Case("u6:after=0:kind=deep", GARBLED),
    Case("u6:after=0:kind=shape", GARBLED, streamed=False),
    Case("u8:kind=line:size=9000000", GARBLED, whole=False),
    Case("u8:kind=headers", GARBLED),
    Case("u9:kind=html", GARBLED),
    Case("u9:kind=json", FAILED, tries=2),
    Case("u9:kind=answer", GARBLED, whole=False),
    Case("u9:kind=sse", GARBLED, streamed=False),
    Case("u9:kind=empty", DISCONNECTED, tries=2, whole=False),
    Case("u9:kind=empty", GARBLED, streamed=False),
    Case("u10:retry_after=60", THROTTLED),
    Case("u10:kind=ms:retry_after=60", THROTTLED),
    Case("u10:kind=date:retry_after=60", THROTTLED),
    Case("u10:kind=none", THROTTLED),
    Case("u10:kind=garbage", THROTTLED),
    Case("u10:kind=absurd", THROTTLED),
    Case("u10:kind=negative", THROTTLED),
    Case("u10:kind=past", THROTTLED),
    Case("u10:retry_after=0", THROTTLED, tries=2),
    Case("u10:kind=spend", DRY),
    Case("u10:kind=quota", DRY),
    Case("u11", FAILED, tries=2),
    Case("u11:status=502", FAILED, tries=2),
    Case("u11:status=503", OVERLOADED, tries=2),
    Case("u11:status=529", OVERLOADED, tries=2),
    Case("u11:kind=html", FAILED, tries=2),
    Case("u12:status=401", REFUSED_US),
    Case("u12:status=403", REFUSED_US),
    Case("u12:status=404", MISSING),
    Case("u13:kind=api_error", FAILED, tries=2),
    Case("u13:kind=rate_limit_error", THROTTLED),
    Case("u14", GARBLED),
    Case("u14:kind=deflate", GARBLED),
    Case("u14:kind=bomb:size=8388608", GARBLED),
    Case("u14:kind=nested", GARBLED),
    Case("u14:kind=lie", GARBLED),
    Case("u15", GARBLED),
    Case("u15:kind=trap:status=302", GARBLED),
    Case("u16:every=0.05", TIMED_OUT, patience=0.3),
    Case("u16:every=0.05:kind=head", TIMED_OUT, patience=0.3),
    Case("u18:kind=nul", GARBLED),
    Case("u18:kind=fold", GARBLED),
    Case("u18:kind=smuggle", GARBLED),
)


def name_of(case: Case) -> str:
    return case.fault + ("" if case.streamed else "-whole") + ("" if case.whole else "-streamed")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_another_target_answers_unseen(town: World, case: Case) -> None:
    """The client gets one whole answer, and headers that say who gave it at which attempt."""
    seen = town.ask(*case.calls(town, fallback=True))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.WHOLE, PROMPT) == (one.end, one.text)
        assert case.tries + 1 == one.attempts
        assert "2" == one.provider[1:]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_client_is_told_in_its_dialect(town: World, case: Case) -> None:
    """With nobody else to ask: the right status, type and code, and nothing billed."""
    seen = town.ask(*case.calls(town, fallback=False))

    assert [] == town.compare(seen).differences
    for one in seen:
        chat = one.call.dialect == OPENAI
        told = case.told.chat if chat else (case.told.messages, None)
        assert (End.ERROR, told) == (one.end, one.told), one
        assert case.told.status[0 if chat else 1] == one.status
        assert case.tries == one.attempts
        assert "0.000000000" == one.headers["x-trunkline-cost-usd"]


def test_a_closed_port_is_another_targets_turn(town: World) -> None:
    """Connection refused: at once to the next target, else 502; it is not asked twice."""
    with socket.socket() as nobody:  # taken, but not listened on
        nobody.bind(("127.0.0.1", 0))
        town.providers["x1"] = keyed("o", nobody.getsockname()[1], "k")
        alone = [town.call("x1/sim-echo", dialect=d) for d in (OPENAI, ANTHROPIC)]
        helped = [town.call("x1/sim-echo", "a2/sim-echo", dialect=d) for d in (OPENAI, ANTHROPIC)]
        seen = town.ask(*alone, *helped)

    assert [] == town.compare(seen).differences
    assert [(502, 1), (502, 1), (200, 2), (200, 2)] == [(s.status, s.attempts) for s in seen]
    assert ("server_error", "upstream_unreachable") == seen[0].told
    assert [PROMPT] * 2 == [one.text for one in seen[2:]]


def test_a_connection_that_is_none_is_another_targets_turn(town: World) -> None:
    """No TLS where it was to be, or closed as soon as it is open."""
    port = town.ports[0]
    plain = keyed("o", port, "k")
    town.providers["x2"] = {**plain, "base_url": f"https://127.0.0.1:{port}/v1"}
    door = SimServer(town.clock, bytes)
    town.providers["x3"] = keyed("o", town.do(door.start()), "k")
    door.door = Door(mode="reset")
    try:
        seen = town.ask(
            town.call("x2/sim-echo"),
            town.call("x2/sim-echo", "a2/sim-echo"),
            town.call("x3/sim-echo"),
            town.call("x3/sim-echo", "a2/sim-echo"),
        )
    finally:
        town.do(door.aclose())

    assert [502, 200, 502, 200] == [one.status for one in seen]
    assert ("server_error", "upstream_unreachable") == seen[0].told
    failed = sum(one.attempts for one in seen[2:]) - 1
    assert [] == town.compare(seen, unseen=failed).differences


def test_a_line_without_end_is_not_read_to_its_end(town: World) -> None:
    """What one event may take, and what the kernel holds: the upstream gets rid of no more."""
    seen = town.ask(town.call("o1/sim-echo@fault=u8:kind=line"))

    assert [] == town.compare(seen).differences
    assert 502 == seen[0].status
    (row,) = [row for row in town.arrivals() if row.model.endswith(f"tag={seen[0].call.tag}")]
    assert row.bytes_sent < 30_000_000


REFUSALS = (
    ("u12", 400),
    ("u12:status=413", 413),
    ("u12:status=422", 422),
    ("u12:kind=filter", 400),
    ("u12:kind=context", 400),
    ("u12:kind=leak", 400),
)


@pytest.mark.parametrize(("fault", "status"), REFUSALS)
def test_what_the_request_is_to_blame_for_is_returned_as_it_is(
    town: World, fault: str, status: int
) -> None:
    """Neither asked again nor elsewhere; a secret in the words is masked."""
    case = Case(fault, GARBLED)
    seen = town.ask(*case.calls(town, fallback=True))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.ERROR, status, 1) == (one.end, one.status, one.attempts)
        assert b"canary" not in one.body
        if fault == "u12:kind=filter" and one.call.dialect == OPENAI:
            assert "content_filter" == one.told[1]


def test_a_prompt_too_long_goes_to_a_larger_context_only(town: World) -> None:
    """Smaller and unknown ones are passed over; without a larger one the error is returned."""
    long = Target(model="o1/sim-echo@fault=u12:kind=context", context_window=100_000)
    small = Target(model="o2/sim-echo", context_window=50_000)
    large = Target(model="a2/sim-echo", context_window=200_000)
    calls = [town.call(long, small, large, dialect=d) for d in (OPENAI, ANTHROPIC)]
    calls += [town.call(long, small, dialect=d) for d in (OPENAI, ANTHROPIC)]
    seen = town.ask(*calls)

    assert [] == town.compare(seen).differences
    assert [(200, "a2")] * 2 == [(one.status, one.provider) for one in seen[:2]]
    assert [(400, 1)] * 2 == [(one.status, one.attempts) for one in seen[2:]]
    assert "context_length_exceeded" == seen[2].told[1]


def test_nobody_follows_a_redirect(town: World) -> None:
    """Not even to the same host, where our credential would go along."""
    assert not [row for row in town.arrivals() if row.path.startswith("/trap")]


def test_nobody_is_told_our_secrets(town: World) -> None:
    """Neither what we call with nor what providers let slip stands in the log."""
    assert not [line for line in town.logged if "canary" in line]
