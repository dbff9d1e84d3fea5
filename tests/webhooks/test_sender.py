"""One attempt, at receivers of every kind."""

import asyncio
import hashlib
import hmac

import pytest

from tests.ledger.making import NOON, FakeClock
from tests.transport.upstream import Script, always, answers, run, serve, silent, stuck, until
from tests.webhooks.making import endpoint, entropy
from trunkline.canon.errors import InternalError
from trunkline.storage.sql.deliveries import DEAD, DELIVERED, PENDING, Claimed, Outcome
from trunkline.transport.http import HttpTransport
from trunkline.transport.limits import Limits
from trunkline.transport.tls import client_context
from trunkline.webhooks.addresses import Guard
from trunkline.webhooks.schedule import PAUSES, Pace
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.vault import AesGcmVault

SECRETS = Secrets(AesGcmVault(b"k" * 32, entropy()))
SECRET = "x" * 24
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
NOON_US = int(NOON * 1_000_000)


def claimed(url: str, attempt: int = 1, **changes: object) -> Claimed:
    sealed = SECRETS.sealed(SECRET, "acme", "whe_a")
    where = endpoint(**{"url": url, "face": "keyplex", "secret": sealed, **changes})
    return Claimed(
        id="dlv_1",
        claim="c",
        attempt=attempt,
        endpoint=where,
        event="evt_1",
        tenant="acme",
        type="api_key.created",
        data=b'{"id":"k1"}',
        happened_at=1_000_000,
    )


def attempted(script: Script, *, attempt: int = 1, timeout: float = 5.0) -> tuple[Outcome, bytes]:
    """What came of it, and the last request as the receiver saw it."""
    found: list[tuple[Outcome, bytes]] = []

    async def main() -> None:
        guard = Guard(allow_private=True)
        transport = HttpTransport(
            FakeClock(),
            lambda _: client_context(),
            limits=Limits(sweep=0.005),
            resolve=guard.resolve,
        )
        sender = Sender(transport, guard, SECRETS, FakeClock(), lambda: 0.5, Pace(timeout=timeout))
        async with serve(script) as receiver:
            url = f"http://127.0.0.1:{receiver.port}/in?token=t0p"
            outcome = await sender.attempt(claimed(url, attempt))
            found.append((outcome, receiver.requests[-1] if receiver.requests else b""))
            await transport.aclose()

    run(main)
    return found[0]


def test_what_is_answered_with_2xx_is_delivered():
    """One POST, signed, at the URL's path and query."""
    outcome, request = attempted(always(OK))

    head, _, body = request.partition(b"\r\n\r\n")
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    assert head.startswith(b"POST /in?token=t0p HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"x-keyplex-signature: sha256=" + signature in head
    assert b"webhook-id: evt_1\r\nwebhook-timestamp: %d" % NOON in head
    assert (DELIVERED, 200, "", NOON_US) == (
        outcome.status,
        outcome.answered,
        outcome.error,
        outcome.ended_at,
    )


@pytest.mark.parametrize("status", (500, 404, 429, 302, 199))
def test_any_other_answer_is_tried_again(status):
    """After a pause; the answer's body is nowhere."""
    reply = b"HTTP/1.1 %d X\r\ncontent-length: 6\r\n\r\nsecret" % status
    if status == 199:
        reply = b"HTTP/1.1 600 X\r\ncontent-length: 6\r\n\r\nsecret"
        status = 600
    outcome, _ = attempted(always(reply))

    assert (PENDING, status, f"answered {status}", NOON_US + 5_000_000, None) == (
        outcome.status,
        outcome.answered,
        outcome.error,
        outcome.next_at,
        outcome.ended_at,
    )
    assert "secret" not in repr(outcome)


def test_the_last_attempt_ends_in_a_dead_letter():
    """Not before."""
    before, _ = attempted(
        always(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"), attempt=len(PAUSES)
    )
    last, _ = attempted(
        always(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"), attempt=len(PAUSES) + 1
    )

    assert (PENDING, DEAD) == (before.status, last.status)
    assert (None, NOON_US) == (before.ended_at, last.ended_at)


def test_410_disables_the_endpoint():
    """It says that it wants nothing any more."""
    outcome, _ = attempted(always(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"))

    assert (DEAD, 410, "whe_a") == (outcome.status, outcome.answered, outcome.disable)


async def reset(peer):
    await peer.request()
    peer.reset()


async def half(peer):
    """A head, and a body that never comes whole."""
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    await peer.gone()


@pytest.mark.parametrize(
    ("script", "error"),
    (
        (stuck, "no answer in time"),
        (silent, "no answer in time"),
        (reset, "the connection was closed before an answer"),
        (answers(), "the connection was closed before an answer"),
        (answers(b"SSH-2.0-OpenSSH\r\n\r\n"), "the answer is not HTTP"),
    ),
)
def test_a_receiver_that_does_not_answer_is_tried_again(script, error):
    """It hangs, resets, closes, or is something else."""
    outcome, _ = attempted(script, timeout=0.1)

    assert (PENDING, None, error) == (outcome.status, outcome.answered, outcome.error)


def test_an_answer_counts_from_its_head():
    """A body that hangs, or is larger than anybody asked for, changes nothing."""
    hanging, _ = attempted(half, timeout=0.1)
    large, _ = attempted(
        answers(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 200_000)
    )

    assert [DELIVERED, DELIVERED] == [hanging.status, large.status]


def test_nobody_at_the_port_is_tried_again():
    """The receiver restarts."""

    async def main() -> None:
        guard = Guard(allow_private=True)
        transport = HttpTransport(FakeClock(), lambda _: client_context(), resolve=guard.resolve)
        sender = Sender(transport, guard, SECRETS, FakeClock(), lambda: 0.5)
        async with serve(silent) as gone:
            url = f"http://127.0.0.1:{gone.port}/"
        outcome = await sender.attempt(claimed(url))
        await transport.aclose()
        assert (PENDING, "no connection could be made") == (outcome.status, outcome.error)

    run(main)


class Broken:
    async def send(self, request, timeouts):
        raise InternalError("the request could not be built", detail="secret")

    async def aclose(self):
        return


@pytest.mark.parametrize(
    ("changes", "error"),
    (
        ({"url": "http://hooks.example.com/"}, "`url` must begin with https://."),
        ({"secret": b"\1" + b"0" * 40}, "its secret cannot be opened: rotate it"),
        ({}, "an error of ours"),
    ),
)
def test_what_cannot_be_sent_is_told(changes, error):
    """A URL that is allowed no longer, a secret of another key; the next attempts may do better."""
    sender = Sender(Broken(), Guard(), SECRETS, FakeClock(), lambda: 0.5)
    one = claimed(**{"url": "https://hooks.example.com/", **changes})

    outcome = asyncio.run(sender.attempt(one))

    assert (PENDING, None, error) == (outcome.status, outcome.answered, outcome.error)


def test_a_cancelled_attempt_leaves_no_connection():
    """Shutting down."""

    async def main() -> None:
        guard = Guard(allow_private=True)
        transport = HttpTransport(FakeClock(), lambda _: client_context(), resolve=guard.resolve)
        sender = Sender(transport, guard, SECRETS, FakeClock(), lambda: 0.5)
        async with serve(stuck) as receiver:
            url = f"http://127.0.0.1:{receiver.port}/"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await sender.attempt(claimed(url))
            await until(lambda: receiver.seen_closed == 1)
            assert 0 == transport.statistics().open
        await transport.aclose()

    run(main)
