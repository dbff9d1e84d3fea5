"""Telling of a failure: to the client before the first byte, and to our log."""

from trunkline.canon.errors import ClientError, GatewayError, InternalError, UpstreamError
from trunkline.canon.exchange import Exchange
from trunkline.dialects.base import ErrorTeller
from trunkline.flow.base import Face, Reply
from trunkline.observe.log import Log

# Of an upstream: what it says with these is about what the client sent. A 429 is about the account.
_OF_THE_REQUEST = frozenset(range(400, 500)) - {429}


def bug(error: Exception) -> InternalError:
    """A bug of ours, as an error that a client may see."""
    return InternalError(
        "internal error in the gateway; the request id finds it in the log", detail=repr(error)
    )


def refuse(
    error: GatewayError, exchange: Exchange, face: Face, teller: ErrorTeller, reply: Reply
) -> None:
    """A status and a body, in the client's own shape."""
    answer = face.refuse(error, exchange.id, teller)
    told = {name for name, _ in answer.headers}
    own = face.headers(exchange, streaming=False)
    headers = (*answer.headers, *(h for h in own if h[0] not in told))
    reply.whole(answer.status, headers, answer.body)


def log_failure(error: GatewayError, exchange: Exchange, log: Log) -> None:
    """
    Nothing where the client alone is at fault.

    Without what a provider says of the request itself: it may quote the prompt.
    """
    if isinstance(error, ClientError):
        return
    attempts = exchange.attempts
    quotes = isinstance(error, UpstreamError) and error.status in _OF_THE_REQUEST
    log.warning(
        "exchange failed",
        request=exchange.id,
        model=exchange.model,
        attempts=len(attempts),
        target=attempts[-1].deployment.id if attempts else "",
        error=type(error).__name__,
        status=error.status,
        code=error.upstream_code or error.code,
        message=f"({len(error.message)} characters)" if quotes else error.message,
        detail="" if quotes else error.detail,
    )
