"""Google's own SDK, with its automatic function calling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google import genai
from google.genai import errors, types

from tests.clients.parts import HELLO, PIXEL, Failure, Said, Weather, look, told


def pointed(base: str, key: str) -> genai.Client:
    once = types.HttpRetryOptions(attempts=1)
    return genai.Client(
        api_key=key, http_options=types.HttpOptions(base_url=base, retry_options=once)
    )


@dataclass(frozen=True)
class Google:
    base: str
    key: str
    blind_to: frozenset[str] = frozenset()

    def _ask(self, model: str, contents: Any = HELLO, **config: Any) -> Any:
        with pointed(self.base, self.key) as client:
            return client.models.generate_content(
                model=model, contents=contents, config=types.GenerateContentConfig(**config)
            )

    def _stream(self, model: str, contents: Any = HELLO, **config: Any) -> list[Any]:
        with pointed(self.base, self.key) as client:
            asked = types.GenerateContentConfig(**config)
            return list(
                client.models.generate_content_stream(model=model, contents=contents, config=asked)
            )

    def say(self, model: str) -> Said:
        answer = self._ask(model)
        return Said(answer.text, *_usage(answer))

    def stream(self, model: str) -> tuple[Sequence[str], Said]:
        chunks = self._stream(model)
        pieces = [chunk.text for chunk in chunks if chunk.text]
        return pieces, Said("".join(pieces), *_usage(chunks[-1]))

    def think(self, model: str) -> tuple[str, str]:
        asked = {
            "thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
        }
        chunks = self._stream(model, **asked)
        parts = [p for c in chunks for p in (c.candidates[0].content.parts or ())]
        history = [
            types.UserContent(HELLO),
            types.ModelContent(parts),
            types.UserContent("Go on."),
        ]
        assert self._ask(model, history, **asked).text
        thought = "".join(part.text or "" for part in parts if part.thought)
        return thought, "".join(part.text or "" for part in parts if not part.thought)

    def call(self, model: str) -> str:
        return str(self._ask(model, tools=[look]).text)

    def call_streaming(self, model: str) -> str:
        chunks = self._stream(model, tools=[look])
        return "".join(chunk.text or "" for chunk in chunks)

    def parse(self, model: str) -> Sequence[object]:
        json = {"response_mime_type": "application/json"}
        typed = self._ask(model, response_schema=Weather, **json)
        by_schema = self._ask(model, response_json_schema=Weather.model_json_schema(), **json)
        return [typed.parsed, Weather.model_validate_json(by_schema.text)]

    def see(self, model: str) -> str:
        image = types.Part.from_bytes(data=PIXEL, mime_type="image/png")
        return str(self._ask(model, ["What is this?", image]).text)

    def fail(self, model: str, key: str | None = None) -> Failure:
        try:
            Google(self.base, self.key if key is None else key).say(model)
        except errors.APIError as error:
            wait = told(error.response.headers.get("retry-after"))
            return Failure(type(error).__name__, error.code, wait)
        raise AssertionError("it did not fail")

    def break_off(self, model: str) -> tuple[Sequence[str], str]:
        pieces = []
        with pointed(self.base, self.key) as client:
            try:
                for chunk in client.models.generate_content_stream(model=model, contents=HELLO):
                    pieces += [chunk.text] * bool(chunk.text)
            except errors.APIError as error:
                return pieces, type(error).__name__
        raise AssertionError(f"it ended well: {pieces}")


def _usage(answer: Any) -> tuple[int, int]:
    usage = answer.usage_metadata
    answered = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    assert usage.total_token_count == usage.prompt_token_count + answered
    return usage.prompt_token_count, answered
