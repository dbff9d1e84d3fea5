"""Ids sort by time and never repeat."""

import os

from trunkline.kernel.ids import RequestIds, ulid


def test_ulid_of_known_bytes():
    """48 bits of milliseconds, 80 bits of entropy, in Crockford's alphabet."""
    assert "01ARZ3NDEK" == ulid(1469922850.259, bytes)[:10]
    assert "0" * 16 == ulid(1469922850.259, bytes)[10:]


def test_ulids_sort_by_time():
    """A later id is a greater string, whatever its entropy."""
    ids = [ulid(t, os.urandom) for t in (0.0, 1.0, 1.5, 1e9, 2e9)]

    assert sorted(ids) == ids


def test_request_ids_are_unique_over_many_blocks():
    """No id repeats although entropy is drawn a block at a time."""
    ids = RequestIds(os.urandom)

    seen = {ids.next(1.0 + i // 700) for i in range(5000)}

    assert 5000 == len(seen)
    assert all(i.startswith("req_") and len(i) == 30 for i in seen)


def test_request_ids_sort_within_a_stem():
    """Later means greater, also within one millisecond."""
    ids = RequestIds(os.urandom)
    made = [ids.next(1.0 + i / 10) for i in range(1000)]

    assert sorted(made) == made
