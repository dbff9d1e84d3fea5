"""
Gemini's answers on the wire, as far as we read them: one shape for whole answers and for the
events of a stream (ai.google.dev/api/generate-content, seen 2026-11-21).

Vertex AI writes the same with fields of its own beside it.
"""

from collections.abc import Mapping

from msgspec import Raw, Struct, json

from trunkline.dialects.raws import NULL

NAME = "gemini"
NOT_TAKEN = "dropped: the provider does not take it"


ABSENT = NULL
"""The default of a field that holds anything."""

Fields = dict[str, object]
"""An object about to be written."""


class PartialArg(Struct, gc=False, rename="camel"):
    """Vertex AI streams a call's arguments value by value (streamFunctionCallArguments)."""

    json_path: str = ""
    string_value: str | None = None
    number_value: Raw = ABSENT
    bool_value: bool | None = None
    will_continue: bool | None = None


class FunctionCall(Struct, gc=False, rename="camel"):
    id: str | None = None
    name: str | None = None
    args: Raw = ABSENT
    partial_args: list[PartialArg] | None = None
    will_continue: bool | None = None


class Part(Struct, gc=False, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(Struct, gc=False, rename="camel"):
    parts: list[Raw] | None = None


class Candidate(Struct, gc=False, rename="camel"):
    content: Content | None = None
    index: int | None = None
    finish_reason: str | None = None
    finish_message: Raw = ABSENT
    logprobs_result: Raw = ABSENT
    avg_logprobs: Raw = ABSENT
    safety_ratings: Raw = ABSENT
    citation_metadata: Raw = ABSENT
    grounding_metadata: Raw = ABSENT
    url_context_metadata: Raw = ABSENT


OWN_FIELDS = (
    ("finishMessage", "finish_message"),
    ("avgLogprobs", "avg_logprobs"),
    ("safetyRatings", "safety_ratings"),
    ("citationMetadata", "citation_metadata"),
    ("groundingMetadata", "grounding_metadata"),
    ("urlContextMetadata", "url_context_metadata"),
)
"""Of a candidate: what only clients of this dialect understand, by the wire's name and ours."""


class Response(Struct, gc=False, rename="camel"):
    candidates: list[Candidate] | None = None
    prompt_feedback: Raw = ABSENT
    usage_metadata: Raw = ABSENT
    model_version: str | None = None
    response_id: str | None = None
    create_time: Raw = ABSENT
    model_status: Raw = ABSENT
    error: Raw = ABSENT


class _Feedback(Struct, gc=False, rename="camel"):
    block_reason: str | None = None


RESPONSE = json.Decoder(Response)
PART = json.Decoder(Part)
_FEEDBACK = json.Decoder(_Feedback)


def present(raw: Raw | None) -> Raw | None:
    """None for what is absent or null."""
    return None if raw is None or raw == NULL else raw


def block_reason(feedback: Raw) -> str:
    """Why a prompt was not answered at all; "" where it was."""
    return _FEEDBACK.decode(feedback).block_reason or "" if present(feedback) else ""


def extra_of(response: Response) -> Mapping[str, Raw]:
    """Fields of an answer that only clients of this dialect know."""
    named = {
        "createTime": response.create_time,
        "modelStatus": response.model_status,
        "promptFeedback": response.prompt_feedback,
    }
    return {name: raw for name, raw in named.items() if present(raw) is not None}
