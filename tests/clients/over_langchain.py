"""LangChain's chat models: OpenAI's with both of its APIs, and Anthropic's."""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from tests.clients.parts import HELLO, PIXEL, Failure, Said, Weather, look, told

_LOOK = tool(look)


def openai_chat(base: str, key: str, model: str, **more: Any) -> BaseChatModel:
    return ChatOpenAI(
        base_url=f"{base}/v1",
        api_key=key,
        model=model,
        max_retries=0,
        stream_usage=True,
        use_responses_api=False,
        **more,
    )


def openai_responses(base: str, key: str, model: str, **more: Any) -> BaseChatModel:
    return ChatOpenAI(
        base_url=f"{base}/v1",
        api_key=key,
        model=model,
        max_retries=0,
        use_responses_api=True,
        output_version="v1",
        **more,
    )


def anthropic_messages(base: str, key: str, model: str, **more: Any) -> BaseChatModel:
    return ChatAnthropic(
        base_url=base, api_key=key, model=model, max_tokens=8000, max_retries=0, **more
    )


@dataclass(frozen=True)
class LangChain:
    make: Callable[..., BaseChatModel]
    methods: Sequence[str]
    """Of asking for structured output."""
    thinking: dict[str, object]
    """What asks for reasoning."""
    base: str
    key: str
    blind_to: Collection[str] = ()

    def _model(self, model: str, **more: Any) -> BaseChatModel:
        return self.make(self.base, self.key, model, **more)

    def say(self, model: str) -> Said:
        return _said(self._model(model).invoke(HELLO))

    def stream(self, model: str) -> tuple[Sequence[str], Said]:
        chunks = list(self._model(model).stream(HELLO))
        return [c.text for c in chunks if c.text], _said(_sum(chunks))

    def think(self, model: str) -> tuple[str, str]:
        asked = self._model(model, **self.thinking)
        first = _sum(asked.stream(HELLO))
        second = asked.invoke([HumanMessage(HELLO), first, HumanMessage("Go on.")])
        assert second.text
        blocks = [block for block in first.content_blocks if block["type"] == "reasoning"]
        thoughts = [block.get("reasoning", "") for block in blocks]  # some are proof alone
        return "".join(thoughts), first.text

    def call(self, model: str) -> str:
        return self._loop(model, lambda asked, messages: asked.invoke(messages))

    def call_streaming(self, model: str) -> str:
        return self._loop(model, lambda asked, messages: _sum(asked.stream(messages)))

    def _loop(self, model: str, ask: Callable[[Any, list[BaseMessage]], AIMessage]) -> str:
        asked = self._model(model).bind_tools([_LOOK])
        messages: list[BaseMessage] = [HumanMessage(HELLO)]
        for _ in range(3):
            answer = ask(asked, messages)
            if not answer.tool_calls:
                break
            messages += [answer, *(_LOOK.invoke(call) for call in answer.tool_calls)]
        return answer.text

    def parse(self, model: str) -> Sequence[object]:
        asked = self._model(model)
        return [
            asked.with_structured_output(Weather, method=method).invoke(HELLO)
            for method in self.methods
        ]

    def see(self, model: str) -> str:
        image = {
            "type": "image",
            "base64": base64.b64encode(PIXEL).decode(),
            "mime_type": "image/png",
        }
        content = [{"type": "text", "text": "What is this?"}, image]
        return str(self._model(model).invoke([HumanMessage(content)]).text)

    def fail(self, model: str, key: str | None = None) -> Failure:
        try:
            self.make(self.base, self.key if key is None else key, model).invoke(HELLO)
        except (openai.APIStatusError, anthropic.APIStatusError) as error:
            wait = told(error.response.headers.get("retry-after"))
            return Failure(type(error).__name__, error.status_code, wait)
        raise AssertionError("it did not fail")

    def break_off(self, model: str) -> tuple[Sequence[str], str]:
        pieces = []
        try:
            for chunk in self._model(model).stream(HELLO):
                pieces += [str(chunk.text)] * bool(chunk.text)
        except (openai.APIError, anthropic.APIError) as error:
            return pieces, type(error).__name__
        raise AssertionError(f"it ended well: {pieces}")


def _sum(chunks: Any) -> AIMessageChunk:
    first, *rest = chunks
    for chunk in rest:
        first += chunk
    assert isinstance(first, AIMessageChunk)
    return first


def _said(message: AIMessage) -> Said:
    usage = message.usage_metadata
    assert usage is not None
    return Said(str(message.text), usage["input_tokens"], usage["output_tokens"])
