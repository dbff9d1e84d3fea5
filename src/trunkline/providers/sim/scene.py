"""One request being played: its answer as bytes, in good order; faults.py takes it apart."""

from collections.abc import Iterator

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.options import Fault, Options
from trunkline.providers.sim.steps import End, Head, Send, Step, Wait
from trunkline.providers.sim.turns import Answer


class Scene:
    __slots__ = ("answer", "ask", "fault", "monotonic", "options", "sent", "stamp", "voice")

    def __init__(
        self,
        voice: Voice,
        ask: Ask,
        options: Options,
        answer: Answer,
        stamp: Stamp,
        monotonic: float,
    ) -> None:
        self.voice = voice
        self.ask = ask
        self.options = options
        self.answer = answer
        self.stamp = stamp
        self.monotonic = monotonic
        """Seconds, when the request arrived."""
        self.fault = options.fault or Fault("")
        self.sent = 0
        """Events that were played."""

    @property
    def stream(self) -> bool:
        return self.ask.stream

    @property
    def status(self) -> int:
        return 200

    def pace(self, skew: str = "") -> Pace:
        return Pace(self.options.chunk, self.options.field, skew)

    def headers(self, *, stream: bool | None = None) -> Headers:
        return self.voice.headers(self.stamp, stream=self.stream if stream is None else stream)

    def whole(self, skew: str = "") -> bytes:
        return self.voice.whole(self.answer, self.ask, self.stamp, self.pace(skew))

    def beats(self, skew: str = "") -> Iterator[Beat]:
        return self.voice.beats(self.answer, self.ask, self.stamp, self.pace(skew))

    def delay(self) -> float:
        """Seconds until a whole answer is there."""
        delay = self.options.ttft / 1000
        if self.options.rate > 0:
            delay += self.answer.usage.output / self.options.rate
        return delay

    def paced(self, beats: Iterator[Beat]) -> Iterator[Step]:
        """The beats at the chosen times: the first content after `ttft`, then `rate` tokens a second."""
        rate = self.options.rate
        wait = self.options.ttft / 1000
        for beat in beats:
            if beat.mark is Mark.CONTENT:
                if wait > 0:
                    yield Wait(wait)
                wait = beat.tokens / rate if rate > 0 else 0.0
            self.sent += 1
            yield Send(beat.data, beat)

    def refuse(self, wrong: Wrong, extra: Headers = ()) -> Iterator[Step]:
        """An error answer, at once."""
        body = self.voice.error(wrong, self.stamp)
        yield Head(wrong.status, self.headers(stream=False) + extra, len(body))
        yield Send(body)
        yield End()


def clean(scene: Scene, skew: str = "", extra: Headers = ()) -> Iterator[Step]:
    """The answer as a healthy provider gives it."""
    if scene.stream:
        yield Head(scene.status, scene.headers() + extra)
        yield from scene.paced(scene.beats(skew))
    else:
        if (delay := scene.delay()) > 0:
            yield Wait(delay)
        body = scene.whole(skew)
        yield Head(scene.status, scene.headers() + extra, len(body))
        yield Send(body, answer=scene.answer)
    yield End()
