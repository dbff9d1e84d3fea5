"""A process of its own, over an engine that is none: what it is told, and how it fails."""

import asyncio

import pytest

from trunkline.canon.errors import Unreachable
from trunkline.providers.local.process import EngineProcess


def test_an_engine_that_cannot_start():
    """Is told as that, and nothing is left running. The next who asks tries again."""

    async def main():
        engine = EngineProcess(("chat", "/no/such.gguf", "512", "1", "m"), "secret", None)
        assert (False, None) == (engine.is_alive, engine.origin)
        for _ in range(2):
            with pytest.raises(Unreachable, match="did not start"):
                await engine.ready()
            assert not engine.is_ready
        await engine.aclose()
        return repr(engine)

    assert "not started" == asyncio.run(main())
