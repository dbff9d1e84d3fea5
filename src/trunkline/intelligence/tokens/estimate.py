"""The usage of an attempt whose upstream told none: what was asked, and what was delivered."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.intelligence.tokens.count import TokenCounter


class UsageEstimator:
    """Never blocks the loop, never fails. Cached and reasoning tokens cannot be told apart here."""

    __slots__ = ("_counter",)

    def __init__(self, counter: TokenCounter | None = None) -> None:
        self._counter = counter or TokenCounter()

    async def estimate(
        self, deployment: Deployment, request: Request | None, delivered: Sequence[str]
    ) -> Usage:
        """`request` is None where its body could not be read: then only the output is counted."""
        model = deployment.model
        read = 0
        if request is not None:
            read = await self._counter.count_long_request(request, model)
        written = await self._counter.count_long(model, delivered) if any(delivered) else 0
        return Usage(input=read, output=written)

    async def text(self, model: str, tokens: Sequence[int]) -> str | None:
        """See TokenCounter."""
        return await self._counter.text(model, tokens)

    def __repr__(self) -> str:
        return f"<UsageEstimator {self._counter!r}>"
