"""What an answer repeats of its request, normalised as OpenAI does (recorded 2026-05)."""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw, json

from trunkline.dialects.fields import STR, Fields
from trunkline.dialects.openai_responses.decode_tools import echoed_tools
from trunkline.dialects.raws import NULL

_AS_SENT: Final = (
    "background",
    "frequency_penalty",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "temperature",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
_PLAIN_TEXT: Final = Raw(b'{"type":"text"}')


def echo_of(body: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """Only what the client said; `body` decoded one level deep. Raises Malformed."""
    echo = {name: body[name] for name in _AS_SENT if body.get(name, NULL) != NULL}
    if body.get("tools", NULL) != NULL:
        echo["tools"] = echoed_tools(body)
    if body.get("text", NULL) != NULL:
        echo["text"] = _text(Fields.of(body["text"], "text"))
    if body.get("reasoning", NULL) != NULL:
        asked = Fields.of(body["reasoning"], "reasoning")
        effort, summary = asked.raw("effort"), asked.raw("summary")
        echo["reasoning"] = _encoded({"effort": effort, "summary": summary, **asked.rest()})
    return echo


def _text(output: Fields) -> Raw:
    wanted, verbosity = output.raw("format"), output.raw("verbosity")
    return _encoded(
        {
            "format": _PLAIN_TEXT if wanted is None else _format(wanted),
            "verbosity": verbosity or "medium",
            **output.rest(),
        }
    )


def _format(raw: Raw) -> Raw:
    wanted = Fields.of(raw, "text.format")
    if wanted.get("type", STR) != "json_schema":
        return raw
    described, name = wanted.raw("description"), wanted.raw("name")
    schema, strict = wanted.raw("schema"), wanted.raw("strict")
    return _encoded(
        {
            "type": "json_schema",
            "description": described,
            "name": name,
            "schema": schema,
            "strict": False if strict is None else strict,
        }
    )


def _encoded(fields: Mapping[str, object]) -> Raw:
    return Raw(json.encode(fields))
