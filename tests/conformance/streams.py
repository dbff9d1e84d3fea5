"""Suite 3: a stream amounts to the whole answer, and a whole answer to its stream."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.conformance.cross import FELL_BACK
from tests.conformance.losses import leaves, plain
from tests.conformance.mend import clients_of
from tests.conformance.recordings import ANTHROPIC, Recording
from tests.conformance.sdk import STRICT
from tests.conformance.ways import CLIENTS, STAMP, Verdict, Ways
from trunkline.canon.event import Burst
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations

# What the SDK's accumulator adds of its own, and what a stream numbers and a whole need not.
_ACCUMULATED = ("parsed", "parsed_arguments", "parsed_output", "index")
# The SDK takes cache writes by their lifetime from message_start, not from where usage ends.
_AT_THE_START_ALONE = "usage.cache_creation."
# A stream of Messages begins with a guess of its input, and keeps it where none is told.
_GUESSED = "streamed alone says usage.input_tokens: "
# A Responses stream announces reasoning before its own id is known.
_ALONE = (_AT_THE_START_ALONE, "output[].id")
_OURS = "trunkline.1:openai-responses:"
_SEALED = re.compile(r'trunkline\.1:openai-responses:.*"encrypted_content":"([^"]+)"')


def check(ways: Ways, recording: Recording) -> Verdict:
    if not recording.is_answer:
        return Verdict()
    if recording.stream is not None:
        events: Burst = ways.events(recording.dialect, recording.stream)
        answer = fold(events)
    else:
        answer = ways.upstream(recording.dialect).decode_answer(recording.body or b"")
        events = unfold(answer)
    faults = [f"grammar: {wrong}" for wrong in violations(events)]
    for client in CLIENTS:
        # Strictly but where the provider's own fields are more than the SDK's types allow.
        sdk = clients_of(recording) if client == recording.dialect else STRICT
        request = ways.asked(recording, client)
        speaks = ways.of(client)
        whole = sdk.whole(client, speaks.encode_answer(answer, request, STAMP))
        streamed = sdk.streamed(client, speaks.encoder(request, STAMP).feed(events))
        untold = client == ANTHROPIC and not (answer.usage and answer.usage.total_input)
        faults += [
            f"{client} {what}"
            for what in _differences(whole, streamed)
            if not (untold and what.startswith(_GUESSED))
        ]
    return Verdict(tuple(faults))


def _differences(whole: Any, streamed: Any) -> Iterator[str]:
    expected, got = _said(whole), _said(streamed)
    for path, value in expected - got:
        yield f"whole alone says {path}: {value[:80]}"
    for path, value in got - expected:
        yield f"streamed alone says {path}: {value[:80]}"


def _said(parsed: Any) -> Counter[tuple[str, str]]:
    """Each thing as often as it is said; sealed reasoning by what its seal holds."""
    fell_back = FELL_BACK in parsed.model_dump_json(warnings=False)
    return Counter(
        (path, _unsealed(value))
        for path, value in leaves(plain(parsed.model_dump(warnings=False)))
        if not _is_the_accumulators(path)
        and not _holds_nothing(value)
        and not (fell_back and path == "model")
    )


def _is_the_accumulators(path: str) -> bool:
    return path.rpartition(".")[2] in _ACCUMULATED or path.startswith(_ALONE)


def _holds_nothing(value: str) -> bool:
    """A seal around an id alone."""
    return _OURS in value and not _SEALED.search(value)


def _unsealed(value: str) -> str:
    """A reasoning item that could not keep its id is sealed together with it."""
    held = _SEALED.search(value)
    return repr(held[1]) if held else value
