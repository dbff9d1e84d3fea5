"""Tests of what the encoders of one request share."""

from tests.dialects.anthropic_messages.kit import NAME, chat, deployment
from trunkline.canon.content import CacheMark
from trunkline.canon.note import Note
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.wire import Fields


def test_lifetimes() -> None:
    """The usual one goes without saying."""
    draft, blocks = Draft(chat(), deployment()), [Fields(), Fields(), Fields()]

    for block, mark in zip(blocks, (CacheMark("5m"), CacheMark("1h"), None), strict=True):
        draft.mark(block, mark)

    assert [
        {"cache_control": {"type": "ephemeral"}},
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {},
    ] == blocks


def test_the_last_four_breakpoints_stay() -> None:
    """Each covers all before it, so the earliest are the ones to lose."""
    draft, blocks = Draft(chat(), deployment()), [Fields(at=at) for at in range(6)]
    for block in blocks:
        draft.mark(block, CacheMark())

    draft.limit_marks()

    assert [False, False, True, True, True, True] == ["cache_control" in b for b in blocks]
    assert [Note("cache_control", "2 dropped: at most 4 breakpoints")] == draft.notes


def test_automatic_caching_takes_a_place() -> None:
    """A top-level cache_control counts among the four."""
    request = chat(origin=NAME, extra={"cache_control": b"{}"})
    draft, blocks = Draft(request, deployment()), [Fields(at=at) for at in range(4)]
    for block in blocks:
        draft.mark(block, CacheMark())

    draft.limit_marks()

    assert [False, True, True, True] == ["cache_control" in b for b in blocks]


def test_who_speaks_the_same() -> None:
    """Told by the request's origin."""
    assert [True, False] == [
        Draft(chat(origin=origin), deployment()).same for origin in (NAME, "openai-chat")
    ]
