"""The simulator itself: a request in, a performance out. Knows no sockets and keeps no time."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from trunkline.canon.exchange import Headers
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.providers.sim.answer import compose
from trunkline.providers.sim.arrival import Arrival, Credential, described, received, routed
from trunkline.providers.sim.ask import Ask, Rejected
from trunkline.providers.sim.beats import Stamp, Wrong
from trunkline.providers.sim.control import Door, control
from trunkline.providers.sim.embeddings import Texts, embedded
from trunkline.providers.sim.faults import Strikes, check
from trunkline.providers.sim.listing import listing
from trunkline.providers.sim.log import Log, Record
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.options import BadOption, Options, header_options, parse, split_model
from trunkline.providers.sim.replay import Recordings, replayed
from trunkline.providers.sim.scene import Scene, clean
from trunkline.providers.sim.speech import Speech
from trunkline.providers.sim.steps import End, Head, Send, Step
from trunkline.providers.sim.turns import Answer, Tally, Turn

_ROWS = 1000
"""Kept in-process, where memory is the gateway's; a server of its own keeps more."""
_JSON: Headers = ((b"content-type", b"application/json"),)
_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the value of the x-api-key "
    "header."
)
_ENDPOINTS = (
    *("/chat/completions", "/responses", "/messages", "/messages/count_tokens"),
    *("/converse", "/converse-stream"),
    *(":generateContent", ":streamGenerateContent", ":countTokens"),
    *(":embedContent", ":batchEmbedContents"),
    *("/completions", "/embeddings"),
)
_NOTHING = Answer(turns=(Turn(),), usage=Tally())


class Performance(Struct, frozen=True):
    """What is to be done about a request; whoever plays the steps tells the record."""

    steps: Iterator[Step]
    record: Record | None
    """None: a request about the simulator itself."""


class Engine:
    """
    Answers requests of every dialect it speaks.

    `entropy` is asked once, for the seed from which all ids and dice follow: the same seed and
    the same requests in the same order give the same bytes.
    """

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        log: Log | None = None,
        recordings: Recordings | None = None,
        require_key: bool = True,
        defaults: str = "",
    ) -> None:
        self.log = log if log is not None else Log(_ROWS)
        self.defaults = defaults
        """Options where a request names none: "fault=u11" breaks a provider that is running."""
        self.door = Door()
        self._clock = clock
        self._seed = entropy(32)
        self._recordings = recordings if recordings is not None else Recordings()
        self._require_key = require_key
        self._strikes = Strikes()
        self._seq = 0

    def respond(self, arrival: Arrival) -> Performance:
        path = arrival.path.partition("?")[0]
        if path == "/sim" or path.startswith("/sim/"):
            told = control(arrival.method, arrival.path, arrival.body, self.log, self)
            return Performance(_plain(*told, _JSON), None)
        if path == "/":
            return Performance(_plain(200, b'{"status":"ok"}\n', _JSON), None)
        headers = dict(arrival.headers)
        speech = routed(path, headers)
        self._seq += 1
        seed = sha256(self._seed + b"%d" % self._seq).digest()
        now = self._clock.unix()
        stamp = Stamp(seed, "", int(now), speech.voice.request_id(seed))
        credential = Credential.of(headers)
        row = received(arrival, credential, now, keep_body=self.log.keep_bodies)
        row.seq, row.id, row.dialect = self._seq, stamp.request_id, speech.voice.dialect
        record = self.log.open(row)
        try:
            steps = self._route(arrival, headers, credential, speech, stamp, record)
        except (Rejected, BadOption) as error:
            steps = _rejected(error, speech, stamp)
        return Performance(steps, record)

    def _route(
        self,
        arrival: Arrival,
        headers: Mapping[bytes, bytes],
        credential: Credential,
        speech: Speech,
        stamp: Stamp,
        record: Record,
    ) -> Iterator[Step]:
        if self._require_key and not credential.text:
            raise Rejected(_NO_KEY, status=401)
        path = record.row.path.partition("?")[0]
        plain = speech.voice.headers(stamp, stream=False)
        if arrival.method == "GET":
            return _plain(*listing(path, speech.voice.dialect), plain)
        if not path.endswith(_ENDPOINTS):
            raise Rejected(f"Invalid URL ({arrival.method} {path})", status=404)
        if arrival.method != "POST":
            raise Rejected(f"Not allowed to {arrival.method} on {path}", status=405)
        speech.require(headers)
        ask, obey = speech.read(arrival.body)
        if speech.place is not None:
            ask.model, ask.stream = speech.place(path)
        described(record.row, ask)
        if speech.counted is not None:
            obey()
            return _plain(200, speech.counted(ask.input_tokens), plain)
        base, own = split_model(ask.model)
        options = parse([own, *header_options(arrival.headers), credential.options, self.defaults])
        answer, recording = _NOTHING, self._recordings.find(path, base, options.name, arrival.body)
        if recording is None:
            _known(base, options)
            if not options.lax:
                obey()
            if options.strict:
                speech.unknown(arrival.body)
            answer = _composed(ask, base, options, headers.get(b"x-sim-script"))
        stamp = replace(stamp, model=base)
        scene = Scene(speech.voice, ask, options, answer, stamp, self._clock.monotonic())
        return self._play(scene if recording is None else replayed(scene, recording), record)

    def _play(self, scene: Scene, record: Record) -> Iterator[Step]:
        record.answer = scene.answer
        record.row.usage = scene.answer.usage
        record.row.answer_id = scene.voice.answer_id(scene.stamp.seed)
        fault = scene.options.fault
        if fault is None:
            return clean(scene)
        spec = check(fault)
        if not self._strikes.hits(scene.options, scene.ask.model, scene.monotonic):
            return clean(scene)
        record.row.fault = fault.name
        return spec.play(scene)

    def __repr__(self) -> str:
        return f"<Engine {self._seq} requests, {self._recordings!r}>"


def _composed(ask: Ask, base: str, options: Options, script: bytes | None) -> Answer:
    return embedded(ask) if isinstance(ask, Texts) else compose(ask, base, options, script)


def _known(base: str, options: Options) -> None:
    """Names that begin with "sim-" must exist; any other is welcome."""
    if base == "sim-replay":
        raise Rejected(f"no recording fits: name {options.name!r}", status=404, param="model")
    if base.startswith("sim-") and base not in MODELS:
        raise Rejected(f"model: {base}", status=404, param="model")


def _plain(status: int, body: bytes, headers: Headers) -> Iterator[Step]:
    yield Head(status, headers, len(body))
    yield Send(body)
    yield End()


def _rejected(error: Rejected | BadOption, speech: Speech, stamp: Stamp) -> Iterator[Step]:
    if isinstance(error, Rejected):
        wrong = Wrong(error.status, error.message, param=error.param, code=error.code)
    else:
        wrong = Wrong(400, str(error), param="model")
    headers = speech.voice.headers(stamp, stream=False)
    return _plain(wrong.status, speech.voice.error(wrong, stamp), headers)
