"""What is not served: says what probably was meant."""

import difflib
from collections.abc import Sequence

from trunkline.canon.errors import NotFound

# Below that two paths have little more in common than their slashes.
_CUTOFF = 0.5
_LONGEST_SHOWN = 200


def not_found(method: str, path: str, served: Sequence[str]) -> NotFound:
    """`served`: every path there is, placeholders included ("/admin/v1/keys/{key_id}")."""
    # A path is served by several methods: it shall be named once.
    paths = list(dict.fromkeys(served))
    near = difflib.get_close_matches(path[:_LONGEST_SHOWN], paths, n=3, cutoff=_CUTOFF)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return NotFound(f"nothing is served at {method} {path[:_LONGEST_SHOWN]}{hint}")
