"""Frameworks as clients: what their users get does not depend on who answers behind the gateway."""

from typing import Any
from zlib import crc32

import pytest

from tests.clients.conftest import Line
from tests.clients.parts import FINE, Client, Weather


def test_a_plain_answer(client: Client, line: Line, upstream: str) -> None:
    """Text, and the usage that the upstream counted."""
    mark = line.mark()
    said = client.say(f"{upstream}/sim-chat")

    assert said.text
    assert line.told(mark) == [said._replace(text="")]


def test_a_stream(client: Client, line: Line, upstream: str) -> None:
    """In pieces, the same text and usage."""
    whole = client.say(f"{upstream}/sim-chat")
    pieces, said = client.stream(f"{upstream}/sim-chat")

    assert len(pieces) > 5
    assert whole.text == "".join(pieces)
    assert whole == said


def test_reasoning(client: Client, upstream: str) -> None:
    """It is told beside the answer, and a turn that comes back in the history is accepted."""
    thought, said = client.think(f"{upstream}/sim-reason")

    assert said
    assert bool(thought) == (upstream not in client.blind_to)
    assert thought != said


def test_a_tool_loop(client: Client, upstream: str) -> None:
    """Two calls at once, each with its result; then the answer, which quotes both."""
    told = client.call(f"{upstream}/sim-tools@calls=2")

    assert told.startswith("The tools answered: ")
    assert 2 == told.count(FINE)


def test_a_tool_loop_by_streams(client: Client, upstream: str) -> None:
    """The same, put together from pieces, with text before the calls."""
    told = client.call_streaming(f"{upstream}/sim-tools@calls=2,preamble")

    assert told.removeprefix("I will look that up.").startswith("The tools answered: ")
    assert 2 == told.count(FINE)


def test_structured_output(client: Client, upstream: str) -> None:
    """By the API's own way and by a tool, each a valid instance."""
    parsed = client.parse(f"{upstream}/sim-json")

    assert [Weather, Weather] == [type(one) for one in parsed]


def test_an_image(client: Client, upstream: str) -> None:
    """Inline, it arrives as an image of its type."""
    assert "I see 1 image: image/png" == client.see(f"{upstream}/sim-vision")


def test_a_wrong_key(client: Client) -> None:
    """401."""
    assert 401 == client.fail("openai-chat/sim-chat", "sk-nothing").status


@pytest.mark.parametrize("model", ("sim-nothing", "nobody/sim-chat"))
def test_an_unknown_model(client: Client, upstream: str, model: str) -> None:
    """404, from the upstream and from the gateway itself."""
    name = model if "/" in model else f"{upstream}/{model}"

    assert 404 == client.fail(name).status


@pytest.mark.parametrize(
    ("fault", "statuses"),
    (
        ("u12", {400}),
        ("u11:status=529", {529, 503}),  # the latter to OpenAI's clients, who do not know 529
        ("u11:status=500", {502, 500, 503}),
    ),
)
def test_a_failing_upstream(
    client: Client, upstream: str, request: Any, fault: str, statuses: set[int]
) -> None:
    """The error class that stands for the status."""
    tag = crc32(request.node.name.encode())
    failure = client.fail(f"{upstream}/sim-chat@fault={fault},tag={tag}")

    assert failure.status in statuses


def test_a_throttled_upstream(client: Client, upstream: str, request: Any) -> None:
    """429, with the wait that the upstream asked for."""
    tag = crc32(request.node.name.encode())
    failure = client.fail(f"{upstream}/sim-chat@fault=u10:retry_after=40,tag={tag}")

    assert 429 == failure.status
    assert failure.retry_after is not None
    assert 38 <= failure.retry_after <= 40


def test_a_broken_stream(client: Client, upstream: str) -> None:
    """An error after what came, never an end."""
    pieces, _ = client.break_off(f"{upstream}/sim-chat@fault=u5:after=3,rate=100,tag=cut")

    assert 3 == len(pieces)
