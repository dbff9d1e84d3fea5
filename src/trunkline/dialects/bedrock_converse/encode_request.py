"""The canonical request as the body Bedrock gets. The model and the wish to stream are in the path."""

from msgspec import json

from trunkline.canon.deployment import Deployment
from trunkline.canon.foreign import refuse_foreign_needs
from trunkline.canon.request import ChoiceMode, Request
from trunkline.dialects.base import Encoded
from trunkline.dialects.bedrock_converse.draft import Draft
from trunkline.dialects.bedrock_converse.encode_content import plain_text
from trunkline.dialects.bedrock_converse.encode_thinking import Reasoned, encode_thinking
from trunkline.dialects.bedrock_converse.encode_tools import encode_choice, encode_tools
from trunkline.dialects.bedrock_converse.encode_turns import encode_system, encode_turns
from trunkline.dialects.bedrock_converse.families import Family
from trunkline.dialects.bedrock_converse.wire import NAME, Fields
from trunkline.dialects.claude_schema import closed
from trunkline.dialects.field_quirks import apply_quirks
from trunkline.dialects.one_of import in_words
from trunkline.dialects.single import refuse_several

_NO_SUCH_FIELD = "dropped: this API has no such field"
_NOT_TAKEN = "dropped: this provider does not take it"
_TIERS = {"default": "default", "standard_only": "default", "flex": "flex", "priority": "priority"}
# The least top_p that Claude takes while it thinks.
_THINKING_TOP_P = 0.95


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported for what may neither be expressed nor dropped."""
    refuse_foreign_needs(request, NAME)
    request, told = in_words(request)
    refuse_several(request)
    draft = Draft(request, deployment)
    body = _body(draft)
    _note_unknown(draft)
    apply_quirks(body, deployment.quirks, draft.note, why=_NOT_TAKEN)
    return Encoded(json.encode(body), (), (*told, *draft.notes), draft.names.shortened)


def _body(draft: Draft) -> Fields:
    # In the prompt's order, which is that of the cache checkpoints.
    tools = encode_tools(draft)
    system = encode_system(draft)
    turns = encode_turns(draft)
    reasoned = encode_thinking(draft, turns)
    output = _output_config(draft, reasoned, system)
    draft.limit_marks()
    more = dict(reasoned.fields)
    inference = _inference(draft, reasoned, more)
    body: Fields = {"messages": [turn.fields() for turn in turns]}
    for field, value in (
        ("system", [block for block in system if block]),
        ("inferenceConfig", inference),
        ("toolConfig", _tool_config(draft, tools, reasoned)),
        ("additionalModelRequestFields", more),
        ("outputConfig", output),
        ("serviceTier", _tier(draft)),
    ):
        if value:
            body[field] = value
    return body


def _tool_config(draft: Draft, tools: list[Fields], reasoned: Reasoned) -> Fields:
    if not tools:
        asked = draft.request.tool_choice
        if asked is not None and asked.mode is not ChoiceMode.NONE:
            draft.note("tool_choice", "dropped: there are no tools to choose from")
        return {}
    choice = encode_choice(draft, thinking=reasoned.budgeted)
    config: Fields = {"tools": [tool for tool in tools if tool]}
    return config if choice is None else {**config, "toolChoice": choice}


def _output_config(draft: Draft, reasoned: Reasoned, system: list[Fields]) -> Fields:
    """Effort and format; what cannot be enforced is asked for in the system prompt."""
    config: Fields = {} if reasoned.effort is None else {"effort": reasoned.effort}
    wanted = draft.request.output_format
    if wanted is None or wanted.kind == "text":
        return config
    schema = wanted.schema if wanted.kind == "json_schema" else None
    fits = None
    if schema is not None and draft.deployment.quirks.schema_output:
        fits = closed(schema, "response_format")
    if fits is None:
        draft.note("response_format", "asked for in the system prompt: not enforced here")
        text = "Answer with one JSON object and nothing else."
        if schema is not None:
            text += " It must match this JSON schema:\n" + bytes(schema).decode("utf-8", "replace")
        system += filter(None, [plain_text(text)])
        return config
    schema, changes = fits
    if changes:
        draft.note("response_format", f"{changes}: not enforced here")
    # The schema travels as a string of JSON (recorded).
    told: Fields = {"schema": bytes(schema).decode("utf-8", "replace")}
    if wanted.name:
        told["name"] = wanted.name
    if wanted.description:
        told["description"] = wanted.description
    config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": told}}
    return config


def _inference(draft: Draft, reasoned: Reasoned, more: Fields) -> Fields:
    """`more` takes what inferenceConfig has no field for, where the model's family has one."""
    temperature, top_p = _sampling(draft, reasoned)
    stop = [text for text in draft.request.stop if text.strip()]
    if len(stop) != len(draft.request.stop):
        draft.note("stop", "sequences of white space dropped: refused here")
    _top_k(draft, reasoned, more)
    inference: Fields = {}
    for field, value in (
        ("maxTokens", reasoned.max_tokens),
        ("temperature", temperature),
        ("topP", top_p),
        ("stopSequences", stop or None),
    ):
        if value is not None:
            inference[field] = value
    return inference


