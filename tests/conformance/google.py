"""What Google's official SDK makes of bytes, gathered as a client of the API gathers a stream."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx2
from google.genai import _api_client, errors, models, types
from msgspec import json

from trunkline.dialects.base import WireError

Fields = Mapping[str, Any]
_PLAIN_TEXT = {"text", "thought", "thoughtSignature"}


class Answer:
    """One answer, its pieces put together: by the wire's names, signatures in one alphabet."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def model_dump(self, **_: Any) -> Fields:
        return self._fields

    def model_dump_json(self, **_: Any) -> str:
        return json.encode(self._fields).decode()


def whole(body: bytes, *, strict: bool) -> Answer:
    return _gathered([_read(json.decode(body), strict=strict)])


def streamed(stream: bytes, *, strict: bool) -> Answer:
    """Raises what the SDK raises."""
    return _gathered([_read(chunk, strict=strict) for chunk in chunks(stream)])


def chunks(stream: bytes) -> Iterator[Fields]:
    """As the SDK takes them off the wire; raises errors.APIError for one that tells of an error."""
    response = _api_client.HttpResponse({}, httpx2.Response(200, content=stream))
    for chunk in response.segments():
        if next(iter(chunk), "") == "error":  # as the SDK looks for it: first of all
            errors.APIError.raise_error(chunk["error"].get("code"), chunk, response)
        yield chunk


def error(told: WireError) -> Exception:
    """The exception an error before the first byte becomes."""
    headers = [(name.decode(), value.decode()) for name, value in told.headers]
    response = httpx2.Response(told.status, headers=headers, content=told.body)
    try:
        errors.APIError.raise_for_response(response)
    except errors.APIError as raised:
        return raised
    raise AssertionError("the SDK takes an error for an answer")


def _read(fields: Fields, *, strict: bool) -> Fields:
    """Strictly: nothing that the SDK's types do not know."""
    if strict:
        types.GenerateContentResponse.model_validate(fields)
    known = models._GenerateContentResponse_from_mldev(fields)
    parsed = types.GenerateContentResponse._from_response(response=known, kwargs={})
    dumped: Fields = parsed.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _gathered(pieces: Iterable[Fields]) -> Answer:
    answer: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        for candidate in piece.get("candidates") or ():
            index = candidate.get("index") or 0
            whole_of = candidates.setdefault(index, {"parts": []})
            content = candidate.get("content") or {}
            for part in content.get("parts") or ():
                _append(whole_of["parts"], _normal(part))
            whole_of |= {k: v for k, v in candidate.items() if k not in ("content", "index")}
        answer |= {k: v for k, v in piece.items() if k != "candidates"}
    for candidate in candidates.values():
        parts = candidate.pop("parts")
        candidate["content"] = {"parts": [part for part in parts if part != {"text": ""}]}
    if candidates:
        answer["candidates"] = [candidates[index] for index in sorted(candidates)]
    return Answer(answer)


def _normal(part: Fields) -> dict[str, Any]:
    signature = part.get("thoughtSignature")
    if signature is None:
        return dict(part)
    data = b64decode(signature, altchars=b"-_")
    return {**part, "thoughtSignature": b64encode(data).decode()}


def _append(parts: list[dict[str, Any]], part: dict[str, Any]) -> None:
    """Text goes on until a signature closes it, or something else comes; a proof may come late."""
    last = parts[-1] if parts else None
    goes_on = (
        last is not None
        and {*last, *part} <= _PLAIN_TEXT
        and "thoughtSignature" not in last
        and bool(last.get("thought")) == bool(part.get("thought"))
    )
    if not goes_on or last is None:
        bare = part.get("thought") and not part.get("text")
        told = (p for p in reversed(parts) if p.get("thought") and "thoughtSignature" not in p)
        last = next(told, None) if bare else None
        if last is None:
            parts.append(part)
            return
    last["text"] = last.get("text", "") + part.get("text", "")
    if "thoughtSignature" in part:
        last["thoughtSignature"] = part["thoughtSignature"]
