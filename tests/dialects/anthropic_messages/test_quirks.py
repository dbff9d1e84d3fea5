"""Tests of a provider's departures at a body's top level."""

from msgspec import Raw

from trunkline.canon.deployment import Quirks
from trunkline.dialects.anthropic_messages.quirks import apply_quirks, beta_header
from trunkline.dialects.anthropic_messages.wire import Fields


def test_routing_is_not_the_client_s() -> None:
    """Where an upstream could have another model answer."""
    body: Fields = {"models": ["a"], "model": "m"}
    noted: list[tuple[str, str]] = []
    quirks = Quirks(routing=("models", "route"))

    apply_quirks(body, quirks, lambda field, why: noted.append((field, why)))

    assert {"model": "m"} == body
    assert [("models", "dropped: who answers is decided here")] == noted


def test_dropped_renamed_added() -> None:
    """Dropped with a note if it was there, renamed, and added if it was not."""
    body: Fields = {"a": 1, "b": 2, "d": 4}
    noted: list[str] = []
    quirks = Quirks(
        drop=("a", "z"), rename={"b": "c", "y": "x"}, add={"d": Raw(b"5"), "e": Raw(b"6")}
    )

    apply_quirks(body, quirks, lambda field, _: noted.append(field))

    assert {"c": 2, "d": 4, "e": Raw(b"6")} == body
    assert ["a"] == noted


def test_beta_features_unless_they_choke_the_provider() -> None:
    """A row that drops the header is obeyed, with a note."""
    noted: list[str] = []

    def note(field: str, _: str) -> None:
        noted.append(field)

    assert ((b"anthropic-beta", b"x-1"),) == beta_header(b"x-1", Quirks(), note)
    assert () == beta_header(b"", Quirks(), note)
    assert [] == noted
    assert () == beta_header(b"x-1", Quirks(drop=("anthropic-beta",)), note)
    assert ["anthropic-beta"] == noted
