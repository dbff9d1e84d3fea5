"""The canonical answer as a whole text completion."""

from collections.abc import Mapping

from msgspec import json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Refusal, Text
from trunkline.canon.event import FinishReason
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_completions.logprobs import to_columns
from trunkline.dialects.openai_completions.wire import NAME, CompletionRequest, finish_word


def encode_answer(answer: Answer, request: Request, stamp: Stamp) -> bytes:
    before = echoed(request)
    body: dict[str, object] = {
        "id": (answer.origin == NAME and answer.id) or "cmpl-" + stamp.id,
        "object": "text_completion",
        "created": answer.created or stamp.created,
        "model": answer.model or stamp.model,
        "choices": [_choice(choice, before) for choice in answer.choices],
    }
    if answer.usage is not None:
        body["usage"] = usage_out(answer.usage)
    return json.encode(body)


def echoed(request: Request) -> str:
    """What stands before every answer."""
    return request.prompt if isinstance(request, CompletionRequest) and request.echoes else ""


def usage_out(usage: Usage) -> Mapping[str, int]:
    return {
        "prompt_tokens": usage.total_input,
        "completion_tokens": usage.total_output,
        "total_tokens": usage.total,
    }


def _choice(choice: Choice, before: str) -> Mapping[str, object]:
    texts = [part.text for part in choice.parts if isinstance(part, Text | Refusal)]
    return {
        "text": before + "".join(texts),
        "index": choice.index,
        "logprobs": to_columns(choice.logprobs, len(before))[0],
        "finish_reason": finish_word(choice.finish or FinishReason.STOP),
    }
