"""What a process knows of itself: told in numbered batches, and whole to a server that forgot."""

from tests.storage.valkey.making import MINUTE
from trunkline.canon.limit import Unit
from trunkline.storage.valkey.own import MOST_AMOUNT, SURE, Charge, Outcome, Own, Place

COST = Charge("c", Unit.COST, 100, 0)
REQUESTS = Charge("r", Unit.REQUESTS, 1, MINUTE)


def holding(*leases):
    own = Own()
    own.see("c", 0, 100, 1)
    own.see("r", MINUTE, 1, 1)
    for lease in leases:
        own.hold(lease, 1, (COST, REQUESTS), Place.SERVER)
    return own


def test_an_unanswered_batch_comes_again_as_it_was():
    """With the same number, whatever ended meanwhile: the server writes it once."""
    own = holding("a", "b")
    own.end("a", Outcome(5, 60))
    first = own.next("e")
    own.end("b", Outcome(None))
    again = own.next("e")
    own.written(again, 0.0)
    after = own.next("e")

    assert first is again
    assert [("s", "a", 5, 60)] == list(first.ops)
    assert [("w", "b")] == list(after.ops)
    assert first.number + 1 == after.number


def test_a_lease_ends_once():
    """The first end counts, also before the server was told."""
    own = holding("a")
    own.end("a", Outcome(5, 60))
    own.end("a", Outcome(None))

    assert [("s", "a", 5, 60)] == list(own.next("e").ops)


def test_it_lets_go_of_what_was_written():
    """Neither lease nor end is kept, and nothing waits."""
    own = holding("a")
    own.end("a", Outcome(5, 60))
    own.written(own.next("e"), 0.0)

    assert ({}, False) == (own.leases, own.waiting)


def test_everything_is_told_to_a_server_that_forgot():
    """Leases as they were charged, and what was settled in open windows; the ledger has the older part."""
    own = holding("a", "b", "d")
    own.end("a", Outcome(0, 40))
    own.written(own.next("e"), 10.0)
    own.end("b", Outcome(0, 7))
    own.written(own.next("e"), 10.0 + SURE)
    batch = own.begin_anew("f", 10.1 + SURE)

    assert ("a", "d", 1, [("c", 2, 100, 0), ("r", 0, 1, MINUTE)]) in batch.ops
    assert ("c", "c", 0, 47, 40) in batch.ops
    assert ("c", "r", MINUTE, 2, 1) in batch.ops
    assert 3 == len(batch.ops)


def test_windows_that_are_over_are_let_go():
    """Those that never close are kept."""
    own = holding()
    own.prune(MINUTE)

    assert ["c"] == list(own.counts)


def test_what_was_counted_alone_is_told_later():
    """The sum of what is over, and the leases that are not; each once."""
    own = holding()
    own.hold("here", 2, (REQUESTS,), Place.HERE)
    own.hold("over", 2, (REQUESTS,), Place.HERE)
    own.end_here("over", Outcome(0))
    own.doubt("late")
    batch = own.catch_up("e")
    own.written(batch, 0.0)

    assert [
        ("x", "late"),
        ("a", "here", 2, [("r", 0, 1, MINUTE)]),
        ("c", "r", MINUTE, 1, 0),
    ] == list(batch.ops)
    assert [] == list(own.catch_up("e").ops)
    assert Place.SERVER is own.leases["here"].place


def test_a_claim_in_doubt_leaves_its_lease_alone():
    """Admitted here after the server did not answer, it is under way all the same."""
    own = holding()
    own.doubt("a")
    own.hold("a", 2, (REQUESTS,), Place.HERE)
    own.written(own.catch_up("e"), 0.0)

    assert ["a"] == list(own.leases)


def test_large_sums_are_told_in_pieces():
    """None is more than Lua can add up."""
    own = holding("a", "b", "d")
    for lease in ("a", "b", "d"):
        own.end(lease, Outcome(0, MOST_AMOUNT))
    own.written(own.next("e"), 0.0)
    pieces = [op for op in own.begin_anew("f", 100.0).ops if op[1] == "c"]

    assert [("c", "c", 0, MOST_AMOUNT, MOST_AMOUNT)] * 3 == pieces
