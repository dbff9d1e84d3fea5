"""Background responses: jobs outlive their process, and events have any number of readers."""

import asyncio

from trunkline.canon.exchange import Principal
from trunkline.conversations.jobs import Job, Running, amended, read_job, write_job


def event(number):
    return b'data: {"type":"x","sequence_number":%d}\n\n' % number


def test_a_job_comes_back_as_it_went():
    """Who asked, with all they may and may not."""
    principal = Principal(
        key_id="k", tenant="t", scopes=frozenset({"chat:write"}), models=frozenset({"m"})
    )
    job = Job(
        face="native",
        dialect="openai-responses",
        principal=principal,
        model="m",
        body=b'{"model":"m"}\xe2\x82\xac',
        stream=True,
    )
    assert job == read_job(write_job(job))


def test_amending_a_response():
    """Only what changes, in its place."""
    assert b'{"id":"a","status":"failed","x":1}' == amended(
        b'{"id":"a","status":"queued","x":1}', {"status": "failed"}
    )


def test_readers_follow_from_where_they_were():
    """One from the start, one from the middle, one that comes when all is over."""

    async def read(running, number):
        return b"".join([piece async for piece in running.follow(number)])

    async def work():
        running = Running()
        running.add(event(0))

        async def write():
            for number in (1, 2):
                await asyncio.sleep(0)
                running.add(event(number))
            running.close()

        first, second, _ = await asyncio.gather(read(running, -1), read(running, 1), write())
        return [first, second, await read(running, 0), running.events]

    whole = event(0) + event(1) + event(2)
    assert [whole, event(2), event(1) + event(2), whole] == asyncio.run(work())
