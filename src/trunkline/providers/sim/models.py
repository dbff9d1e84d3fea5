"""The models of the simulator: what each would say of its own accord."""

from collections.abc import Callable, Mapping
from hashlib import sha256

from msgspec import json

from trunkline.providers.sim.ask import Ask, Tool
from trunkline.providers.sim.ids import dice
from trunkline.providers.sim.options import Options
from trunkline.providers.sim.schema import instance
from trunkline.providers.sim.turns import Call, Turn

_WORDS = [
    "a",
    "line",
    "the",
    "trunk",
    "carries",
    "every",
    "call",
    "to",
    "whichever",
    "model",
    "answers",
    "best",
    "and",
    "keeps",
    "count",
    "of",
    "each",
    "token",
    "on",
    "its",
    "way",
    "so",
    "that",
    "nobody",
    "waits",
    "for",
    "long",
    "or",
    "pays",
    "twice",
    "while",
    "streams",
    "flow",
    "in",
    "order",
    "from",
    "one",
    "side",
    "across",
    "to",
    "the",
    "other",
    "without",
    "losing",
    "words",
    "along",
    "their",
    "road",
    "home",
    "again",
]


def babble(seed: bytes, tokens: int) -> str:
    """Words that look like an answer: exactly so many tokens, the same for the same seed."""
    words, size, at = [], tokens * 4, int(dice(seed, "start") * len(_WORDS))
    have = 0
    while have < size:
        word = _WORDS[at % len(_WORDS)]
        words.append(word)
        have += len(word) + 1
        at += 1 + seed[at % 32] % 7
    text = " ".join(words)[:size]
    text = text[:-1].ljust(size - 1, "a") + "." if size else ""
    return text[:1].upper() + text[1:]


class Muse:
    """One choice of one request: everything it says follows from the prompt."""

    def __init__(self, ask: Ask, options: Options, index: int) -> None:
        self._ask = ask
        self._options = options
        self._seed = sha256(ask.prompt.encode() + bytes([index & 255])).digest()

    def turn(self, base: str) -> Turn:
        ask = self._ask
        if tools := self._wanted_tools(base):
            text = "I will look that up." if self._options.preamble else ""
            calls = tuple(self._call(tool, at) for at, tool in enumerate(tools))
            return Turn(text=text, calls=calls, finish="tool_calls")
        if ask.wants_json or base == "sim-json":
            made = instance(ask.schema, self._seed) if ask.schema is not None else {"answer": 42}
            return Turn(text=json.encode(made).decode())
        if ask.results and base == "sim-tools":
            return Turn(text="The tools answered: " + " | ".join(ask.results))
        return _MODELS.get(base, Muse.chat)(self)

    def _wanted_tools(self, base: str) -> list[Tool]:
        """The tools to be called now; none when it is time to talk."""
        ask = self._ask
        allowed = [tool for tool in ask.tools if not ask.named or tool.name in ask.named]
        if not allowed or ask.choice == "none":
            return []
        if ask.choice == "auto" and (base != "sim-tools" or ask.results):
            return []
        asked = self._options.calls
        if asked is None:
            asked = 2 if ask.parallel else 1
        if ask.parallel is False or ask.choice == "one":
            asked = min(asked, 1)
        return [allowed[at % len(allowed)] for at in range(asked)]

    def _call(self, tool: Tool, at: int) -> Call:
        seed = self._seed + bytes([at & 255])
        made = instance(tool.schema, seed) if tool.schema is not None else {}
        return Call(tool.name, json.encode(made).decode())

    def chat(self) -> Turn:
        tokens = self._options.tokens
        if tokens is None:
            tokens = 24 + int(dice(self._seed, "length") * 40)
        return Turn(text=babble(self._seed, tokens))

    def echo(self) -> Turn:
        tokens = self._options.tokens
        return Turn(text=self._ask.prompt if tokens is None else self._ask.prompt[: tokens * 4])

    def reason(self) -> Turn:
        turn = self.chat()
        if self._ask.thinking == "off":
            return turn
        thought = babble(sha256(self._seed).digest(), self._options.think)
        return Turn(thinking=thought, redacted=self._options.redacted, text=turn.text)

    def vision(self) -> Turn:
        seen = len(self._ask.images)
        names = ", ".join(self._ask.images) or "none"
        return Turn(text=f"I see {seen} image{'' if seen == 1 else 's'}: {names}")

    def refuse(self) -> Turn:
        return Turn(refusal="I cannot help with that.", finish="refusal")

    def filtered(self) -> Turn:
        return Turn(text=self.chat().text[:16], finish="content_filter")

    def too_long(self) -> Turn:
        return Turn(text=self.chat().text, finish="length")

    def stopping(self) -> Turn:
        """Runs into the first stop sequence half way, when the request has one."""
        text = self.chat().text
        half = len(text) // 2
        return Turn(text=text[:half] + "".join(self._ask.stops[:1]) + text[half:])


_MODELS: Mapping[str, Callable[[Muse], Turn]] = {
    "sim-chat": Muse.chat,
    "sim-echo": Muse.echo,
    "sim-tools": Muse.chat,
    "sim-reason": Muse.reason,
    "sim-json": Muse.chat,
    "sim-vision": Muse.vision,
    "sim-refusal": Muse.refuse,
    "sim-filter": Muse.filtered,
    "sim-length": Muse.too_long,
    "sim-stop": Muse.stopping,
}
MODELS: tuple[str, ...] = (*_MODELS, "sim-script", "sim-replay")
"""Every model that begins with "sim-"; any other name behaves as `sim-chat`."""
