"""Prompts: what a model that only chats is asked, and what cannot be asked of it."""

import pytest
from msgspec import Raw

from tests.dialects.openai_completions.making import DIALECT, asked
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.errors import ClientError, Malformed, Unsupported
from trunkline.dialects.openai_completions.decode_request import wants_usage


def test_a_prompt_is_what_a_user_says():
    """And 16 tokens are enough, as at OpenAI."""
    request = asked()

    assert (Message(Role.USER, (Text("Say"),)),) == request.messages
    assert (16, False, "Say") == (request.max_output_tokens, request.echoes, request.prompt)
    assert "Say" == asked(prompt=["Say"]).prompt


def test_everything_that_may_be_said():
    """In canonical terms; the rest is kept for upstreams that know it."""
    request = asked(
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        n=2,
        stop="x",
        seed=3,
        presence_penalty=1,
        frequency_penalty=-1,
        logit_bias={"1": 2},
        logprobs=3,
        user="u",
        stream=True,
        stream_options={"include_usage": True},
        echo=True,
        best_of=2,
    )

    assert (5, 0.5, 0.9, 2, ("x",), 3, 1, -1) == (
        request.max_output_tokens,
        request.temperature,
        request.top_p,
        request.n,
        request.stop,
        request.seed,
        request.presence_penalty,
        request.frequency_penalty,
    )
    assert (True, 3, "u", True, True, True) == (
        request.logprobs,
        request.top_logprobs,
        request.user,
        request.stream,
        request.include_usage,
        request.echoes,
    )
    assert {"best_of"} == set(request.extra)
    assert ("a", "b") == asked(stop=["a", "b"]).stop


@pytest.mark.parametrize(
    ("fields", "param", "kind"),
    (
        ({"prompt": None}, "prompt", Malformed),
        ({"prompt": 7}, "prompt", Malformed),
        ({"prompt": ["a", "b"]}, "prompt", Malformed),
        ({"prompt": [1, 2]}, "prompt", Malformed),
        ({"logprobs": True}, "logprobs", Malformed),
        ({"echo": "yes"}, "echo", Malformed),
        ({"suffix": "end"}, "suffix", Unsupported),
        ({"max_tokens": 0, "echo": True}, "max_tokens", Unsupported),
    ),
)
def test_what_is_wrong_is_named(fields, param, kind):
    """Several prompts and tokens never come as far as here."""
    with pytest.raises(kind) as told:
        asked(**fields)
    assert param == told.value.param


@pytest.mark.parametrize("body", (b"", b"{", b"[]", b"\xff", b'{"model":"m"}', b"[" * 5000))
def test_whatever_the_bytes(body):
    """A ClientError, and nothing else."""
    with pytest.raises(ClientError):
        DIALECT.decode_request(body, {})


@pytest.mark.parametrize(
    ("options", "wanted"),
    ((None, False), (b'{"include_usage":true}', True), (b"{}", False), (b"7", False)),
)
def test_whether_usage_is_wanted(options, wanted):
    """From the body one level deep."""
    assert wanted == wants_usage({} if options is None else {"stream_options": Raw(options)})
