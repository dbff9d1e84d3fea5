"""The canonical request as the body an upstream of this dialect gets."""

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.foreign import refuse_foreign_needs
from trunkline.canon.request import ChatRequest, OutputFormat, Request
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import apply_quirks
from trunkline.dialects.gemini.encode_contents import ContentWriter
from trunkline.dialects.gemini.encode_tools import encode_choice, encode_tools
from trunkline.dialects.gemini.names import Names
from trunkline.dialects.gemini.thinking import no_thinking, thinking_config
from trunkline.dialects.gemini.wire import NAME, NOT_TAKEN, Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.unasked import declines_thinking

_NO_SUCH_FIELD = "dropped: the Gemini API has no such field"
_MAX_STOP = 5
"""ai.google.dev/api/generate-content, stopSequences, seen 2026-11-21."""
_USUAL_STOP = Quirks().max_stop
_SAMPLING = (
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("n", "candidateCount"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
)
_JSON = "application/json"
_UNKNOWN = ("logit_bias", "verbosity", "user", "metadata", "service_tier")
_OURS = ("generationConfig", "toolConfig")
"""Fields we write ourselves; what a client put into them beyond that is added there."""


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported."""
    quirks, notes = deployment.quirks, Notes()
    own = request.origin == NAME
    refuse_foreign_needs(request, NAME)
    names = Names(quirks.max_tool_name)
    tools = encode_tools(request, names, notes)
    system, contents = ContentWriter(request, quirks, names, notes).write()
    body: Fields = {}
    if system:
        body["systemInstruction"] = {"parts": system}
    body["contents"] = contents
    if tools:
        body["tools"] = tools
    for field, value in (
        ("toolConfig", encode_choice(request, names, notes)),
        ("generationConfig", _generation(request, deployment, notes)),
    ):
        if value:
            body[field] = value
    for field in _UNKNOWN:
        if getattr(request, field) is not None:
            notes.add(field, _NO_SUCH_FIELD)
    for field, raw in request.extra.items():
        if not own:
            notes.add(field, _NO_SUCH_FIELD)
        elif field not in _OURS:
            body.setdefault(field, raw)
    apply_quirks(body, quirks, notes.add, why=NOT_TAKEN)
    return Encoded(json.encode(body), notes=notes.all(), tool_names=names.used)


def _generation(request: ChatRequest, deployment: Deployment, notes: Notes) -> Fields:
    quirks, own = deployment.quirks, request.origin == NAME
    config: Fields = {}
    for field, word in _SAMPLING:
        value = getattr(request, field)
        if value is not None:
            config[word] = value
    limit, most = request.max_output_tokens, deployment.max_output_tokens
    if limit is not None:
        if most is not None and limit > most:
            notes.add("max_tokens", f"lowered to {most}, the most this model writes")
            limit = most
        config["maxOutputTokens"] = limit
    temperature = request.temperature
    if temperature is not None and temperature > quirks.max_temperature:
        notes.add("temperature", f"lowered to {quirks.max_temperature}, the provider's most")
        config["temperature"] = quirks.max_temperature
    if request.stop:
        config["stopSequences"] = _stop(request, quirks, notes)
    wanted = request.output_format
    if own and wanted is not None and wanted.native:
        config |= {"responseMimeType": _JSON, **wanted.native}
    else:
        config |= _output(wanted, quirks, notes)
    thinking = request.thinking
    if own and thinking is not None and "thinkingConfig" in thinking.native:
        config["thinkingConfig"] = thinking.native["thinkingConfig"]
    elif declines_thinking(request):
        config |= no_thinking(quirks)
    elif (told := thinking_config(thinking, quirks, notes)) is not None:
        config["thinkingConfig"] = told
    return _with_extra(config, request, notes) if own else config


def _stop(request: ChatRequest, quirks: Quirks, notes: Notes) -> tuple[str, ...]:
    # The quirk's default is OpenAI's four; a row that says otherwise means it.
    most = _MAX_STOP if quirks.max_stop == _USUAL_STOP else quirks.max_stop
    if len(request.stop) > most:
        notes.add("stop", f"cut to {most}, the provider's most")
    return request.stop[:most]


def _output(wanted: OutputFormat | None, quirks: Quirks, notes: Notes) -> Fields:
    if wanted is None or wanted.kind == "text":
        return {}
    config: Fields = {"responseMimeType": _JSON}
    if wanted.kind == "json_schema" and wanted.schema is not None:
        if quirks.schema_output:
            # Not `responseSchema`, which knows few of the words of JSON Schema.
            config["responseJsonSchema"] = wanted.schema
        else:
            notes.add("response_format", "the schema is dropped: only JSON can be asked for here")
    for field in ("name", "description"):
        if getattr(wanted, field) is not None:
            notes.add(f"response_format.{field}", _NO_SUCH_FIELD)
    return config


def _with_extra(config: Fields, request: ChatRequest, notes: Notes) -> Fields:
    """What its own client put there beyond what we understand."""
    extra = request.extra.get("generationConfig", Raw(b"{}"))
    try:
        kept = RAW_MAP.decode(extra)
    except NOT_JSON:
        notes.add("generationConfig", "dropped: not an object")
        return config
    return config | kept
