"""A face is a mount: paths, headers, extension fields, error shape. This is what they share."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from trunkline.canon.exchange import Attempt, Exchange, Headers, Status
from trunkline.canon.note import Note
from trunkline.flow.base import Face

# A header line longer than this is dropped by some proxies (nginx: 4 or 8 KiB buffers).
_MAX_WARNINGS = 2048
_NANO = 10**9
_DEGRADED = (b"x-trunkline-degraded", b"limits")
_UNPRICED = Note("model", "no price is known for it, so what this costs is not known either")


class Mount(Struct, frozen=True):
    """A POST path of a face and who speaks there."""

    path: bytes
    """May hold "{model}", as flow.base.Endpoints; the body then needs none."""
    dialect: str
    operation: str
    scope: str
    """What a key must be allowed; keys without any scopes are allowed everything but admin."""
    streams: bool | None = None
    """Whether the path says that the answer shall stream; None where the body says."""
    remembers: bool = False
    """Its conversations live at the gateway."""


class FaceSpec(Struct, frozen=True):
    """One face: one line in the registry."""

    face: Face
    mounts: tuple[Mount, ...]
    root: str = ""
    """
    What else begins with this path is the face's, too: refusals of the control plane have its
    shape there. Empty: the caller's dialect is all there is to tell by.
    """

    @property
    def name(self) -> str:
        return self.face.name


def usd(nano: int) -> str:
    """Nano-dollars as a decimal, exact: 1500 is "0.000001500"."""
    return f"{nano // _NANO}.{nano % _NANO:09d}"


def answering(exchange: Exchange) -> Sequence[Attempt]:
    """One attempt alone, or the legs of an answer that was asked for in several requests."""
    return [attempt for attempt in exchange.attempts if attempt.error is None]


def cost(attempts: Sequence[Attempt]) -> int | None:
    """Nano-dollars of these together; None where one took tokens of a model without a known price."""
    if any(attempt.unpriced for attempt in attempts):
        return None
    return sum(attempt.cost_nanousd for attempt in attempts)


def trunkline_headers(exchange: Exchange, *, streaming: bool) -> list[tuple[bytes, bytes]]:
    """
    What every answer of every face carries, as far as it is known by now.

    `streaming`: it only begins, and nobody knows yet what it will cost. Nor does anybody ever where
    the model has no known price: it is not called free, but warned of.
    """
    request_id = exchange.id.encode()
    attempts, notes = exchange.attempts, exchange.notes
    headers = [
        (b"x-trunkline-request-id", request_id),
        (exchange.request_id_header, request_id),
        (b"x-trunkline-attempts", b"%d" % len(attempts)),
    ]
    if attempts and attempts[-1].error is None and exchange.status is not Status.FAILED:
        answered = attempts[-1]
        headers += named(answered.deployment.provider, answered.deployment.model)
        several = len(attempts) > 1
        if not streaming:
            # Nearly always there is one, and it has a price.
            alone = answered.price_version and not several
            paid = answered.cost_nanousd if alone else cost(answering(exchange))
            if paid is None:
                notes = [*notes, _UNPRICED]
            else:
                headers.append((b"x-trunkline-cost-usd", b"%d.%09d" % divmod(paid, _NANO)))
        elif answered.deployment.price_model is None:
            notes = [*notes, _UNPRICED]
        upstream = answered.first_event_ms or 0.0
        if several:
            upstream = sum(leg.first_event_ms or 0.0 for leg in answering(exchange))
        own = (exchange.first_content_ms or 0.0) - upstream
        # Server-Timing (W3C, seen 2026-11-21), up to the first content.
        headers.append((b"server-timing", b"upstream;dur=%.1f, gateway;dur=%.2f" % (upstream, own)))
    else:
        headers += _unanswered(exchange, streaming=streaming)
    if exchange.degraded:
        headers.append(_DEGRADED)
    if notes:
        headers.append((b"x-trunkline-warnings", warnings(notes)))
    return headers


def _unanswered(exchange: Exchange, *, streaming: bool) -> list[tuple[bytes, bytes]]:
    """Where nobody answered: who was tried last, how long all who were took, and what is billed."""
    headers: list[tuple[bytes, bytes]] = []
    if not streaming:
        paid = cost(exchange.billed)
        if paid is not None:
            headers.append((b"x-trunkline-cost-usd", b"%d.%09d" % divmod(paid, _NANO)))
    # One without a status is answered by the gateway itself, which stood in for who was tried.
    if exchange.attempts and exchange.status is not None:
        tried = exchange.attempts[-1].deployment
        headers += named(tried.provider, tried.model)
        took = sum(attempt.total_ms or 0.0 for attempt in exchange.attempts)
        headers.append((b"server-timing", b"upstream;dur=%.1f" % took))
    return headers


@lru_cache(maxsize=4096)
def named(provider: str, model: str) -> tuple[tuple[bytes, bytes], ...]:
    """Who answered, or failed to. Remembered: there are few deployments and many answers."""
    return (
        (b"x-trunkline-provider", header_safe(provider)),
        (b"x-trunkline-model", header_safe(model)),
    )


def untried(request_id: str) -> Headers:
    """Of a refusal before there is an exchange: nobody was asked, and nothing is billed."""
    return (
        (b"x-trunkline-request-id", request_id.encode()),
        (b"x-trunkline-attempts", b"0"),
        (b"x-trunkline-cost-usd", b"0.000000000"),
    )


def warnings(notes: list[Note]) -> bytes:
    """Notes as one header line: "field: what was done; field: what was done"."""
    line = "; ".join(f"{note.field}: {note.message}" for note in notes)
    safe = header_safe(line)
    return safe if len(safe) <= _MAX_WARNINGS else safe[: _MAX_WARNINGS - 4] + b" ..."


def header_safe(text: str) -> bytes:
    """Field names may come from the client: nothing but visible ASCII may reach a header."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return "".join(c if " " <= c <= "~" else "?" for c in text).encode()
