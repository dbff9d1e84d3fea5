"""Cohere on loopback: its Chat API behind the SDKs of other dialects."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from msgspec import json

from tests.integration.program import Gateway, serving

MODEL = "command-a-reasoning-08-2025"
SAID = ("It is ", "fine in Oslo, ", "€5 a day.")
USAGE = {
    "billed_units": {"input_tokens": 12, "output_tokens": 7},
    "tokens": {"input_tokens": 1412, "output_tokens": 30},
    "cached_tokens": 900,
}
CONFIG = """
[providers.cohere]
base_url = "http://127.0.0.1:{port}/v2"
api_key = "co-key"
models = ["{model}"]
"""
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


class Cohere(BaseHTTPRequestHandler):
    """Says what it was asked to, or what is wrong with the request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.decode(self.rfile.read(int(self.headers["content-length"])))
        text = str(asked["messages"][-1].get("content"))
        if self.headers["authorization"] != "Bearer co-key":
            self._answer(401, "application/json", b'{"message":"invalid api token","id":"e"}')
        elif self.path != "/v2/chat" or asked["model"] != MODEL:
            self._answer(404, "application/json", b'{"message":"model not found","id":"e"}')
        elif "huge" in text:
            told = b'{"message":"too many tokens: size limit exceeded by 9 tokens.","id":"e"}'
            self._answer(400, "application/json", told)
        elif asked["stream"]:
            body = b"".join(_stream(broken="break" in text, calls="tools" in asked))
            self._answer(200, "text/event-stream", body, width=37)
        else:
            self._answer(200, "application/json", _whole(calls="tools" in asked))

    def _answer(self, status: int, media: str, body: bytes, *, width: int = 1 << 20) -> None:
        """In chunks that have nothing to do with the events."""
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), width):
            piece = body[at : at + width]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Nowhere."""


def _whole(*, calls: bool) -> bytes:
    said = {"tool_plan": "".join(SAID)} if calls else {"content": _text("".join(SAID))}
    call = {"id": "weather_1", "type": "function", "function": {"name": "weather"}}
    message = {"role": "assistant", **said, **({"tool_calls": [call]} if calls else {})}
    finish = "TOOL_CALL" if calls else "COMPLETE"
    return json.encode({"id": "c", "message": message, "finish_reason": finish, "usage": USAGE})


def _text(text: str) -> Any:
    return [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]


def _stream(*, broken: bool, calls: bool) -> Generator[bytes]:
    yield _event("message-start", id="c", delta={"message": {"role": "assistant", "content": []}})
    if not calls:
        for index, kind, pieces in ((0, "thinking", ("hm",)), (1, "text", SAID)):
            begun = {"message": {"content": {"type": kind, kind: ""}}}
            yield _event("content-start", index=index, delta=begun)
            for piece in pieces:
                more = {"message": {"content": {kind: piece}}}
                yield _event("content-delta", index=index, delta=more)
            yield _event("content-end", index=index)
    else:
        for piece in SAID:
            yield _event("tool-plan-delta", delta={"message": {"tool_plan": piece}})
        function = {"name": "weather", "arguments": ""}
        call = {"id": "weather_1", "type": "function", "function": function}
        yield _event("tool-call-start", index=0, delta={"message": {"tool_calls": call}})
        yield _event("tool-call-end", index=0)
    end: Any = {"finish_reason": "TOOL_CALL" if calls else "COMPLETE", "usage": USAGE}
    if broken:
        end = {"finish_reason": "ERROR", "error": "the model fell over"}
    yield _event("message-end", delta=end)


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.encode({"type": kind, **fields}))


@contextmanager
def listening() -> Generator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Cohere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    with listening() as port:
        folder: Path = tmp_path_factory.mktemp("cohere")
        with serving(folder, CONFIG.format(port=port, model=MODEL)) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def chat(running: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running.base}/v1", api_key=running.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def messages(running: Gateway) -> Generator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=running.base, api_key=running.key, max_retries=0) as client:
        yield client


def asked(text: str = "How is Oslo?") -> Any:
    return [{"role": "user", "content": text}]


def test_openai_whole(chat: openai.OpenAI) -> None:
    """Text, thinking, and what is billed."""
    answer = chat.chat.completions.create(model=MODEL, messages=asked())

    assert "".join(SAID) == answer.choices[0].message.content
    assert "hm" == answer.choices[0].message.reasoning_content
    assert (12, 7) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def test_openai_stream_with_a_tool(chat: openai.OpenAI) -> None:
    """The plan as text and a call without arguments, pieced together by the SDK."""
    with chat.chat.completions.stream(
        model=f"cohere/{MODEL}",
        messages=asked(),
        tools=[WEATHER],
        stream_options={"include_usage": True},
    ) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls

    assert "".join(SAID) == answer.choices[0].message.content
    assert ("weather", "{}") == (call.function.name, call.function.arguments)
    assert "tool_calls" == answer.choices[0].finish_reason
    assert 12 == answer.usage.prompt_tokens


def test_openai_whole_with_a_tool(chat: openai.OpenAI) -> None:
    """A call that says nothing of arguments at all."""
    answer = chat.chat.completions.create(model=MODEL, messages=asked(), tools=[WEATHER])
    (call,) = answer.choices[0].message.tool_calls

    assert ("weather_1", "{}") == (call.id, call.function.arguments)


def test_anthropic_stream(messages: anthropic.Anthropic) -> None:
    """Thinking and text, block by block."""
    with messages.messages.stream(model=MODEL, max_tokens=50, messages=asked()) as stream:
        answer = stream.get_final_message()

    assert ["thinking", "text"] == [block.type for block in answer.content]
    assert "".join(SAID) == answer.content[1].text
    assert ("end_turn", 12, 7) == (
        answer.stop_reason,
        answer.usage.input_tokens,
        answer.usage.output_tokens,
    )


def test_a_failure_in_the_stream(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    """Cohere ends such a stream as any other; to the clients it is an error."""
    with pytest.raises(openai.APIError, match="the model fell over"):
        list(chat.chat.completions.create(model=MODEL, messages=asked("break"), stream=True))
    with (
        pytest.raises(anthropic.APIStatusError, match="the model fell over"),
        messages.messages.stream(model=MODEL, max_tokens=50, messages=asked("break")) as stream,
    ):
        stream.get_final_message()


def test_a_prompt_that_is_too_long(chat: openai.OpenAI) -> None:
    """In the client's own words for it."""
    with pytest.raises(openai.BadRequestError) as caught:
        chat.chat.completions.create(model=MODEL, messages=asked("huge"))

    assert "context_length_exceeded" == caught.value.code
