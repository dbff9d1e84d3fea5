"""
Legacy Completions as the simulator speaks them: a prompt in, text out, whole or in chunks.

Shapes follow recorded traffic and platform.openai.com, Create completion (2026-11-21).
"""

from collections.abc import Iterator

from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError, json

from trunkline.providers.sim.ask import Ask, Rejected, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.turns import Answer, Tally, Turn
from trunkline.providers.sim.usage import number
from trunkline.providers.sim.write_chat import ChatVoice

_LIMIT = 16
"""Tokens, where the client sets no limit."""
_KNOWN = frozenset(
    [
        "best_of",
        "echo",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_tokens",
        "model",
        "n",
        "presence_penalty",
        "prompt",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "suffix",
        "temperature",
        "top_p",
        "user",
    ]
)
_FINISHES = {"length": "length", "content_filter": "content_filter"}


class Prompt(Ask, kw_only=True):
    echoes: bool = False


class _Options(Struct):
    include_usage: bool = False


class _Body(Struct):
    model: str | UnsetType = UNSET
    prompt: str | list[str] | UnsetType = UNSET
    max_tokens: int | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: _Options | None = None
    echo: bool | None = None


_BODY = json.Decoder(_Body)
_SHALLOW = json.Decoder(dict[str, Raw])


def read_completions(body: bytes) -> Prompt:
    """Raises Rejected."""
    try:
        decoded = _BODY.decode(body)
    except ValidationError as error:
        raise Rejected(f"Invalid type: {error}", code="invalid_type") from None
    except (ValueError, RecursionError):
        raise Rejected("We could not parse the JSON body of your request.") from None
    if decoded.model is UNSET:
        raise Rejected("you must provide a model parameter")
    if decoded.prompt is UNSET:
        raise Rejected("Missing required parameter: 'prompt'.", param="prompt")
    prompt = decoded.prompt if isinstance(decoded.prompt, str) else "\n".join(decoded.prompt)
    stop = decoded.stop
    return Prompt(
        model=decoded.model,
        stream=bool(decoded.stream),
        prompt=prompt,
        input_tokens=count(prompt),
        limit=_LIMIT if decoded.max_tokens is None else decoded.max_tokens,
        stops=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        n=1 if decoded.n is None else decoded.n,
        include_usage=decoded.stream_options is not None and decoded.stream_options.include_usage,
        echoes=bool(decoded.echo),
    )


def check_completions(prompt: Prompt) -> None:
    """Raises Rejected where the request breaks a rule of the API."""
    if not 1 <= prompt.n <= 128:
        raise Rejected("Invalid value for 'n'.", param="n")
    if prompt.limit is not None and prompt.limit < 0:
        raise Rejected("Invalid value for 'max_tokens'.", param="max_tokens")


def unknown_completions(body: bytes) -> None:
    """Raises Rejected for a field the API does not have."""
    strange = sorted(_SHALLOW.decode(body).keys() - _KNOWN)
    if strange:
        raise Rejected(f"Unrecognized request argument supplied: {strange[0]}", param=strange[0])


class CompletionsVoice(ChatVoice):
    dialect = "openai-completions"

    def answer_id(self, seed: bytes) -> str:
        return "cmpl-" + token(seed, "answer", 29)

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        choices = b",".join(
            _choice(at, _echo(ask) + turn.text, _finish(turn))
            for at, turn in enumerate(answer.turns)
        )
        usage = b"" if pace.skew == "missing" else b',"usage":%b' % _usage(answer.usage, pace.skew)
        return b'%b,"choices":[%b]%b}\n' % (self._head(stamp), choices, usage)

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        head = b"data: " + self._head(stamp)
        usage = b',"usage":null' if ask.include_usage else b""
        for at, turn in enumerate(answer.turns):
            for text in (_echo(ask), *pieces(turn.text, pace.chunk)):
                if text:
                    data = b'%b,"choices":[%b]%b}\n\n' % (head, _choice(at, text, None), usage)
                    yield Beat(data, Mark.CONTENT, "text", text, count(text))
            data = b'%b,"choices":[%b]%b}\n\n' % (head, _choice(at, "", _finish(turn)), usage)
            yield Beat(data, Mark.FINISH)
        if ask.include_usage and pace.skew != "missing":
            told = _usage(answer.usage, pace.skew)
            data = b'%b,"choices":[],"usage":%b}\n\n' % (head, told)
            yield Beat(data, Mark.USAGE, usage=True)
        yield Beat(b"data: [DONE]\n\n", Mark.END)

    def _head(self, stamp: Stamp) -> bytes:
        return b'{"id":"%b","object":"text_completion","created":%d,"model":%b' % (
            self.answer_id(stamp.seed).encode(),
            stamp.created,
            json.encode(stamp.model),
        )


def _echo(ask: Ask) -> str:
    return ask.prompt if isinstance(ask, Prompt) and ask.echoes else ""


def _finish(turn: Turn) -> str:
    return _FINISHES.get(turn.finish, "stop")


def _choice(index: int, text: str, finish: str | None) -> bytes:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
    return json.encode(choice)


def _usage(tally: Tally, skew: str) -> bytes:
    return b'{"prompt_tokens":%b,"completion_tokens":%b,"total_tokens":%b}' % (
        number(tally.input, skew),
        number(tally.output, skew),
        number(tally.input + tally.output, skew),
    )


_voice: Voice = CompletionsVoice()
