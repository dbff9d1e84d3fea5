"""What a zero proves: the rule of three."""


def told(wrong: int, count: int) -> str:
    """`wrong` of `count`; of none, what that may hide at 95 %."""
    return f"{wrong} wrong" if wrong or not count else f"0 wrong (3/N = {min(1, 3 / count):.2%})"
