"""What the suites of dialects that upstreams alone speak share: cuts, and what a request must not lose."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import anthropic
import openai
from google.genai import errors as genai_errors
from msgspec import json

from tests.conformance import carry, sdk
from tests.conformance.recordings import Recording
from tests.conformance.ways import Ways
from trunkline.canon.content import Message
from trunkline.canon.errors import Disconnected
from trunkline.canon.note import Note
from trunkline.canon.request import ChatRequest


def cut(
    ways: Ways, recording: Recording, client: str, events: Sequence[bytes], *, last: int = 1
) -> Iterator[str]:
    """
    Before it says why it ended, a stream is an error that the SDK raises.

    `last`: how many events stand behind the one that says so.
    """
    for count in range(1, len(events) - last):
        pipe = ways.translation(recording, client)
        out = pipe.feed(b"".join(events[:count]))
        try:
            pipe.finish()
        except Disconnected as error:
            out += pipe.fault(error, "req_1")
        else:
            yield f"cut behind event {count}, {client} gets an ending"
            continue
        try:
            sdk.LENIENT.streamed(client, out)
        except (openai.APIError, anthropic.APIStatusError, genai_errors.APIError):
            continue
        yield f"cut behind event {count}, the SDK of {client} raises nothing"


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def strings(value: Any) -> Iterator[str]:
    """All texts in a body."""
    if isinstance(value, str):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from strings(inner)


def unsaid(
    request: ChatRequest, notes: Sequence[Note], texts: Iterable[str], inputs: Iterable[Any]
) -> Iterator[str]:
    """
    What a message says stands in the body, or a note tells of the message.

    `texts` and `inputs`: of the body, the latter what its tool calls are given.
    """
    sent = "\n".join(texts)
    given = {json.encode(value, order="sorted").decode() for value in inputs}
    for number, message in enumerate(request.messages):
        if any(note.field.startswith(f"messages.{number}") for note in notes):
            continue
        for said in _said(message):
            if said[1] == "call" and said[-1] not in given:
                yield f"message {number} loses the arguments of {said[3]}"
            if said[1] in ("text", "image", "document") and _payload(said[-1]) not in sent:
                yield f"message {number} loses {str(said)[:100]}"


def _said(message: Message) -> list[carry.Said]:
    return carry.conversation((message,), {})[0]


def _payload(text: str) -> str:
    return text.rpartition("base64,")[2] if text.startswith("data:") else text.strip()
