"""
Legacy completions: as a conversation (serve.py), once its prompts are such that one can be asked.

A prompt may be a text, several, or tokens. Whoever completes natively takes them all; a model that
chats is told one text at a time, leg by leg, and the choices are put together.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, MsgspecError, Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Garbled, Malformed, Unsupported
from trunkline.canon.exchange import Status
from trunkline.flow.live import LiveAnswer, WholeAnswer
from trunkline.flow.serve import Answering, Serving

OPERATION = "text_completion"
# As many as OpenAI takes at once; each is a request of its own here.
_MOST_PROMPTS = 2048

_Token = Annotated[int, Meta(ge=0, lt=1 << 31)]
_LIST = json.Decoder(list[Raw])
_TEXT = json.Decoder(str)
_TEXTS = json.Decoder(list[str])
_TOKENS = json.Decoder(tuple[_Token, ...])
_TOKEN_LISTS = json.Decoder(list[tuple[_Token, ...]])
_MAP = json.Decoder(dict[str, Raw])
_QUOTE, _BRACKET = ord('"'), ord("[")
_USAGE = json.Decoder(dict[str, int])


class Completing(Serving):
    """One exchange on its way; made per request."""

    __slots__ = ()

    async def _ask(self) -> Answering:
        exchange = self._exchange
        prompts = read_prompts(exchange.envelope.get("prompt"))
        plan = await self._admitted()
        if len(prompts) == 1 and isinstance(prompts[0], str):
            return await self._answer(plan)
        if all(d.speaking(exchange.dialect).dialect == exchange.dialect for d in plan):
            return await self._answer(plan)
        if exchange.stream and len(prompts) > 1:
            raise Unsupported(
                "this model only chats: several prompts cannot be streamed, send them one by one",
                param="prompt",
            )
        bodies: list[bytes] = []
        *others, last = [await self._said(prompt, plan) for prompt in prompts]
        for prompt in others:
            self._put(prompt)
            answer = await self._answer(plan)
            assert isinstance(answer, WholeAnswer)  # noqa: S101 - several are never streamed
            bodies.append(answer.body)
            await self._pay(answer)
        self._put(last)
        answer = await self._answer(plan)
        if isinstance(answer, LiveAnswer) or not others:
            return answer
        return WholeAnswer(joined([*bodies, answer.body]), answer.usage, answer.delivered)

    async def _said(self, prompt: str | tuple[int, ...], plan: Sequence[Deployment]) -> str:
        """Tokens as text, where their vocabulary is ours."""
        if isinstance(prompt, str):
            return prompt
        for name in (self._exchange.model, *(deployment.model for deployment in plan)):
            text = await self._rooms.counter.text(name, prompt)
            if text is not None:
                return text
        raise Unsupported(
            "nobody here knows whose tokens these are: send the prompt as text", param="prompt"
        )

    def _put(self, prompt: str) -> None:
        """The next leg asks this."""
        exchange = self._exchange
        exchange.envelope["prompt"] = Raw(json.encode(prompt))
        exchange.body = json.encode(exchange.envelope)
        exchange.request = None

    async def _pay(self, answer: WholeAnswer) -> None:
        """A leg is over, and another follows."""
        if not self._books.answered(Status.OK, answer.usage, None):
            await self._books.estimate(answer.usage, answer.delivered)
        self._books.next_leg()


def read_prompts(raw: Raw | None) -> Sequence[str | tuple[int, ...]]:
    """A text, texts, the tokens of one, or those of several. Raises Malformed."""
    if raw is None or bytes(raw) == b"null":
        raise Malformed("missing required parameter: 'prompt'", param="prompt")
    try:
        prompts = _prompts(raw)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed(
            "'prompt' must be a string, a list of strings, a list of tokens or a list of those",
            param="prompt",
        ) from None
    if not 0 < len(prompts) <= _MOST_PROMPTS:
        raise Malformed(f"'prompt' must have 1 to {_MOST_PROMPTS} entries", param="prompt")
    return prompts


def _prompts(raw: Raw) -> Sequence[str | tuple[int, ...]]:
    if memoryview(raw)[0] == _QUOTE:
        return (_TEXT.decode(raw),)
    entries = _LIST.decode(raw)
    if not entries:
        return ()
    first = memoryview(entries[0])[0]
    if first == _QUOTE:
        return _TEXTS.decode(raw)
    return _TOKEN_LISTS.decode(raw) if first == _BRACKET else (_TOKENS.decode(raw),)


def joined(bodies: Sequence[bytes]) -> bytes:
    """Completions of one prompt each as one of them all. Raises Garbled."""
    try:
        answers = [_MAP.decode(body) for body in bodies]
        choices: list[dict[str, Raw]] = []
        for answer in answers:
            for entry in _LIST.decode(answer["choices"]):
                choice = _MAP.decode(entry)
                choice["index"] = Raw(b"%d" % len(choices))
                choices.append(choice)
        usages = [_USAGE.decode(answer["usage"]) for answer in answers if "usage" in answer]
    except (MsgspecError, KeyError):
        raise Garbled("the provider's completions cannot be put together") from None
    whole: dict[str, object] = {**answers[0], "choices": choices}
    if usages:
        whole["usage"] = {name: sum(usage.get(name, 0) for usage in usages) for name in usages[0]}
    return json.encode(whole)
