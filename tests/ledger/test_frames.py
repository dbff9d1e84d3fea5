"""Tests of ledger/frames.py: whatever happens to the bytes, records are told from damage."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.ledger.frames import MAX_PAYLOAD, Damage, frame, scan

PAYLOADS = st.lists(st.binary(max_size=60), max_size=6)


def joined(payloads: list[bytes]) -> bytes:
    return b"".join(map(frame, payloads))


def read(data: bytes) -> list[bytes]:
    return [bytes(payload) for payload in scan(data, last=True, limit=1000).payloads]


@given(PAYLOADS)
def test_records_come_back(payloads: list[bytes]) -> None:
    """All of them, in order, with nothing left over."""
    data = joined(payloads)

    found = scan(data, last=True, limit=1000)

    assert payloads == [bytes(payload) for payload in found.payloads]
    assert (len(data), ()) == (found.consumed, found.damage)


@given(PAYLOADS, st.data())
def test_a_torn_end_costs_the_torn_record_alone(payloads: list[bytes], data: st.DataObject) -> None:
    """Cut anywhere: the records before the cut are whole, and the rest is reported as damage."""
    whole = joined(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(joined(payloads[:count])) for count in range(len(payloads) + 1)]
    sound = max(count for count, end in enumerate(ends) if end <= cut)

    found = scan(whole[:cut], last=True, limit=1000)

    assert payloads[:sound] == [bytes(payload) for payload in found.payloads]
    torn = cut - ends[sound]
    assert ((Damage(ends[sound], torn),) if torn else ()) == found.damage
    assert cut == found.consumed


@given(PAYLOADS, st.data())
def test_a_torn_end_waits_while_more_may_come(payloads: list[bytes], data: st.DataObject) -> None:
    """Half a record at the end of what was read so far is neither a record nor damage."""
    whole = joined(payloads)
    cut = data.draw(st.integers(0, len(whole)))

    first = scan(whole[:cut], last=False, limit=1000)
    rest = scan(whole[first.consumed :], last=True, limit=1000)

    assert payloads == [bytes(payload) for payload in (*first.payloads, *rest.payloads)]
    assert ((), ()) == (first.damage, rest.damage)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6), st.data())
def test_a_flipped_bit_costs_one_record(payloads: list[bytes], data: st.DataObject) -> None:
    """Any bit, in a header or a payload: the other records are read, and the damage reported."""
    whole = bytearray(joined(payloads))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    ends = [len(joined(payloads[: count + 1])) for count in range(len(payloads))]
    hit = next(number for number, end in enumerate(ends) if at < end)

    found = scan(bytes(whole), last=True, limit=1000)

    assert [*payloads[:hit], *payloads[hit + 1 :]] == [bytes(part) for part in found.payloads]
    length = len(frame(payloads[hit]))
    assert (Damage(ends[hit] - length, length),) == found.damage


@given(st.binary(max_size=300), PAYLOADS)
def test_reading_resumes_behind_garbage(garbage: bytes, payloads: list[bytes]) -> None:
    """What was written after a torn record is never lost."""
    found = read(garbage + joined(payloads))

    assert payloads == found[len(found) - len(payloads) :]


def test_zeros_are_damage() -> None:
    """File systems fill what a power cut left unwritten with zeros."""
    found = scan(frame(b"a") + bytes(5000), last=True, limit=1000)

    assert [b"a"] == [bytes(payload) for payload in found.payloads]
    assert (Damage(len(frame(b"a")), 5000),) == found.damage


def test_text_cannot_pose_as_a_record() -> None:
    """A client who puts a frame into a model's name gets no second record out of it."""
    forged = frame(b"x").decode("utf-8", "surrogateescape").encode("utf-8", "replace")
    broken = bytearray(frame(forged))
    broken[8] ^= 1

    assert [] == read(bytes(broken))


def test_a_length_beyond_the_limit_is_damage() -> None:
    """Not a reason to wait for a gigabyte."""
    data = frame(bytes(MAX_PAYLOAD + 1)) + frame(b"next")

    found = scan(data, last=False, limit=1000)

    assert [b"next"] == [bytes(payload) for payload in found.payloads]


def test_an_unknown_version_is_damage() -> None:
    """A newer format is kept aside, not misread."""
    data = bytearray(frame(b"a"))
    data[2] += 1

    assert [b"next"] == read(bytes(data) + frame(b"next"))


def test_the_limit_counts_records() -> None:
    """The rest stays for the next scan."""
    data = joined([b"a", b"b", b"c"])

    found = scan(data, last=True, limit=2)

    assert [b"a", b"b"] == [bytes(payload) for payload in found.payloads]
    assert [b"c"] == read(data[found.consumed :])
