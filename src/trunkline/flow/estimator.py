"""Provisional."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage


class UsageEstimator:
    async def estimate(
        self, deployment: Deployment, request: Request | None, delivered: Sequence[str]
    ) -> Usage:
        return Usage(input=1, output=sum(map(len, delivered)) // 4)
