"""The models of the simulator: what each would say of its own accord."""

from collections.abc import Callable, Mapping
from hashlib import sha256

from msgspec import json

from trunkline.providers.sim.ask import Ask, Tool
from trunkline.providers.sim.ids import dice
from trunkline.providers.sim.options import Options
from trunkline.providers.sim.schema import instance
from trunkline.providers.sim.turns import Call, Turn

_SENTENCES = (
    "A trunk line carries many calls at once and keeps each of them apart from the others.",
    "It helps to write the question down before looking for the answer.",
    "There are three parts to this: what is known, what is assumed, and what follows.",
    "The simplest case comes first, because the others can be told by their difference to it.",
    "If the first attempt fails, wait a little and try once more; if it fails again, ask elsewhere.",
    "Counting what was sent is easy, but counting what arrived takes a second pair of eyes.",
    "Both sides agree on the order of words, so nothing has to be said twice.",
    "In short, measure before you change anything, and measure again afterwards.",
    "For example, a cup of tea cools faster in a wide bowl than in a narrow glass.",
    "The river reaches the harbour in autumn, and the harbour reaches the sea at night.",
    "A good name saves a paragraph, and a good paragraph saves a meeting.",
    "Take the left stairs to the second floor, where the old switchboard still stands.",
    "Whoever reads this in five years will want to know why, not how.",
    "Most of the time is spent waiting, and most of the waiting can be done by machines.",
    "Rain is likely in the afternoon, with a light wind from the west.",
    "None of this is certain, yet all of it is useful until something better is found.",
)


def babble(seed: bytes, tokens: int) -> str:
    """Sentences that look like an answer: exactly so many tokens, the same for the same seed."""
    size = tokens * 4
    skip = seed[31] % 64  # begin within a sentence, or short answers would soon repeat
    sentences: list[str] = []
    have = 0
    while have < size + skip:
        sentence = _SENTENCES[seed[len(sentences) % 32] & 15]
        sentences.append(sentence)
        have += len(sentence) + 1
    text = " ".join(sentences)[skip : skip + size - 1]
    return text[:1].upper() + text[1:].ljust(size - 2) + "." if size > 0 else ""


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
    "sim-agent": Muse.chat,
}
MODELS: tuple[str, ...] = (*_MODELS, "sim-script", "sim-replay", "sim-embed")
"""Every model that begins with "sim-"; any other name behaves as `sim-chat`."""
