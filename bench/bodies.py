"""Request bodies of known size, made up here."""

from pathlib import Path

import msgspec

SYSTEM = (
    "You are the assistant of a help desk. Answer in two sentences, name the article you rely on, "
    "and keep internal remarks to yourself. "
)
ASK = 'Hello, my "order" #12345 has not come.\nCould you see where it is? '
FILL = 'The quick brown fox, "so to speak"; jumps over a café \n and the dog sleeps on. '


def chat(size: int, model: str, *, stream: bool) -> bytes:
    """An OpenAI chat request of about `size` bytes."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASK}]
    body: dict[str, object] = {
        "model": model,
        "messages": messages,
        "temperature": 0.7,
        "max_tokens": 256,
        "user": "user-42",
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    missing = size - len(msgspec.json.encode(body)) - 40
    messages.append(
        {"role": "user", "content": (FILL * (missing // len(FILL) + 1))[: max(1, missing)]}
    )
    return msgspec.json.encode(body)


def messages(size: int, model: str) -> bytes:
    """A streamed Anthropic request of about `size` bytes."""
    turn = {"role": "user", "content": ASK}
    body = {
        "model": model,
        "max_tokens": 256,
        "system": SYSTEM,
        "messages": [turn],
        "stream": True,
    }
    missing = size - len(msgspec.json.encode(body))
    turn["content"] = ASK + (FILL * (missing // len(FILL) + 1))[: max(0, missing)]
    return msgspec.json.encode(body)


def responses(size: int, model: str, *, store: bool) -> bytes:
    """A streamed request of the Responses API of about `size` bytes."""
    body = {"model": model, "instructions": SYSTEM, "input": ASK, "stream": True, "store": store}
    missing = size - len(msgspec.json.encode(body))
    body["input"] = ASK + (FILL * (missing // len(FILL) + 1))[: max(0, missing)]
    return msgspec.json.encode(body)


def write_bodies(folder: Path) -> Path:
    """Files by the names the cases use. `bench` speaks OpenAI, `bencha` Anthropic."""
    openai, anthropic = "bench/gpt-4o-mini", "bencha/claude-sonnet-4-5"
    bodies = {
        "1k": chat(1040, openai, stream=False),
        "1k_s": chat(1040, openai, stream=True),
        "200k": chat(200_000, openai, stream=False),
        "anthropic_s": messages(1040, anthropic),
        "to_anthropic_s": chat(1040, anthropic, stream=True),
        "to_openai_s": messages(1040, openai),
        "responses_s": responses(1040, openai, store=False),
        "responses_kept_s": responses(1040, openai, store=True),
        "paced_s": chat(1040, "paced/gpt-4o-mini", stream=True),
    }
    bare = {
        "1k_bare": chat(1040, "gpt-4o-mini", stream=False),
        "1k_s_bare": chat(1040, "gpt-4o-mini", stream=True),
        "200k_bare": chat(200_000, "gpt-4o-mini", stream=False),
        "anthropic_s_bare": messages(1040, "claude-sonnet-4-5"),
        "to_anthropic_s_bare": chat(1040, "claude-sonnet-4-5", stream=True),
        "paced_s_bare": chat(1040, "gpt-slow", stream=True),
    }
    for name, body in (bodies | bare).items():
        (folder / f"{name}.json").write_bytes(body)
    return folder
