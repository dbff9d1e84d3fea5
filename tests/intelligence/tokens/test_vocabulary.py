"""The shipped vocabularies are OpenAI's, and reading them leaves the loop free."""

import asyncio
import hashlib

import pytest

from trunkline.intelligence.tokens.vocabulary import (
    SHA256,
    Vocabularies,
    Vocabulary,
    fill,
    read_table,
)


@pytest.mark.parametrize("vocabulary", Vocabulary)
def test_the_tables_are_the_official_ones(vocabulary: Vocabulary) -> None:
    """By the hash tiktoken itself expects."""
    assert SHA256[vocabulary] == hashlib.sha256(read_table(vocabulary)).hexdigest()


@pytest.mark.parametrize("vocabulary", Vocabulary)
def test_a_rank_is_the_number_of_a_line(vocabulary: Vocabulary) -> None:
    """Which is why nobody needs to parse it; and all single bytes are tokens."""
    table = read_table(vocabulary)
    lines = table.splitlines()
    assert [str(number).encode() for number in range(len(lines))] == [
        line.split()[1] for line in lines
    ]
    ranks: dict[bytes, int] = {}
    steps = sum(1 for _ in fill(table, ranks))
    assert len(lines) == len(ranks)
    assert steps > 50
    assert all(bytes((byte,)) in ranks for byte in range(256))


def test_loading_lets_others_run() -> None:
    """Between its steps the loop turns, many times."""

    async def scenario() -> int:
        vocabularies = Vocabularies()
        turns = 0
        loading = asyncio.get_running_loop().create_task(vocabularies.load(Vocabulary.CL100K))
        while not loading.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(scenario()) > 50


def test_a_vocabulary_is_read_once() -> None:
    """Those who ask at the same time share the work; before that there is none."""

    async def scenario() -> None:
        vocabularies = Vocabularies()
        assert vocabularies.get(Vocabulary.CL100K) is None
        assert "<Vocabularies none yet>" == repr(vocabularies)
        one, two = await asyncio.gather(
            vocabularies.load(Vocabulary.CL100K), vocabularies.load(Vocabulary.CL100K)
        )
        assert one is two is vocabularies.get(Vocabulary.CL100K)
        assert one is vocabularies.load_now(Vocabulary.CL100K)
        assert "<Vocabularies cl100k_base>" == repr(vocabularies)

    asyncio.run(scenario())


def test_a_load_given_up_may_be_tried_again() -> None:
    """A cancelled request leaves nothing half read behind."""

    async def scenario() -> None:
        vocabularies = Vocabularies()
        loading = asyncio.get_running_loop().create_task(vocabularies.load(Vocabulary.CL100K))
        for _ in range(5):
            await asyncio.sleep(0)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        bpe = await vocabularies.load(Vocabulary.CL100K)
        assert 2 == bpe.count("hello world")

    asyncio.run(scenario())
