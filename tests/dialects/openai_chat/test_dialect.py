"""Both roles under one name."""

from tests.dialects.openai_chat.kit import DIALECT, STAMP, decode, deployment, whole
from trunkline.canon.fold import fold, unfold


def test_names():
    """What the registry and the flow know it by."""
    assert ("openai-chat", "/chat/completions", b"data: [DONE]\n\n") == (
        DIALECT.name,
        DIALECT.path("m", stream=True),
        DIALECT.sentinel,
    )


def test_what_it_tells_of_its_clients():
    """No header of theirs is theirs alone; they look for the request id where OpenAI puts it."""
    assert (b"", b"x-request-id") == (DIALECT.caller_header, DIALECT.request_id_header)


def test_all_the_way():
    """A client's request to an upstream, its answer back, whole and streamed."""
    request = decode(stream=True, stream_options={"include_usage": True})
    assert b'"model":"m"' in DIALECT.encode_request(request, deployment()).body
    answer = whole({"content": "x"}, usage={"prompt_tokens": 1, "completion_tokens": 1})
    body = DIALECT.encode_answer(answer, request, STAMP)
    assert answer == DIALECT.decode_answer(body)
    decoder = DIALECT.decoder()
    stream = DIALECT.encoder(request, STAMP).feed(unfold(answer))
    assert answer == fold([*decoder.feed(stream), *decoder.finish()])
