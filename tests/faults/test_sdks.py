"""The official SDKs in front of the same faults: what they raise, and that it is billed alike."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anthropic
import openai
import pytest

from tests.faults.client import PROMPT, Call, Seen
from tests.faults.gateway import World, impatient
from tests.faults.simulators import ANTHROPIC, OPENAI

Ask = Callable[[World, Call], Awaitable[tuple[Seen, Exception | None]]]


@asynccontextmanager
async def gpt(town: World) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{town.port}/v1", api_key=town.key, max_retries=0, timeout=15
    ) as client:
        yield client


@asynccontextmanager
async def claude(town: World) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{town.port}", api_key=town.key, max_retries=0, timeout=15
    ) as client:
        yield client


async def ask_gpt(town: World, call: Call) -> tuple[Seen, Exception | None]:
    seen = Seen(call, status=200)
    async with gpt(town) as client:
        try:
            stream = await client.chat.completions.create(
                model=call.name, messages=[{"role": "user", "content": PROMPT}], stream=True
            )
            async for chunk in stream:
                if chunk.choices:
                    seen.text += chunk.choices[0].delta.content or ""
                    seen.finish = chunk.choices[0].finish_reason or seen.finish
        except openai.APIStatusError as error:
            seen.status, seen.error = error.status_code, {"type": error.type, "code": error.code}
            seen.headers = dict(error.response.headers)
            return seen, error
        except openai.APIError as error:
            seen.error = {"type": error.type, "code": error.code}
            return seen, error
    seen.framed = seen.closed = True
    return seen, None


async def ask_claude(town: World, call: Call) -> tuple[Seen, Exception | None]:
    seen = Seen(call, status=200)
    async with claude(town) as client:
        try:
            async with client.messages.stream(
                model=call.name,
                max_tokens=4000,
                messages=[{"role": "user", "content": PROMPT}],
            ) as stream:
                async for text in stream.text_stream:
                    seen.text += text
                seen.finish = (await stream.get_final_message()).stop_reason
        except anthropic.APIStatusError as error:
            seen.error = {"type": error.type}
            # In a stream that has begun the SDK gives the status of its beginning.
            seen.status = error.status_code if not seen.text else 200
            seen.headers = dict(error.response.headers) if not seen.text else {}
            return seen, error
    seen.framed = seen.closed = True
    return seen, None


SDKS = ((OPENAI, ask_gpt), (ANTHROPIC, ask_claude))
MIDDLE = ("u4:after=9", "u5:after=9", "u5:after=9:kind=clean", "u6:after=9", "u13:after=9")


@pytest.mark.parametrize(("dialect", "ask"), SDKS, ids=("openai", "anthropic"))
@pytest.mark.parametrize("fault", MIDDLE)
def test_an_answer_that_breaks_off_raises(town: World, fault: str, dialect: str, ask: Ask) -> None:
    """After the text that came: an APIError, whichever dialect the upstream speaks."""
    for letter in "oa":
        model = f"{letter}1/sim-echo@rate=100,fault={fault}"
        target = impatient(model) if fault.startswith("u4") else model
        call = town.call(target, dialect=dialect)
        town.do(town.gateway.reload())
        seen, error = town.do(ask(town, call))

        assert [] == town.compare([seen]).differences
        assert isinstance(error, openai.APIError | anthropic.APIError)
        assert seen.text
        assert PROMPT.startswith(seen.text)


@pytest.mark.parametrize(("dialect", "ask"), SDKS, ids=("openai", "anthropic"))
@pytest.mark.parametrize("fault", ("u5:after=0", "u9", "u10:retry_after=60", "u11:status=529"))
def test_another_target_is_not_noticed(town: World, fault: str, dialect: str, ask: Ask) -> None:
    """The SDK sees one good answer."""
    for letter in "oa":
        call = town.call(
            f"{letter}1/sim-echo@fault={fault}", f"{letter}2/sim-echo", dialect=dialect
        )
        town.do(town.gateway.reload())
        seen, error = town.do(ask(town, call))

        assert [] == town.compare([seen]).differences
        assert (PROMPT, None) == (seen.text, error)


STATUSES = (
    ("u10:retry_after=60", openai.RateLimitError, anthropic.RateLimitError),
    ("u11:status=529", openai.InternalServerError, anthropic.InternalServerError),
    ("u12:status=401", openai.InternalServerError, anthropic.InternalServerError),
    ("u12:status=404", openai.NotFoundError, anthropic.NotFoundError),
    ("u12:kind=context", openai.BadRequestError, anthropic.BadRequestError),
    ("u9", openai.InternalServerError, anthropic.InternalServerError),
)


@pytest.mark.parametrize(("fault", "of_openai", "of_anthropic"), STATUSES)
def test_before_content_the_sdk_raises_by_the_status(
    town: World, fault: str, of_openai: type[Exception], of_anthropic: type[Exception]
) -> None:
    """Its own exception for each; a refused credential of ours is never an AuthenticationError."""
    for letter in "oa":
        for dialect, ask, kind in (
            (OPENAI, ask_gpt, of_openai),
            (ANTHROPIC, ask_claude, of_anthropic),
        ):
            call = town.call(f"{letter}1/sim-echo@fault={fault}", dialect=dialect)
            town.do(town.gateway.reload())
            seen, error = town.do(ask(town, call))

            assert [] == town.compare([seen]).differences
            assert isinstance(error, kind), error
            if fault.startswith("u10"):
                assert "60" == seen.headers["retry-after"]
