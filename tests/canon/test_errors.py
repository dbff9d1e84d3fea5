"""The error tree says whose fault it is and what may help."""

import inspect

import pytest

from trunkline.canon import errors
from trunkline.canon.errors import ClientError, GatewayError, UpstreamError

ALL = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, GatewayError)]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_in_the_tree_that_opens_the_file(kind):
    """The docstring is the map; a class that is not on it cannot be found."""
    if kind is not GatewayError:
        assert f"{kind.__name__} " in errors.__doc__ or f"{kind.__name__}\n" in errors.__doc__


@pytest.mark.parametrize("kind", ALL)
def test_statuses_tell_the_blame(kind):
    """What is the client's fault is a 4xx, and another deployment cannot mend it."""
    error = kind("m")

    if issubclass(kind, ClientError):
        assert 400 <= error.status < 500
        assert not error.fallback
    if not issubclass(kind, ClientError | UpstreamError) and kind is not GatewayError:
        assert error.status >= 500


def test_details_never_show():
    """What is meant for the log stays out of str() and repr()."""
    error = errors.Garbled("safe", detail="sk-secret")

    assert "secret" not in str(error) + repr(error)
    assert "Garbled(502, 'safe')" == repr(error)
