"""A gateway that does not start, and why."""

import pytest

from tests.gateway import CONFIG, within
from trunkline.config.errors import ConfigError


def failure(tmp_path, text=CONFIG, environ=None):
    """Why a gateway does not start."""
    with pytest.raises(ConfigError) as refused:
        within(tmp_path, None, text, **({} if environ is None else {"environ": environ}))
    return str(refused.value)
