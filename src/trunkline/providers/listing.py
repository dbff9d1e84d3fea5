"""
A provider's own list of models, in whichever of the usual forms it comes.

OpenAI's {"data":[{"id"}]} and its look-alikes with more beside; the same without an envelope
(Together); Anthropic's {"data":[{"id","display_name","created_at"}]}; Google's
{"models":[{"name":"models/..."}]} (each as documented or recorded, seen 2026-11-21).
"""

from collections.abc import Iterator, Sequence

from msgspec import DecodeError, Raw, Struct, field, json

from trunkline.canon.errors import Garbled

_MOST = 10_000
_LONGEST_NAME = 512
_ABSENT = Raw(b"")
_GOOGLE = "models/"


class Listed(Struct, frozen=True, kw_only=True):
    """One model, as its provider tells of it."""

    id: str
    name: str = ""
    """For people; empty where it is told none."""
    created: float | None = None
    """Unix seconds."""
    context_window: int | None = None
    max_output_tokens: int | None = None


class _Envelope(Struct):
    data: list[Raw] | None = None
    models: list[Raw] | None = None


class _Entry(Struct):
    """Anything may stand anywhere: each field is looked at by itself."""

    id: Raw = _ABSENT
    name: Raw = _ABSENT
    display_name: Raw = _ABSENT
    google_methods: Raw = field(default=_ABSENT, name="supportedGenerationMethods")
    google_title: Raw = field(default=_ABSENT, name="displayName")
    created: Raw = _ABSENT
    active: Raw = _ABSENT
    context_length: Raw = _ABSENT
    context_window: Raw = _ABSENT
    max_context_length: Raw = _ABSENT
    max_model_len: Raw = _ABSENT
    max_input_tokens: Raw = _ABSENT
    google_input: Raw = field(default=_ABSENT, name="inputTokenLimit")
    max_completion_tokens: Raw = _ABSENT
    max_output_tokens: Raw = _ABSENT
    max_tokens: Raw = _ABSENT
    google_output: Raw = field(default=_ABSENT, name="outputTokenLimit")


_ENVELOPE = json.Decoder(list[Raw] | _Envelope)
_ENTRY = json.Decoder(_Entry)
_STRING = json.Decoder(str)
_NUMBER = json.Decoder(int | float)
_STRINGS = json.Decoder(list[str])
# Of what Google's models can do, what can be asked for here.
_METHODS = frozenset({"generateContent", "embedContent"})


def read_models(body: bytes) -> Sequence[Listed]:
    """In the provider's order, each name once; entries that are none are left out. Raises Garbled."""
    try:
        found = _ENVELOPE.decode(body)
    except (DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Garbled("the provider's list of models is none", detail=repr(error)) from None
    if isinstance(found, list):
        entries: list[Raw] | None = found
    else:
        entries = found.models if found.data is None else found.data
    if entries is None:
        raise Garbled("the provider's list of models is none")
    models: dict[str, Listed] = {}
    for model in _read(entries):
        models.setdefault(model.id, model)
        if len(models) >= _MOST:
            break
    return tuple(models.values())


def _read(entries: Sequence[Raw]) -> Iterator[Listed]:
    for raw in entries:
        try:
            entry = _ENTRY.decode(raw)
        except (DecodeError, RecursionError, UnicodeDecodeError):
            continue
        name = _text(entry.name)
        own = (_text(entry.id) or name).removeprefix(_GOOGLE)
        if not own or len(own) > _LONGEST_NAME or not own.isprintable():
            continue
        if bytes(entry.active) == b"false":  # Groq's, for what it has withdrawn
            continue
        if not _answers(entry.google_methods):
            continue
        title = _text(entry.display_name) or _text(entry.google_title) or name
        yield Listed(
            id=own,
            name="" if title.removeprefix(_GOOGLE) == own else title,
            created=_number(entry.created),
            context_window=_first(
                entry.context_window,
                entry.context_length,
                entry.max_context_length,
                entry.max_model_len,
                entry.max_input_tokens,
                entry.google_input,
            ),
            max_output_tokens=_first(
                entry.max_completion_tokens,
                entry.max_output_tokens,
                entry.max_tokens,
                entry.google_output,
            ),
        )


def _answers(methods: Raw) -> bool:
    try:
        return not _METHODS.isdisjoint(_STRINGS.decode(methods))
    except (DecodeError, UnicodeDecodeError):
        return True  # others do not say


def _text(raw: Raw) -> str:
    try:
        return _STRING.decode(raw)
    except (DecodeError, UnicodeDecodeError):
        return ""


def _number(raw: Raw) -> float | None:
    try:
        value = _NUMBER.decode(raw)
    except (DecodeError, UnicodeDecodeError):
        return None
    # Beyond any date and any window it is no number anybody meant.
    return float(value) if 0 < value < 1e12 else None


def _first(*fields: Raw) -> int | None:
    return next((int(value) for raw in fields if (value := _number(raw))), None)
