"""What every answer of every face carries."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Overloaded
from trunkline.canon.exchange import Attempt, Exchange, Principal, Status
from trunkline.canon.note import Note
from trunkline.canon.usage import Usage
from trunkline.faces.base import FaceSpec, named, trunkline_headers, untried, usd, warnings
from trunkline.faces.native.face import SPEC


def exchange(*errors, dialect="openai-chat", **more):
    """One with an attempt for each of these errors; None answered."""
    deployment = Deployment(id="up/m-1", provider="up", model="m-1", dialect=dialect)
    attempts = [
        Attempt(
            number, deployment, 0.0, first_event_ms=20.0, error=error, cost_nanousd=1_000_001_500
        )
        for number, error in enumerate(errors, 1)
    ]
    return Exchange(
        id="req_1",
        face="native",
        dialect=dialect,
        operation="chat",
        principal=Principal(key_id="k", tenant="t"),
        envelope={"model": Raw(b'"m"')},
        model="m",
        stream=False,
        headers={},
        received_at=0.0,
        started=0.0,
        attempts=attempts,
        first_content_ms=20.25,
        **more,
    )


@pytest.mark.parametrize(
    ("nano", "shown"),
    ((0, "0.000000000"), (1500, "0.000001500"), (1_000_000_001, "1.000000001")),
)
def test_money_is_exact(nano, shown):
    """Nano-dollars have nine places, and no float has touched them."""
    assert shown == usd(nano)


def test_an_answer_names_who_gave_it_and_what_it_cost():
    """The last attempt's provider and model, the number of attempts, the time that was ours."""
    told = dict(trunkline_headers(exchange(Overloaded("x"), None), streaming=False))

    assert {
        b"x-trunkline-request-id": b"req_1",
        b"x-request-id": b"req_1",
        b"x-trunkline-attempts": b"2",
        b"x-trunkline-provider": b"up",
        b"x-trunkline-model": b"m-1",
        b"x-trunkline-cost-usd": b"1.000001500",
        b"server-timing": b"upstream;dur=20.0, gateway;dur=0.25",
    } == told


def test_a_stream_cannot_name_its_cost_yet():
    """All else is known when it begins."""
    whole = dict(trunkline_headers(exchange(None), streaming=False))
    stream = dict(trunkline_headers(exchange(None), streaming=True))

    assert {b"x-trunkline-cost-usd"} == whole.keys() - stream.keys()


def test_an_answer_without_a_price_is_not_called_free():
    """No cost at all rather than one of nothing, and a warning beside those that there are."""
    asked = exchange(None, notes=[Note("seed", "dropped")])
    asked.attempts[0].usage = Usage(output=1)
    told = dict(trunkline_headers(asked, streaming=False))

    assert b"x-trunkline-cost-usd" not in told
    assert b"seed: dropped; model: no price is known" == told[b"x-trunkline-warnings"][:39]
    assert 1 == len(asked.notes)


@pytest.mark.parametrize("which", (0, 1))
def test_one_leg_without_a_price_is_enough(which):
    """What the other cost is not what the answer did; an attempt that failed has no say."""
    asked = exchange(None, Overloaded("x"), None)
    for number, attempt in enumerate(asked.attempts):
        attempt.usage = Usage(output=1)
        attempt.price_version = "" if number == 1 else "2026-11-21"
    whole = dict(trunkline_headers(asked, streaming=False))
    asked.attempts[2 * which].price_version = ""

    assert b"2.000003000" == whole[b"x-trunkline-cost-usd"]
    assert b"x-trunkline-warnings" not in whole
    assert b"x-trunkline-cost-usd" not in dict(trunkline_headers(asked, streaming=False))


@pytest.mark.parametrize("price_model", (None, "up/m-1"))
def test_a_stream_is_warned_of_where_its_model_has_no_price(price_model):
    """As it begins, that is what can be known."""
    asked = exchange(None)
    asked.attempts[0].deployment = replace(asked.attempts[0].deployment, price_model=price_model)
    told = dict(trunkline_headers(asked, streaming=True))

    assert (price_model is None) == (b"x-trunkline-warnings" in told)


def test_a_count_of_tokens_needs_no_price():
    """It took none, and costs nothing."""
    told = dict(trunkline_headers(exchange(None), streaming=False))

    assert b"x-trunkline-warnings" not in told


