"""Cohere's recorded exchanges for every client, and every client's requests for Cohere."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conformance.cohere import PLACES, answers, check, check_request
from tests.conformance.recordings import recordings
from tests.conformance.suites import verdict
from tests.conformance.ways import REAL, Ways
from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Encoded
from trunkline.dialects.cohere_chat.decoder import Decoder
from trunkline.dialects.cohere_chat.dialect import CohereChat


def test_answers(shared: Path) -> None:
    """Whole, streamed and cut: every SDK, at its strictest, finds what was recorded."""
    found = answers(shared)
    faults = {r.id: verdict("cohere", r).faults for r in found}

    assert {} == {name: told for name, told in faults.items() if told}
    assert sum(r.is_whole for r in found) >= 8
    assert sum(r.stream is not None for r in found) >= 3


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.model)
def test_requests(shared: Path, place) -> None:
    """Valid by the documented types; what is not carried over is noted."""
    asked = [r for r in recordings(shared) if r.request is not None]
    faults = {r.id: check_request(REAL, r, place) for r in asked}

    assert {} == {name: told for name, told in faults.items() if told}
    assert len(asked) > 200


class Broken(CohereChat):
    """Loses what comes last."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        answer = super().decode_answer(body)
        (choice,) = answer.choices
        return replace(answer, choices=(replace(choice, parts=choice.parts[:-1]),))

    def encode_request(self, request: ChatRequest, deployment: Deployment) -> Encoded:
        return super().encode_request(replace(request, messages=request.messages[:-1]), deployment)

    def decoder(self, *, think_tags: bool = False) -> Decoder:
        return Forgiving()


class Forgiving(Decoder):
    """Takes a cut for an end."""

    def finish(self) -> Any:
        return []


def test_planted_faults_are_seen(shared: Path) -> None:
    """An answer that loses a part, a cut that looks like an end, a request that loses a message."""
    broken = Ways(cohere=Broken())
    whole = next(r for r in answers(shared) if r.is_whole)
    # Of a single message nothing would be left, which is refused.
    asked = next(r for r in recordings(shared) if b'"assistant"' in (r.request or b""))

    faults = check(broken, whole).faults

    assert any("becomes" in fault for fault in faults)
    assert any("gets an ending" in fault for fault in faults)
    assert check_request(broken, asked, PLACES[0])
