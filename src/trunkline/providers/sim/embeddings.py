"""
OpenAI's embeddings as the simulator speaks them: a vector follows from its text, and from nothing else.

Shapes and limits as platform.openai.com documents them, Create embeddings (2026-11-21).
"""

from collections.abc import Iterator
from hashlib import shake_256
from math import sqrt
from struct import pack, unpack

from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError, json

from trunkline.providers.sim.ask import Ask, Rejected, count
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice
from trunkline.providers.sim.turns import Answer, Tally, Turn
from trunkline.providers.sim.usage import number
from trunkline.providers.sim.write_chat import ChatVoice

DIMENSIONS = 256
"""Of a vector whose client does not say."""
_MOST_DIMENSIONS = 3072
_MOST_INPUTS = 2048
_KNOWN = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


class Texts(Ask, kw_only=True):
    """A request for vectors."""

    inputs: tuple[str | tuple[int, ...], ...] = ()
    base64: bool = False
    dimensions: int = DIMENSIONS


class _Body(Struct):
    model: str | UnsetType = UNSET
    input: Raw | UnsetType = UNSET
    encoding_format: str | None = None
    dimensions: int | None = None


_BODY = json.Decoder(_Body)
_SHALLOW = json.Decoder(dict[str, Raw])
_INPUT = json.Decoder(str | list[Raw])
_ONE = json.Decoder(str | tuple[int, ...])
_TOKENS = json.Decoder(tuple[int, ...])


def read_embeddings(body: bytes) -> Texts:
    """Raises Rejected."""
    try:
        decoded = _BODY.decode(body)
        if decoded.model is UNSET:
            raise Rejected("you must provide a model parameter")
        if decoded.input is UNSET:
            raise Rejected("Missing required parameter: 'input'.", param="input")
        inputs = _inputs(decoded.input)
    except ValidationError as error:
        raise Rejected(f"Invalid type: {error}", code="invalid_type") from None
    except (ValueError, RecursionError):
        raise Rejected("We could not parse the JSON body of your request.") from None
    texts = [one for one in inputs if isinstance(one, str)]
    tokens = sum(len(one) for one in inputs if not isinstance(one, str))
    return Texts(
        model=decoded.model,
        prompt=texts[0] if texts else "",
        input_tokens=tokens + sum(map(count, texts)),
        inputs=inputs,
        base64=decoded.encoding_format == "base64",
        dimensions=DIMENSIONS if decoded.dimensions is None else decoded.dimensions,
    )


def _inputs(raw: Raw) -> tuple[str | tuple[int, ...], ...]:
    found = _INPUT.decode(raw)
    if isinstance(found, str):
        return (found,)
    if found and bytes(found[0])[:1] not in b'"[':
        return (_TOKENS.decode(raw),)
    return tuple(_ONE.decode(one) for one in found)


def check_embeddings(texts: Texts) -> None:
    """Raises Rejected where the request breaks a rule of the API."""
    if not texts.inputs or not all(texts.inputs):
        raise Rejected("'$.input' is invalid. It must not be empty.", param="input")
    if len(texts.inputs) > _MOST_INPUTS:
        raise Rejected(f"'$.input' is too long: {len(texts.inputs)} entries.", param="input")
    if not 0 < texts.dimensions <= _MOST_DIMENSIONS:
        raise Rejected("Invalid value for 'dimensions'.", param="dimensions")


def unknown_embeddings(body: bytes) -> None:
    """Raises Rejected for a field the API does not have."""
    strange = sorted(_SHALLOW.decode(body).keys() - _KNOWN)
    if strange:
        raise Rejected(f"Unrecognized request argument supplied: {strange[0]}", param=strange[0])


def embedded(texts: Texts) -> Answer:
    return Answer(turns=(Turn(),), usage=Tally(input=texts.input_tokens))


def vector(text: str | tuple[int, ...], dimensions: int) -> list[float]:
    """Of length one, and of the numbers that float32 holds."""
    seed = text.encode("utf-8", "replace") if isinstance(text, str) else repr(text).encode()
    drawn = unpack(f"<{dimensions}h", shake_256(seed).digest(2 * dimensions))
    norm = sqrt(sum(value * value for value in drawn)) or 1.0
    form = f"<{dimensions}f"
    return list(unpack(form, pack(form, *(value / norm for value in drawn))))


class EmbeddingsVoice(ChatVoice):
    dialect = "openai-embeddings"

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        texts = ask if isinstance(ask, Texts) else Texts(model=ask.model, inputs=(ask.prompt,))
        entries = b",".join(
            b'{"object":"embedding","index":%d,"embedding":%b}' % (at, _written(one, texts))
            for at, one in enumerate(texts.inputs)
        )
        told = number(answer.usage.input, pace.skew)
        usage = b',"usage":{"prompt_tokens":%b,"total_tokens":%b}' % (told, told)
        return b'{"object":"list","data":[%b],"model":%b%b}\n' % (
            entries,
            json.encode(stamp.model),
            b"" if pace.skew == "missing" else usage,
        )

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        """There is no stream of vectors: where a fault asks for one, it is the answer in one piece."""
        yield Beat(self.whole(answer, ask, stamp, pace), Mark.CONTENT)


def _written(one: str | tuple[int, ...], texts: Texts) -> bytes:
    numbers = vector(one, texts.dimensions)
    if texts.base64:
        return json.encode(pack(f"<{len(numbers)}f", *numbers))  # bytes are base64 in msgspec
    return json.encode(numbers)


_voice: Voice = EmbeddingsVoice()
