"""Tests of ledger/entries.py: entries survive their encoding, and older ones can be read."""

import msgspec
import pytest

from tests.ledger.making import AZURE, OPENAI, answer, exchange, fail, try_at
from trunkline.canon.errors import Unreachable
from trunkline.canon.exchange import Principal, Status
from trunkline.canon.note import Note
from trunkline.canon.usage import Usage
from trunkline.ledger.entries import (
    NUMBER_LIMIT,
    TEXT_LIMIT,
    Asked,
    Entry,
    Tried,
    answered,
    asked,
    begun,
    decode,
    decoded,
    encode,
    settled,
    soundly,
)


def again(entry: Entry) -> Entry:
    return decode(memoryview(encode(entry)))


def test_an_intent_tells_who_and_where_to() -> None:
    """A running request with the attempt at hand; nothing of it has ended."""
    one = exchange(7, tenant="acme", key_id="k")
    entry = asked(one, begun(try_at(one), one.id))

    assert entry == again(entry)
    assert ("acme", "k", "mini", True, one.received_at) == (
        entry.tenant,
        entry.key_id,
        entry.model,
        entry.stream,
        entry.received_at,
    )
    assert ("", Tried(one.id, 1, "openai", "gpt-4o-mini", OPENAI.id, one.received_at + 0.0005)) == (
        entry.status,
        entry.tried,
    )


def test_a_failed_attempt_tells_why() -> None:
    """Our code, the status in the provider's meaning, and the provider's own word."""
    one = exchange()
    attempt = try_at(one, AZURE)
    fail(attempt)

    entry = again(settled(attempt, one.id, "failed"))

    assert isinstance(entry, Tried)
    assert ("failed", "upstream_overloaded", 529, "overloaded_error", 3.0) == (
        entry.status,
        entry.error_code,
        entry.error_status,
        entry.upstream_code,
        entry.total_ms,
    )


def test_an_answer_tells_what_it_cost() -> None:
    """Status, times, usage by class, cost with its price's version, and how many notes."""
    one = exchange()
    try_at(one)
    answer(one)
    one.notes.append(Note("logit_bias", "dropped"))
    tried = settled(one.attempts[0], one.id, "ok")

    entry = again(answered(one, tried, "ok", 42.5))

    assert isinstance(entry, Asked)
    assert (tried, "ok", 12.0, 42.5, 1, 1) == (
        entry.tried,
        entry.status,
        entry.first_content_ms,
        entry.total_ms,
        entry.attempts,
        entry.notes,
    )
    assert (Usage(input=100, cache_read=20, output=50, reasoning=7), 1234, "2026-11-01") == (
        tried.usage,
        tried.cost_nanousd,
        tried.price_version,
    )


def test_an_attempt_without_a_status_takes_that_of_its_exchange() -> None:
    """It was begun and never ended by itself."""
    one = exchange()

    assert "cancelled" == settled(try_at(one), one.id, Status.CANCELLED.value).status


def test_what_a_client_or_upstream_chooses_is_cut() -> None:
    """A model's name of a megabyte does not fill the journal."""
    one = exchange(model="m" * 100_000)
    attempt = try_at(one)
    fail(attempt, Unreachable("no", code="e" * 100_000))

    entry = asked(one, settled(attempt, one.id, "failed"))

    assert "m" * TEXT_LIMIT == entry.model
    assert entry.tried is not None
    assert "e" * TEXT_LIMIT == entry.tried.upstream_code


@pytest.mark.parametrize(
    ("kind", "required"), ((["t", "r", 1, "p", "m", "d", 1.5], 6), (["a"] + ["x"] * 7, None))
)
def test_an_older_entry_can_be_read(kind: list[object], required: int | None) -> None:
    """One without the fields that came later gets their defaults."""
    data = kind if required else [*kind, True, 2.5, None]

    entry = decode(memoryview(msgspec.msgpack.encode(data)))

    assert "" == entry.status


def test_a_newer_entry_can_be_read() -> None:
    """Fields this version does not know are left alone."""
    data = [*msgspec.msgpack.decode(encode(begun(try_at(exchange()), "r"))), "new", 1]

    assert isinstance(decode(memoryview(msgspec.msgpack.encode(data))), Tried)


def test_nonsense_is_made_sound() -> None:
    """Numbers beyond 64 bits and half characters are brought to what can be written down."""
    one = exchange(model="half \ud800")
    answer_of = try_at(one)
    answer(one)
    answer_of.usage = Usage(input=10**30, output=5)
    entry = answered(one, settled(answer_of, one.id, "ok"), "ok", 1.0)
    with pytest.raises((OverflowError, UnicodeError)):
        encode(entry)

    sound = again(soundly(entry))

    assert isinstance(sound, Asked)
    assert sound.tried is not None
    assert ("half ?", Usage(input=NUMBER_LIMIT, output=5), True, 1234) == (
        sound.model,
        sound.tried.usage,
        sound.stream,
        sound.tried.cost_nanousd,
    )


def test_what_a_later_entry_says_again_is_not_read_twice() -> None:
    """A request's end tells all its beginning told, unless it was tried again; the rest stays."""
    first, second, third = ("req_" + letter * 26 for letter in "ABC")
    tried = Tried(first, 1, "p", "m", "p/m", 1.0)

    def asked_as(name: str, status: str = "", attempts: int = 0) -> Asked:
        fixed = ("t", "k", "f", "d", "chat", "m", False, 1.0, None)
        return Asked(name, *fixed, status, None, None, attempts)

    told: list[Entry] = [
        asked_as(first),
        tried,
        asked_as(second),
        asked_as(third),
        asked_as(first, "ok", 1),
        asked_as(third, "ok", 2),
        asked_as("req_1"),  # not of our form: left to whoever folds
        asked_as("req_1", "ok", 1),
    ]
    odd: list[memoryview] = []
    payloads = [memoryview(encode(entry)) for entry in told]

    assert told[1:] == decoded([*payloads, memoryview(b"\x01")], odd.append)
    assert [memoryview(b"\x01")] == odd


def test_user_and_tags_come_along() -> None:
    """From the first word on, for a worker that dies before the last."""
    one = exchange()
    one.principal = Principal(key_id="k", tenant="t", user="ann", tags=("web", "half \ud800"))
    tried = begun(try_at(one), one.id)
    answer(one)

    for entry in (asked(one, tried), answered(one, tried, "ok", 1.0)):
        sound = again(soundly(entry))
        assert isinstance(sound, Asked)
        assert ("ann", ("web", "half ?")) == (sound.user, sound.tags)


def test_a_request_of_the_version_before_can_be_read() -> None:
    """A journal that ends with what there was then: nobody's, without tags."""
    one = exchange()
    tried = settled(try_at(one), one.id, "ok")
    then = msgspec.msgpack.decode(encode(answered(one, tried, "ok", 1.0)))[:17]

    entry = decode(memoryview(msgspec.msgpack.encode(then)))

    assert isinstance(entry, Asked)
    assert ("ok", 1, "", ()) == (entry.status, entry.attempts, entry.user, entry.tags)
