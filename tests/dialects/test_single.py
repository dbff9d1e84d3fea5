"""Tests of dialects/single.py: one answer is one, and neither several nor none."""

import pytest

from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChatRequest
from trunkline.dialects.single import refuse_several


def asked(n: int | None) -> ChatRequest:
    return ChatRequest(model="m", messages=(), origin="openai-chat", n=n)


@pytest.mark.parametrize("n", (0, 2))
def test_any_other_number_is_refused(n: int) -> None:
    """And told whose limit it is."""
    with pytest.raises(Unsupported, match="this API gives one answer") as refused:
        refuse_several(asked(n), "API")

    assert "n" == refused.value.param


@pytest.mark.parametrize("n", (None, 1))
def test_one_is_taken(n: int | None) -> None:
    """Said or not."""
    refuse_several(asked(n))
