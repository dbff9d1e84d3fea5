"""Tests of what a request's encoders share: notes said once, and cache points."""

from tests.dialects.bedrock_converse.kit import SONNET_4, SONNET_4_5, chat, to
from trunkline.canon.content import CacheMark
from trunkline.canon.note import Note
from trunkline.dialects.bedrock_converse.draft import Draft


def test_a_note_is_said_once():
    """However often the same thing is dropped."""
    draft = Draft(chat(), to())
    draft.note("a", "dropped")
    draft.note("a", "dropped")

    assert [Note("a", "dropped")] == list(draft.notes)


def test_a_cache_point_is_a_block_of_its_own():
    """Behind what it caches; an hour where the model knows one."""
    blocks = [{"text": "a"}]
    Draft(chat(), to(SONNET_4_5)).mark(blocks, CacheMark("1h"))

    assert [{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}}] == blocks


def test_an_hour_becomes_five_minutes_where_the_model_knows_none():
    """Claude before 4.5 would answer 400."""
    blocks = []
    draft = Draft(chat(), to(SONNET_4))
    draft.mark(blocks, CacheMark("1h"))

    assert ([{"cachePoint": {"type": "default"}}], ["cache_control.ttl"]) == (
        blocks,
        [note.field for note in draft.notes],
    )


def test_models_that_take_no_marks_get_none():
    """With a note."""
    blocks = []
    draft = Draft(chat(), to(cache_marks=False))
    draft.mark(blocks, CacheMark())

    assert ([], ["cache_control"]) == (blocks, [note.field for note in draft.notes])


def test_at_most_four_and_the_last_ones():
    """Each covers all before it, so the earliest are the ones to go."""
    draft = Draft(chat(), to())
    lists = [[] for _ in range(6)]
    for blocks in lists:
        draft.mark(blocks, CacheMark())
    draft.limit_marks()

    assert [False, False, True, True, True, True] == [bool(blocks[0]) for blocks in lists]
