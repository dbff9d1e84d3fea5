"""Requests, answers and streams for the tests of Completions."""

from msgspec import json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_completions.dialect import OpenAICompletions

DIALECT = OpenAICompletions()
STAMP = Stamp("t0k3n", "m", 7)


def target(**quirks):
    return Deployment(
        id="p/m", provider="p", model="up", dialect="openai-completions", quirks=Quirks(**quirks)
    )


def asked(**fields):
    return DIALECT.decode_request(json.encode({"model": "m", "prompt": "Say", **fields}), {})


def chunk(text="", finish=None, index=0, usage=None, logprobs=None, choices=True):
    choice = {"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish}
    body = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 5,
        "choices": [choice] if choices else [],
        "model": "up",
        "usage": usage,
    }
    return b"data: " + json.encode(body) + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = chunk(choices=False, usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
COLUMNS = {
    "tokens": [" hi", "!"],
    "token_logprobs": [-0.5, -1.0],
    "top_logprobs": [{" hi": -0.5, " ho": -1.5}, {"!": -1.0}],
    "text_offset": [0, 3],
}


def chunks(data):
    """What a client reads of a stream."""
    lines = [line for line in data.split(b"\n\n") if line]
    assert b"data: [DONE]" == lines[-1]
    return [json.decode(line.removeprefix(b"data: ")) for line in lines[:-1]]
