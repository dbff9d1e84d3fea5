"""
Write docs/reference/conformance.md: how every recorded exchange fares through the dialects.

python -m scripts.conformance_table [the folder of recorded exchanges]
"""

import sys
from pathlib import Path

from tests.conformance.table import page

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reference/conformance.md"


if __name__ == "__main__":
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared"
    PAGE.write_text(page(shared), "utf-8")
    sys.stdout.write(PAGE.read_text("utf-8"))
