"""What every answer of every face carries."""

import pytest
from msgspec import Raw

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Overloaded
from trunkline.canon.exchange import Attempt, Exchange, Principal
from trunkline.canon.note import Note
from trunkline.faces.base import FaceSpec, named, trunkline_headers, usd, warnings
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


@pytest.mark.parametrize("errors", ((), (Overloaded("x"),)))
def test_nobody_answered(errors):
    """Then nobody is named."""
    told = dict(trunkline_headers(exchange(*errors), streaming=False))

    assert b"%d" % len(errors) == told[b"x-trunkline-attempts"]
    assert {b"x-trunkline-request-id", b"x-request-id", b"x-trunkline-attempts"} == set(told)


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
