"""What is not served: says what probably was meant."""

import pytest

from trunkline.admin.nowhere import not_found

SERVED = ("/v1/chat/completions", "/v1/messages", "/v1/models", "/admin/v1/keys/{key_id}")


@pytest.mark.parametrize(
    ("path", "meant"),
    (
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/messages", "/v1/messages"),
        ("/admin/keys/key_1", "/admin/v1/keys/{key_id}"),
    ),
)
def test_the_nearest_path_is_named_first(path, meant):
    """A base URL with one version too few or too many is the usual mistake."""
    told = not_found("POST", path, SERVED).message

    assert told.startswith(f"nothing is served at POST {path}; did you mean {meant}")


def test_a_path_of_several_methods_is_named_once():
    """Three guesses are three paths."""
    told = not_found("GET", "/v1/model", ("/v1/models", "/v1/models", "/v1/messages")).message

    assert 1 == told.count("/v1/models")


def test_nothing_is_guessed_where_nothing_is_near():
    """And a long path is not told back whole."""
    assert "nothing is served at GET /xyz" == not_found("GET", "/xyz", SERVED).message
    assert len("nothing is served at GET ") + 200 == len(
        not_found("GET", "/" * 9999, SERVED).message
    )
