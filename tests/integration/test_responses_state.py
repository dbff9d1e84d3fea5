"""Conversations that live at the gateway, by the official OpenAI SDK over every kind of upstream."""

import openai
import pytest
from openai.types.responses import Response

from tests.integration.program import Gateway

WORD = "The word is heliotrope."


def say(gpt: openai.OpenAI, upstream: str, text: str, **more: object) -> Response:
    answer = gpt.responses.create(model=f"{upstream}/sim-chat", input=text, **more)
    assert isinstance(answer, Response)
    return answer


def texts(gpt: openai.OpenAI, response_id: str) -> list[str]:
    """What was said up to a response, oldest first, as the API lists it."""
    items = gpt.responses.input_items.list(response_id, order="asc", limit=2)
    return [part.text for item in items for part in getattr(item, "content", None) or ()]


def test_an_answer_can_be_come_back_to(gpt: openai.OpenAI, upstream: str) -> None:
    """As the client got it; what it was made from is listed, newest first, by pages."""
    raw = gpt.responses.with_raw_response.create(model=f"{upstream}/sim-chat", input=WORD)
    answer = raw.parse()

    assert 201 == raw.status_code
    assert answer == gpt.responses.retrieve(answer.id)
    [item] = gpt.responses.input_items.list(answer.id).data
    assert ("message", "user") == (item.type, item.role)
    assert [WORD] == texts(gpt, answer.id)


def test_the_next_turn_knows_the_one_before(gpt: openai.OpenAI, upstream: str) -> None:
    """Over every provider; the turn after a streamed one may follow at once."""
    first = say(gpt, upstream, WORD, instructions="Whisper.")
    with gpt.responses.stream(
        model=f"{upstream}/sim-chat", input="And now?", previous_response_id=first.id
    ) as stream:
        second = stream.get_final_response()
    third = say(gpt, upstream, "Still there?", previous_response_id=second.id)

    assert (first.id, second.id) == (second.previous_response_id, third.previous_response_id)
    assert [WORD, first.output_text, "And now?", second.output_text, "Still there?"] == texts(
        gpt, third.id
    )
    assert third.instructions is None
    assert first.usage.input_tokens < third.usage.input_tokens


def test_another_provider_goes_on(gpt: openai.OpenAI) -> None:
    """What one said, another reads."""
    first = say(gpt, "near", WORD)
    second = say(gpt, "far-claude", "And now?", previous_response_id=first.id)
    assert [WORD, first.output_text, "And now?"] == texts(gpt, second.id)


def test_what_is_not_stored_is_not_there(gpt: openai.OpenAI) -> None:
    """404 to whoever asks for it, 400 to whoever goes on from it."""
    raw = gpt.responses.with_raw_response.create(model="near/sim-chat", input=WORD, store=False)
    answer = raw.parse()

    assert 200 == raw.status_code
    with pytest.raises(openai.NotFoundError):
        gpt.responses.retrieve(answer.id)
    with pytest.raises(openai.BadRequestError) as refused:
        say(gpt, "near", "Go on", previous_response_id=answer.id)
    assert "previous_response_not_found" == refused.value.code
    assert "previous_response_id" == refused.value.param


def test_a_deleted_one_is_gone(gpt: openai.OpenAI) -> None:
    """And whatever went on from it cannot be gone on from."""
    first = say(gpt, "near", WORD)
    second = say(gpt, "near", "And?", previous_response_id=first.id)
    gpt.responses.delete(first.id)

    with pytest.raises(openai.NotFoundError):
        gpt.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError):
        gpt.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError):
        say(gpt, "near", "And?", previous_response_id=second.id)


def test_another_tenant_s_is_not_there(gpt: openai.OpenAI, gateway: Gateway) -> None:
    """Neither to read, nor to cancel, nor to go on from: as if it had never been."""
    answer = say(gpt, "near", WORD)
    stranger = gateway.admin("POST", "/keys", {"name": "s", "tenant": "other"}).json()["key"]
    with openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=stranger, max_retries=0) as other:
        for call in (other.responses.retrieve, other.responses.delete, other.responses.cancel):
            with pytest.raises(openai.NotFoundError):
                call(answer.id)
        with pytest.raises(openai.BadRequestError):
            say(other, "near", "Go on", previous_response_id=answer.id)


