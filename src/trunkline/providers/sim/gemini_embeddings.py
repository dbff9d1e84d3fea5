"""
embedContent and batchEmbedContents as the simulator speaks them, ai.google.dev/api/embeddings (2026-11-21).

A vector follows from all that is said of it: its text, what it is for, its title.
"""

from collections.abc import Iterator
from urllib.parse import unquote

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from trunkline.providers.sim.ask import Ask, Rejected, count
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice
from trunkline.providers.sim.embeddings import DIMENSIONS, Texts, vector
from trunkline.providers.sim.turns import Answer
from trunkline.providers.sim.usage import number
from trunkline.providers.sim.write_gemini import GeminiVoice

EMBED, BATCH = ":embedContent", ":batchEmbedContents"
_MOST_INPUTS = 100
_MOST_DIMENSIONS = 3072
_KNOWN = frozenset(
    {"model", "content", "taskType", "title", "outputDimensionality", "embedContentConfig"}
)


class _Part(Struct):
    text: str | None = None


class _Content(Struct):
    parts: list[_Part] = []


class _Config(Struct, frozen=True, rename="camel"):
    task_type: str = ""
    title: str = ""
    output_dimensionality: int | None = None


class _One(_Config, frozen=True, rename="camel"):
    content: _Content | None = None
    embed_content_config: _Config = _Config()


class _Body(_One, frozen=True):
    requests: list[_One] | None = None


class GeminiTexts(Texts, kw_only=True):
    single: bool = False


_BODY = json.Decoder(_Body)
_SHALLOW = json.Decoder(dict[str, Raw])
_ENTRIES = json.Decoder(list[dict[str, Raw]])


def is_gemini_embedding(path: str) -> bool:
    return path.endswith((EMBED, BATCH))


def placed_embedding(path: str) -> tuple[str, bool]:
    """The model; nothing streams."""
    return unquote(path.partition("/models/")[2].rpartition(":")[0]), False


def read_gemini_embeddings(body: bytes) -> GeminiTexts:
    """`placed_embedding` has the model. Raises Rejected."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        decoded = _BODY.decode(body)
    except ValidationError as error:
        raise Rejected(f"Invalid value: {error}") from None
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"Invalid JSON payload received. {error}") from None
    single = decoded.requests is None
    asked = [decoded] if decoded.requests is None else decoded.requests
    texts = [_text(one) for one in asked]
    sizes = {_size(one) for one in asked} or {DIMENSIONS}
    if len(sizes) > 1:
        raise Rejected("the simulator makes vectors of one length in one request")
    return GeminiTexts(
        model="",
        prompt=texts[0] if texts else "",
        input_tokens=sum(map(count, texts)),
        inputs=tuple(_seed(one, text) for one, text in zip(asked, texts, strict=True)),
        dimensions=sizes.pop(),
        single=single,
    )


def _text(one: _One) -> str:
    parts = one.content.parts if one.content is not None else []
    return "".join([part.text or "" for part in parts])


def _size(one: _One) -> int:
    told = one.embed_content_config.output_dimensionality or one.output_dimensionality
    return DIMENSIONS if told is None else told


def _seed(one: _One, text: str) -> str:
    """The text alone where nothing is said of it: the vector that /embeddings has for it."""
    config = one.embed_content_config
    said = (config.task_type or one.task_type, config.title or one.title)
    return "\0".join((*said, text)) if text and any(said) else text


def check_gemini_embeddings(texts: GeminiTexts) -> None:
    """Raises Rejected where the request breaks a rule of the API."""
    if not texts.inputs or not all(texts.inputs):
        raise Rejected("The text content is empty.")
    if len(texts.inputs) > _MOST_INPUTS:
        raise Rejected(
            "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch"
        )
    if not 0 < texts.dimensions <= _MOST_DIMENSIONS:
        raise Rejected("* EmbedContentRequest.output_dimensionality: out of range")


def unknown_gemini_embeddings(body: bytes) -> None:
    """Raises Rejected for a field the API does not have."""
    fields = _SHALLOW.decode(body)
    batch = fields.pop("requests", None)
    entries = [fields] if batch is None else [fields, *_ENTRIES.decode(batch)]
    if strange := sorted({name for entry in entries for name in entry} - _KNOWN):
        raise Rejected(
            f'Invalid JSON payload received. Unknown name "{strange[0]}": Cannot find field.'
        )


class GeminiEmbeddingsVoice(GeminiVoice):
    dialect = "gemini-embeddings"

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        texts = ask if isinstance(ask, GeminiTexts) else GeminiTexts(model="", inputs=(ask.prompt,))
        values = [{"values": vector(one, texts.dimensions)} for one in texts.inputs]
        body: dict[str, object] = (
            {"embedding": values[0]} if texts.single else {"embeddings": values}
        )
        if pace.skew != "missing":
            told = Raw(number(answer.usage.input, pace.skew))
            detail = {"modality": "TEXT", "tokenCount": told}
            body["usageMetadata"] = {"promptTokenCount": told, "promptTokenDetails": [detail]}
        return json.encode(body) + b"\n"

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        """There is no stream of vectors: where a fault asks for one, it is the answer in one piece."""
        yield Beat(self.whole(answer, ask, stamp, pace), Mark.CONTENT)


_voice: Voice = GeminiEmbeddingsVoice()
