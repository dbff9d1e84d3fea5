"""Background tasks are held and their failures told."""

import asyncio

from trunkline.kernel.tasks import Tasks


def test_failures_are_told_with_the_name():
    """A task that raises is reported, not lost."""
    failures = []

    async def main():
        tasks = Tasks(lambda name, error: failures.append((name, repr(error))))

        async def bad():
            raise ValueError("x")

        await asyncio.wait([tasks.spawn("bad", bad())])
        await asyncio.sleep(0)
        assert 0 == len(tasks)

    asyncio.run(main())

    assert [("bad", "ValueError('x')")] == failures


def test_aclose_cancels_what_runs():
    """Closing cancels every task, also one that such a task starts while it dies."""
    ended = []

    async def main():
        tasks = Tasks(lambda name, error: None)

        async def last_words():
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("second")

        async def first():
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("first")
                tasks.spawn("second", last_words())
                await asyncio.sleep(0)

        tasks.spawn("first", first())
        await asyncio.sleep(0)
        await tasks.aclose()
        assert "<Tasks 0 running>" == repr(tasks)

    asyncio.run(main())

    assert ["first", "second"] == ended
