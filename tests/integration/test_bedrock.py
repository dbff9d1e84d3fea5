"""Bedrock on loopback: it checks each signature itself, and streams in its own framing."""

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
from tests.providers.bedrock.verifier import faults
from trunkline.wire.awsstream import encode as framed

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SECRET = "a/secret+of=AWS"
SAID = ("It is ", "fine in Oslo, ", "€5 a day.")
USAGE = {
    "inputTokens": 12,
    "outputTokens": 7,
    "totalTokens": 119,
    "cacheReadInputTokens": 100,
    "cacheWriteInputTokens": 0,
}
CONFIG = """
[providers.bedrock]
region = "eu-central-1"
base_url = "http://127.0.0.1:{port}"
aws_access_key_id = "AKIDEXAMPLE"
aws_secret_access_key = "{secret}"
aws_session_token = "a+session/token="
models = ["{model}"]

[providers.wrong]
kind = "bedrock"
region = "eu-central-1"
base_url = "http://127.0.0.1:{port}"
aws_access_key_id = "AKIDEXAMPLE"
aws_secret_access_key = "another"

[providers.token]
kind = "bedrock"
region = "eu-central-1"
base_url = "http://127.0.0.1:{port}"
api_key = "bedrock-api-key"

[providers.simulated]
kind = "sim"
dialect = "bedrock-converse"
"""
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


class Bedrock(BaseHTTPRequestHandler):
    """Says what its signature lacks, or what it was asked to."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers["authorization"] != "Bearer bedrock-api-key":
            wrong = faults("POST", self.path, headers, body, SECRET, region="eu-central-1")
            if wrong:
                self._fail(403, "InvalidSignatureException", "; ".join(wrong))
                return
        asked = json.decode(body)
        text = asked["messages"][-1]["content"][0].get("text", "")
        if "throttle" in text:
            self._fail(429, "ThrottlingException", "Too many requests, please wait.")
        elif self.path.endswith("/converse-stream"):
            self._stream(broken="break" in text, calls="toolConfig" in asked)
        else:
            self._whole(calls="toolConfig" in asked)

    def _whole(self, *, calls: bool) -> None:
        blocks: list[Any] = [{"text": "".join(SAID)}]
        if calls:
            blocks.append({"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"c": 1}}})
        body = {
            "output": {"message": {"role": "assistant", "content": blocks}},
            "stopReason": "tool_use" if calls else "end_turn",
            "usage": USAGE,
            "metrics": {"latencyMs": 5},
        }
        self._answer(200, "application/json", json.encode(body))

    def _stream(self, *, broken: bool, calls: bool) -> None:
        events = [_event("messageStart", role="assistant")]
        events += [
            _event("contentBlockDelta", contentBlockIndex=0, delta={"text": t}) for t in SAID
        ]
        events.append(_event("contentBlockStop", contentBlockIndex=0))
        if calls:
            start = {"toolUse": {"toolUseId": "t1", "name": "weather"}}
            piece = {"toolUse": {"input": '{"c":1}'}}
            events += [
                _event("contentBlockStart", contentBlockIndex=1, start=start),
                _event("contentBlockDelta", contentBlockIndex=1, delta=piece),
                _event("contentBlockStop", contentBlockIndex=1),
            ]
        if broken:
            headers = {
                ":message-type": "exception",
                ":exception-type": "modelStreamErrorException",
            }
            events.append(framed(headers, b'{"message":"the model fell over"}'))
        else:
            events.append(_event("messageStop", stopReason="tool_use" if calls else "end_turn"))
            events.append(_event("metadata", usage=USAGE, metrics={"latencyMs": 5}))
        self._answer(200, "application/vnd.amazon.eventstream", b"".join(events), width=37)

    def _fail(self, status: int, kind: str, message: str) -> None:
        body = json.encode({"message": message})
        self._answer(status, "application/json", body, kind=kind)

    def _answer(
        self, status: int, media: str, body: bytes, *, kind: str = "", width: int = 1 << 20
    ) -> None:
        """In chunks that have nothing to do with the events."""
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("transfer-encoding", "chunked")
        if kind:
            self.send_header("x-amzn-errortype", f"{kind}:http://internal.amazon.com/coral/")
        self.end_headers()
        for at in range(0, len(body), width):
            piece = body[at : at + width]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Nowhere."""


