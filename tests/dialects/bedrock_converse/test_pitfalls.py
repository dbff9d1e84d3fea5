"""Where other gateways fell on the way to Bedrock; numbered as in tests/conformance/test_pitfalls.py."""

from msgspec import Raw

from tests.dialects.bedrock_converse.kit import (
    START,
    body_of,
    chat,
    decode,
    delta,
    encode,
    end,
    event,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import CacheMark, Reasoning, Text
from trunkline.canon.event import Finished, FinishReason, UsageReported


def test_pitfall_35_no_mark_on_thinking_and_four_at_most() -> None:
    """A cache point never stands behind reasoning, and a fifth is dropped."""
    said = assistant(Reasoning("hm", "sig", "bedrock-converse"), *[Text("x", CacheMark())] * 6)
    content = body_of(chat(user("hi"), said, user("go")))["messages"][1]["content"]

    assert ["reasoningContent", "text"] == [next(iter(block)) for block in content[:2]]
    assert 4 == sum("cachePoint" in block for block in content)


def test_pitfall_50_beta_features_stay_here() -> None:
    """Neither as a header nor as a field: Bedrock answers 400 to those it does not know."""
    body, encoded = encode(
        chat(origin="anthropic-messages", extra={"anthropic-beta": Raw(b'"x-1"')})
    )

    assert () == encoded.headers
    assert ["messages"] == list(body)
    assert ["anthropic-beta"] == [note.field for note in encoded.notes]


def test_pitfall_52_truncation_is_told() -> None:
    """Of both kinds."""
    for word in ("max_tokens", "model_context_window_exceeded"):
        finished = [
            e for e in decode(START, delta(0, text="x"), end(word)) if isinstance(e, Finished)
        ]

        assert [FinishReason.LENGTH] == [e.reason for e in finished]


def test_pitfall_54_cached_tokens_are_counted_once() -> None:
    """They are not in inputTokens, and so are not taken out of it."""
    usage = {"inputTokens": 4, "outputTokens": 2, "totalTokens": 16, "cacheReadInputTokens": 10}
    events = decode(
        START,
        delta(0, text="x"),
        event("messageStop", stop_reason="end_turn"),
        event("metadata", usage=usage),
    )
    (told,) = [e.usage for e in events if isinstance(e, UsageReported)]

    assert (4, 10, 16) == (told.input, told.cache_read, told.total)
