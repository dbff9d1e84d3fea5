"""
Webhooks through a receiver that fails three times of ten, while their senders are killed.

    python -m scripts.webhook_soak [--events 100000] [--kills 50] [--database postgresql://...]
"""

import argparse
import asyncio
import tempfile
import time

from tests.faults.webhooks_killed import killed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", help="an empty one, migrated; by default SQLite")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(killed(options.database or folder, options.events, options.kills))
    print(f"{found}; {time.monotonic() - began:.0f} s")
    return 1 if found.lost or found.forged else 0


if __name__ == "__main__":
    raise SystemExit(main())