def _sampling(draft: Draft, reasoned: Reasoned) -> tuple[float | None, float | None]:
    """Temperature and top_p."""
    request = draft.request
    temperature, top_p = request.temperature, request.top_p
    most = min(1.0, draft.deployment.quirks.max_temperature)
    if temperature is not None and temperature > most:
        draft.note("temperature", f"lowered to {most:g}, the highest here")
        temperature = most
    claude = draft.family is Family.CLAUDE
    if reasoned.thinks and temperature is not None and not (claude and temperature == 1.0):
        draft.note("temperature", "dropped: not while the model thinks")
        temperature = None
    if reasoned.thinks and top_p is not None and not (claude and top_p >= _THINKING_TOP_P):
        draft.note("top_p", "dropped: not while the model thinks")
        top_p = None
    if claude and top_p is not None and temperature is not None:
        # 400 on Claudes since Opus 4.1: "temperature and top_p cannot both be specified".
        draft.note("top_p", "dropped: not beside temperature")
        top_p = None
    return temperature, top_p


def _top_k(draft: Draft, reasoned: Reasoned, more: Fields) -> None:
    top_k = draft.request.top_k
    if top_k is None:
        return
    if draft.family is Family.CLAUDE and not reasoned.thinks:
        more["top_k"] = top_k
    elif draft.family is Family.NOVA:  # docs.aws.amazon.com/nova, Converse API, seen 2026-11-21
        more["inferenceConfig"] = {"topK": top_k}
    else:
        draft.note("top_k", "dropped: not taken by this model, or not while it thinks")


def _tier(draft: Draft) -> Fields | None:
    tier = draft.request.service_tier
    if tier is None or tier == "auto":
        return None
    if tier not in _TIERS:
        draft.note("service_tier", f"dropped: there is no tier {tier!r} here")
        return None
    return {"type": _TIERS[tier]}


def _note_unknown(draft: Draft) -> None:
    """Fields of the shared request that this API lacks, and those only the client's dialect knows."""
    request = draft.request
    for field, value in (
        ("seed", request.seed),
        ("presence_penalty", request.presence_penalty or None),
        ("frequency_penalty", request.frequency_penalty or None),
        ("logprobs", request.logprobs or None),
        ("top_logprobs", request.top_logprobs),
        ("logit_bias", request.logit_bias),
        ("verbosity", request.verbosity),
        ("metadata", request.metadata),
        ("user", request.user),
    ):
        if value is not None:
            draft.note(field, _NO_SUCH_FIELD)
    for field in request.extra:
        draft.note(field, _NO_SUCH_FIELD)
