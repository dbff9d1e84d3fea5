"""Both roles against each other."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.dialects.openai_completions.making import DIALECT, STAMP, asked, target
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Text
from trunkline.canon.errors import Overloaded
from trunkline.canon.event import FinishReason
from trunkline.canon.fold import fold, unfold
from trunkline.canon.usage import Usage

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
CHOICES = st.lists(
    st.tuples(TEXT, st.sampled_from((FinishReason.STOP, FinishReason.LENGTH))),
    min_size=1,
    max_size=3,
)


@given(CHOICES, st.integers(0, 1000), st.integers(1, 1000))
def test_what_one_role_writes_the_other_reads(choices, read, written):
    """Whole and streamed: the same texts, ends and counts."""
    answer = Answer(
        id="cmpl-x",
        model="up",
        created=5,
        choices=tuple(
            Choice(index=at, parts=(Text(text),), finish=finish, native=finish.value)
            for at, (text, finish) in enumerate(choices)
        ),
        usage=Usage(input=read, output=written),
        origin=DIALECT.name,
    )
    request = asked(stream=True, stream_options={"include_usage": True})
    decoder = DIALECT.decoder()
    data = DIALECT.encoder(request, STAMP).feed(unfold(answer))
    streamed = fold([*decoder.feed(data), *decoder.finish()])
    whole = DIALECT.decode_answer(DIALECT.encode_answer(answer, request, STAMP))

    def essence(one):
        return [(c.index, c.parts, c.finish) for c in one.choices], one.usage, one.model

    assert essence(answer) == essence(whole)
    assert sorted(essence(answer)[0]) == sorted(essence(streamed)[0], key=lambda c: c[0])
    assert answer.usage == streamed.usage


@given(TEXT)
def test_a_prompt_comes_through_unchanged(prompt):
    """From a client to an upstream of the same dialect, written anew."""
    body = DIALECT.encode_request(asked(prompt=prompt), target()).body

    assert prompt == DIALECT.decode_request(body, {}).prompt


def test_where_it_is_asked_and_how_errors_look():
    """OpenAI's path and OpenAI's errors."""
    assert "/completions" == DIALECT.path("any", stream=True)
    told = DIALECT.render_error(Overloaded("busy", status=529), "req_1")
    assert (503, "busy") == (told.status, json.decode(told.body)["error"]["message"])
    assert isinstance(DIALECT.decode_error(503, (), b""), Overloaded)
