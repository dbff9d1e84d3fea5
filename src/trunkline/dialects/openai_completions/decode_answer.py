"""A whole text completion of an upstream to the canonical answer."""

from msgspec import UNSET

from trunkline.canon.answer import Answer
from trunkline.canon.answer import Choice as Spoken
from trunkline.canon.content import Text
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_completions.logprobs import to_content
from trunkline.dialects.openai_completions.wire import (
    NAME,
    PIECE,
    Choice,
    Piece,
    finish_reason,
    read_usage,
)
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    piece = read_piece(body)
    if not piece.choices:
        raise Garbled("the provider answered without a choice")
    return Answer(
        id=piece.id or "",
        model=piece.model or "",
        created=max(0, piece.created or 0),
        choices=tuple(_choice(choice) for choice in piece.choices),
        usage=read_usage(piece.usage),
        origin=NAME,
    )


def read_usage_of(body: bytes) -> Usage | None:
    """Raises Garbled, or the error that a 200 may hold."""
    return read_usage(read_piece(body).usage)


def read_piece(data: bytes) -> Piece:
    """Raises Garbled, or the error it tells of."""
    try:
        piece = PIECE.decode(data)
    except NOT_JSON:
        raise Garbled("the provider answered with something that is no completion") from None
    if piece.error is not UNSET and bytes(piece.error) != b"null":
        raise decode_error(200, (), b'{"error":' + bytes(piece.error) + b"}")
    if piece.choices is None:
        raise decode_error(200, (), data)
    return piece


def _choice(choice: Choice) -> Spoken:
    word = choice.finish_reason or ""
    return Spoken(
        index=choice.index,
        parts=(Text(choice.text),) if choice.text else (),
        finish=finish_reason(word),
        native=word,
        logprobs=to_content(choice.logprobs),
    )