def _event(name: str, **payload: Any) -> bytes:
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return framed(headers, json.encode({**payload, "p": "abcd"}))


@contextmanager
def listening() -> Generator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bedrock) as server:
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
        config = CONFIG.format(port=port, secret=SECRET, model=MODEL)
        folder: Path = tmp_path_factory.mktemp("bedrock")
        with serving(folder, config) as gateway:
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


@pytest.mark.parametrize("model", (MODEL, f"token/{MODEL}"))
def test_openai_whole(chat: openai.OpenAI, model: str) -> None:
    """Signed, and with a token; by bare name and by the provider's."""
    answer = chat.chat.completions.create(model=model, messages=asked())

    assert "".join(SAID) == answer.choices[0].message.content
    assert (112, 7) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert 100 == answer.usage.prompt_tokens_details.cached_tokens


def test_openai_stream_with_a_tool(chat: openai.OpenAI) -> None:
    """Text and a call, pieced together by the SDK."""
    with chat.chat.completions.stream(
        model=f"bedrock/{MODEL}",
        messages=asked(),
        tools=[WEATHER],
        stream_options={"include_usage": True},
    ) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls

    assert "".join(SAID) == answer.choices[0].message.content
    assert ("weather", '{"c":1}') == (call.function.name, call.function.arguments)
    assert "tool_calls" == answer.choices[0].finish_reason
    assert 112 == answer.usage.prompt_tokens


def test_anthropic_stream(messages: anthropic.Anthropic) -> None:
    """Through the other dialect; the beta header it sends is not passed on."""
    with messages.messages.stream(
        model=MODEL, max_tokens=50, messages=asked(), extra_headers={"anthropic-beta": "x-1"}
    ) as stream:
        answer = stream.get_final_message()

    assert "".join(SAID) == answer.content[0].text
    assert ("end_turn", 12, 100, 7) == (
        answer.stop_reason,
        answer.usage.input_tokens,
        answer.usage.cache_read_input_tokens,
        answer.usage.output_tokens,
    )


def test_a_fault_in_the_stream(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    """An exception among the events becomes one of the SDK's, for both clients."""
    with pytest.raises(openai.APIError, match="the model fell over"):
        list(chat.chat.completions.create(model=MODEL, messages=asked("break"), stream=True))
    with (
        pytest.raises(anthropic.APIStatusError, match="the model fell over"),
        messages.messages.stream(model=MODEL, max_tokens=50, messages=asked("break")) as stream,
    ):
        stream.get_final_message()


def test_the_simulators_own(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    """Thinking, text and calls in binary events, through the flow to both clients."""
    with chat.chat.completions.stream(
        model="simulated/sim-tools@preamble", messages=asked(), tools=[WEATHER]
    ) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    with messages.messages.stream(
        model="simulated/sim-reason", max_tokens=500, messages=asked()
    ) as stream:
        blocks = stream.get_final_message().content

    assert "weather" == call.function.name
    assert ["thinking", "text"] == [block.type for block in blocks]
    assert blocks[0].signature


def test_a_wrong_secret_is_not_the_clients_fault(chat: openai.OpenAI) -> None:
    """The signature does not match: 502, and no word of credentials' details."""
    with pytest.raises(openai.InternalServerError) as caught:
        chat.chat.completions.create(model=f"wrong/{MODEL}", messages=asked())

    assert 502 == caught.value.status_code
    assert "signature" not in str(caught.value)


def test_throttling(chat: openai.OpenAI) -> None:
    """The provider's rate limit, as the SDK's. Last: the credential rests after it."""
    with pytest.raises(openai.RateLimitError):
        chat.chat.completions.create(model=f"token/{MODEL}", messages=asked("throttle"))
