"""What the gateway takes from the machine it runs on: tests bring their own."""

import os
import random  # noqa: TID251 - the composition root is where dice come from
from collections.abc import Callable, Mapping

from msgspec import Struct

from trunkline.config.schema import Config
from trunkline.kernel.clock import Clock, SystemClock
from trunkline.kernel.ids import Entropy

Loaded = tuple[Config, str, str]
ReadConfig = Callable[[], Loaded]
"""The configuration, its text and its file's name (for messages). Raises ConfigError."""
Problem = Callable[[str], None]
"""Takes what is wrong, for the log."""


class Machine(Struct, frozen=True, kw_only=True):
    environ: Mapping[str, str]
    clock: Clock = SystemClock()
    entropy: Entropy = os.urandom
    dice: Callable[[], float] = random.random  # for spreading load, never for secrets
    write_log: Callable[[str], object]
