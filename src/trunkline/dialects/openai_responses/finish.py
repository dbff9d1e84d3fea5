"""Why an answer ended, as a response's status and its details tell."""

from collections.abc import Mapping

from trunkline.canon.event import FinishReason

COMPLETED = "completed"
_INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


def finish_reason(native: str, *, called: bool) -> FinishReason:
    """
    `native` is the status, or why an incomplete answer is incomplete (`native_of`).

    A turn that called tools says so, unless it was cut or censored.
    """
    if native == COMPLETED:
        return FinishReason.TOOL_CALLS if called else FinishReason.STOP
    return _INCOMPLETE.get(native, FinishReason.LENGTH)


def native_of(status: str, reason: str | None) -> str:
    """The one word for both; an incomplete answer that names no reason was cut."""
    return (reason or "max_output_tokens") if status == "incomplete" else COMPLETED