def test_a_stream_is_read_again_from_any_event(gpt: openai.OpenAI, upstream: str) -> None:
    """The same events with the same numbers."""
    with gpt.responses.stream(model=f"{upstream}/sim-chat", input=WORD) as stream:
        events = [event for event in stream if not event.type.endswith(".parsed")]
        answer = stream.get_final_response()
    again = list(gpt.responses.retrieve(answer.id, stream=True, starting_after=2))

    numbers = [event.sequence_number for event in again]
    assert list(range(3, len(numbers) + 3)) == numbers
    assert "response.completed" == again[-1].type
    assert events[-1].response.id == again[-1].response.id


def wait(gpt: openai.OpenAI, answer: Response) -> Response:
    """Poll, as the API's users do."""
    for _ in range(2000):
        if answer.status not in ("queued", "in_progress"):
            return answer
        answer = gpt.responses.retrieve(answer.id)
    raise AssertionError(f"still {answer.status}")


def test_in_the_background(gpt: openai.OpenAI, gateway: Gateway, upstream: str) -> None:
    """The answer comes under the id that was given at once; a turn may follow."""
    queued = say(gpt, upstream, WORD, background=True)
    assert ("queued", [], None) == (queued.status, queued.output, queued.usage)
    done = wait(gpt, queued)

    assert ("completed", queued.id, True) == (done.status, done.id, done.background)
    assert done.output_text
    assert done.usage is not None
    after = say(gpt, upstream, "And?", previous_response_id=done.id)
    assert [WORD, done.output_text, "And?"] == texts(gpt, after.id)


def test_a_background_stream_can_be_left_and_joined_again(gpt: openai.OpenAI) -> None:
    """Its events go on without a reader, and are all there for the next."""
    stream = gpt.responses.create(model="near/sim-chat", input=WORD, background=True, stream=True)
    first = next(iter(stream))
    stream.close()
    rest = list(
        gpt.responses.retrieve(first.response.id, stream=True, starting_after=first.sequence_number)
    )
    assert [first.sequence_number + 1 + n for n in range(len(rest))] == [
        event.sequence_number for event in rest
    ]
    assert ("response.completed", first.response.id) == (rest[-1].type, rest[-1].response.id)


def test_cancelling(gpt: openai.OpenAI) -> None:
    """Only what is made in the background; what is over stays as it is."""
    plain = say(gpt, "near", WORD)
    with pytest.raises(openai.BadRequestError):
        gpt.responses.cancel(plain.id)
    done = wait(gpt, say(gpt, "near", WORD, background=True))
    assert "completed" == gpt.responses.cancel(done.id).status


def test_a_background_failure_is_told_by_the_response(gpt: openai.OpenAI) -> None:
    """With the provider's own words; a model that does not exist is refused at once."""
    with pytest.raises(openai.NotFoundError):
        gpt.responses.create(model="no-such-model", input=WORD, background=True)
    with pytest.raises(openai.BadRequestError):
        gpt.responses.create(model="near/sim-chat", input=WORD, background=True, store=False)


def test_items_are_known_by_their_ids(gpt: openai.OpenAI, upstream: str) -> None:
    """For clients that keep the conversation and send of it what is kept here by name alone."""
    first = say(gpt, upstream, WORD)
    second = say(
        gpt,
        upstream,
        "",
        extra_body={
            "input": [
                {"role": "user", "content": WORD},
                {"type": "item_reference", "id": first.output[-1].id},
                {"role": "user", "content": "And now?"},
            ]
        },
    )
    assert [WORD, first.output_text, "And now?"] == texts(gpt, second.id)
    third = say(gpt, upstream, "Still there?", previous_response_id=second.id)
    assert [second.output_text, "Still there?"] == texts(gpt, third.id)[-2:]
