"""Recorded traffic, played again."""

from pathlib import Path

import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, MESSAGES, ask, engine, play
from trunkline.providers.sim.replay import Recordings, load

STREAM = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"x":1}\n\ndata: [DONE]\n\n'


def record(
    folder: Path, name: str, *, path: str = CHAT, sse: bytes | None = None, **request
) -> None:
    response: dict = {
        "status": 200,
        "headers": {"Content-Type": "text/plain", "Connection": "close"},
    }
    if sse is None:
        response["body"] = {"recorded": name}
    else:
        response["sse_file"] = f"{name}.sse"
        (folder / f"{name}.sse").write_bytes(sse)
    entry = {"request": {"method": "POST", "path": path, "body": request}, "response": response}
    (folder / f"{name}.json").write_bytes(json.encode(entry))


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    record(tmp_path, "whole", model="real-1", messages=[])
    record(tmp_path, "stream", model="real-1", stream=True, messages=[], sse=STREAM)
    record(tmp_path, "zebra", model="real-1", messages=[{"role": "user", "content": "same"}])
    record(tmp_path, "native", model="real-1", path="/v1/messages?beta=true")
    (tmp_path / "bare.json").write_bytes(b'{"id":1}')
    (tmp_path / "manifest.json").write_bytes(b"[]")
    return load(tmp_path)


def test_only_exchanges_are_loaded(recordings: Recordings) -> None:
    """Other JSON files are passed over."""
    assert 4 == len(recordings)


@pytest.mark.parametrize(
    ("path", "model", "more", "name"),
    (
        (CHAT, "sim-replay@name=zebra", {}, "zebra"),
        (CHAT, "real-1", {}, "whole"),
        (CHAT, "real-1", {"prompt": "same"}, "zebra"),
        (MESSAGES, "real-1", {}, "native"),
    ),
)
def test_the_fitting_recording_answers(
    recordings: Recordings, path: str, model: str, more: dict, name: str
) -> None:
    """By name; else by endpoint and model, the same body first."""
    seen = play(engine(recordings=recordings), ask(path, model, **more))

    assert {"recorded": name} == seen.json
    assert ((b"content-type", b"text/plain"),) == seen.head.headers


def test_a_stream_comes_back_to_the_byte(recordings: Recordings) -> None:
    """Chosen by the stream flag; content events and the end are counted."""
    seen = play(engine(recordings=recordings), ask(CHAT, "real-1", stream=True))

    assert STREAM == seen.body
    assert 3 == len(seen.sends)
    assert (1, True) == (seen.row.content_events, seen.row.finished)


def test_a_recording_can_be_cut(recordings: Recordings) -> None:
    """Faults work on recorded streams, too."""
    seen = play(engine(recordings=recordings), ask(CHAT, "sim-replay@name=stream,fault=u5:after=0"))

    assert b"" == seen.body


def test_an_unrecorded_model_is_simulated(recordings: Recordings) -> None:
    """Recordings come first, but do not stand in the way."""
    assert "choices" in play(engine(recordings=recordings), ask(CHAT, "real-2")).json


def test_a_missing_stream_is_passed_over(tmp_path: Path) -> None:
    """A recording without its bytes is none."""
    record(tmp_path, "stream", model="m", sse=b"")
    (tmp_path / "stream.sse").unlink()

    assert 0 == len(load(tmp_path))


def test_every_shared_stream_is_replayed_to_the_byte(shared: Path) -> None:
    """All recorded Chat Completions and Messages streams."""
    folder = shared / "fixtures"
    for provider, path in (("openai-chat", CHAT), ("anthropic", MESSAGES)):
        recordings = load(folder / provider)
        subject = engine(recordings=recordings)
        streams = [one for one in recordings._all if one.stream]
        assert 15 < len(streams)
        for one in streams:
            seen = play(subject, ask(path, f"sim-replay@name={one.name}", stream=True))
            assert one.body == seen.body
            assert (True, "played") == (seen.row.finished, seen.row.outcome)