def test_who_failed_is_named_and_nothing_is_billed():
    """An error tells of the last who was tried, and how long all of them took."""
    asked = exchange(Overloaded("x"), Overloaded("x"), status=Status.FAILED)
    for attempt, took in zip(asked.attempts, (30.0, 12.5), strict=True):
        attempt.first_event_ms, attempt.total_ms = None, took
    asked.attempts[0].deployment = replace(asked.attempts[0].deployment, provider="first")

    assert {
        b"x-trunkline-request-id": b"req_1",
        b"x-request-id": b"req_1",
        b"x-trunkline-attempts": b"2",
        b"x-trunkline-provider": b"up",
        b"x-trunkline-model": b"m-1",
        b"x-trunkline-cost-usd": b"0.000000000",
        b"server-timing": b"upstream;dur=42.5",
    } == dict(trunkline_headers(asked, streaming=False))


def test_what_broke_off_costs_what_was_billed():
    """Before its first byte left, and behind an answer that an upstream is paid for."""
    broken = exchange(Overloaded("x"), Overloaded("x"), status=Status.PARTIAL)

    assert (
        b"1.000001500" == dict(trunkline_headers(broken, streaming=False))[b"x-trunkline-cost-usd"]
    )


def test_an_answer_that_came_to_nothing_is_not_billed():
    """A leg was answered and the next was not: the whole failed, and so do its headers say."""
    spoiled = exchange(None, status=Status.FAILED)

    assert (
        b"0.000000000" == dict(trunkline_headers(spoiled, streaming=False))[b"x-trunkline-cost-usd"]
    )


@pytest.mark.parametrize("status", (Status.FAILED, None))
def test_nobody_was_asked(status):
    """Then nobody is named, and nothing is billed."""
    told = dict(trunkline_headers(exchange(status=status), streaming=False))

    assert {
        b"x-trunkline-request-id": b"req_1",
        b"x-request-id": b"req_1",
        b"x-trunkline-attempts": b"0",
        b"x-trunkline-cost-usd": b"0.000000000",
    } == told


def test_the_gateway_stood_in():
    """For a provider that did not count: it is no error, and nobody else's answer."""
    told = dict(trunkline_headers(exchange(Overloaded("x")), streaming=False))

    assert {b"x-trunkline-provider", b"x-trunkline-model"}.isdisjoint(told)


def test_what_only_begins_has_no_cost_yet():
    """A response made in the background, whose attempts are another exchange's."""
    assert b"x-trunkline-cost-usd" not in dict(trunkline_headers(exchange(), streaming=True))


def test_a_refusal_before_there_is_an_exchange():
    """Carries what there is to say, too."""
    assert {
        b"x-trunkline-request-id": b"req_1",
        b"x-trunkline-attempts": b"0",
        b"x-trunkline-cost-usd": b"0.000000000",
    } == dict(untried("req_1"))


def test_each_sdk_finds_the_request_id_where_it_looks():
    """Under the name that the exchange brought along from its dialect."""
    told = dict(trunkline_headers(exchange(request_id_header=b"request-id"), streaming=False))

    assert b"req_1" == told[b"request-id"]
    assert b"x-request-id" not in told


def test_notes_become_one_line():
    """Field by field, what was done."""
    notes = [Note("seed", "dropped: x has none"), Note("messages.0", "moved")]
    told = dict(trunkline_headers(exchange(None, notes=notes), streaming=False))

    assert b"seed: dropped: x has none; messages.0: moved" == told[b"x-trunkline-warnings"]


def test_no_note_breaks_out_of_its_header():
    """A field's name may come from the client: line breaks and odd letters do not get through."""
    line = warnings([Note("a\r\nset-cookie: x", "dropped"), Note("\u00fc\x7f", "dropped")])

    assert b"a??set-cookie: x: dropped; ??: dropped" == line


def test_many_notes_are_cut():
    """Rather than a header that a proxy refuses; and the cut is seen."""
    line = warnings([Note(f"field{number}", "dropped") for number in range(1000)])

    assert 2048 == len(line)
    assert line.startswith(b"field0: dropped; ")
    assert line.endswith(b" ...")


def test_a_models_name_is_safe_in_a_header():
    """Upstreams name models as they like."""
    assert ((b"x-trunkline-provider", b"up"), (b"x-trunkline-model", b"m??x")) == named(
        "up", "m\r\nx"
    )


def test_a_spec_is_known_by_its_faces_name():
    """The registry lists it under that."""
    assert "native" == SPEC.name == FaceSpec(SPEC.face, ()).name
