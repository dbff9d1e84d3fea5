"""
The soak's upstream: OpenAI chat and Anthropic messages, each stream paced like a model.

Its first piece of text holds two monotonic clock readings, in nanoseconds: when the request had
arrived whole, and when the piece was written. Processes of one machine share that clock, so
the client can tell exactly what the gateway added.
"""

import asyncio
import time

import httptools

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
USAGE_OPENAI = b'{"prompt_tokens":1000,"completion_tokens":42,"total_tokens":1042}'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def openai(delta: bytes, finish: bytes = b"null", usage: bytes = b"null") -> bytes:
    choices = b'[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]' % (delta, finish)
    return (
        b'data: {"id":"chatcmpl-soak","object":"chat.completion.chunk","created":1,'
        b'"model":"gpt-4o-mini","choices":%b,"usage":%b}\n\n' % (choices, usage)
    )


def anthropic(kind: bytes, rest: bytes) -> bytes:
    return b'event: %b\ndata: {"type":"%b",%b}\n\n' % (kind, kind, rest)


class Server(asyncio.Protocol):
    ttft = 0.3
    events = 40
    gap = 0.02

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment] - TCP gives a Transport
        self.parser = httptools.HttpRequestParser(self)
        self.path = b""
        self.task: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.path = url

    def on_message_complete(self) -> None:
        arrived = time.monotonic_ns()
        self.task = asyncio.get_running_loop().create_task(self.answer(arrived))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.task is not None:
            self.task.cancel()

    async def answer(self, arrived: int) -> None:
        write = self.transport.write
        is_anthropic = b"/messages" in self.path
        write(HEAD + chunk(self.opening(is_anthropic)))
        await asyncio.sleep(self.ttft)
        text = b"T%d,%d;" % (arrived, time.monotonic_ns())
        for _ in range(self.events):
            write(chunk(self.piece(is_anthropic, text)))
            text = b" word"
            await asyncio.sleep(self.gap)
        write(chunk(self.closing(is_anthropic)) + b"0\r\n\r\n")

    def opening(self, is_anthropic: bool) -> bytes:
        if not is_anthropic:
            return openai(b'{"role":"assistant","content":""}')
        message = (
            b'"message":{"id":"msg_soak","type":"message","role":"assistant","model":"claude-sonnet-4-5",'
            b'"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1000,"output_tokens":1}}'
        )
        block = b'"index":0,"content_block":{"type":"text","text":""}'
        return anthropic(b"message_start", message) + anthropic(b"content_block_start", block)

    def piece(self, is_anthropic: bool, text: bytes) -> bytes:
        if not is_anthropic:
            return openai(b'{"content":"%b"}' % text)
        delta = b'"index":0,"delta":{"type":"text_delta","text":"%b"}' % text
        return anthropic(b"content_block_delta", delta)

    def closing(self, is_anthropic: bool) -> bytes:
        if not is_anthropic:
            end = openai(b"{}", b'"stop"')
            usage = end.replace(b'"choices":[{', b'"choices":[],"x":[{').replace(
                b'"usage":null', b'"usage":' + USAGE_OPENAI
            )
            return end + usage + b"data: [DONE]\n\n"
        delta = (
            b'"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":42}'
        )
        stop = anthropic(b"content_block_stop", b'"index":0') + anthropic(b"message_delta", delta)
        return stop + b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
