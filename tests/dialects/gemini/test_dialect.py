"""The dialect as a whole."""

from tests.dialects.gemini.kit import DIALECT
from trunkline.testing.suites import check_dialect


def test_contract():
    """Both roles agree with each other and with the house."""
    assert [] == check_dialect(DIALECT)


def test_paths():
    """The model stands in the path, as does whether it streams."""
    assert "/models/gemini-3-pro:generateContent" == DIALECT.path("gemini-3-pro", stream=False)
    streaming = DIALECT.path("a/b c", stream=True)
    assert "/models/a%2Fb%20c:streamGenerateContent?alt=sse" == streaming
    assert "/tunedModels/mine:generateContent" == DIALECT.path("tunedModels/mine", stream=False)


def test_usage_is_always_told():
    """A client of this dialect cannot choose."""
    assert DIALECT.wants_usage({})
