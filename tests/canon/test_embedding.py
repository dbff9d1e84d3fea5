"""Requests for embeddings, in parts."""

from trunkline.canon.embedding import Aside, EmbeddingRequest

ASIDES = tuple(Aside(task=task, own={}) for task in "xyz")
REQUEST = EmbeddingRequest(model="m", inputs=("a", "b", "c"), origin="o", asides=ASIDES)


def test_a_part_keeps_what_is_said_of_its_inputs():
    """And all that is said of the request."""
    part = REQUEST.part(1, 2)

    assert (("b",), ASIDES[1:2], "m") == (part.inputs, part.asides, part.model)
    assert (("b", "c"), ASIDES[1:]) == (REQUEST.part(1).inputs, REQUEST.part(1).asides)
