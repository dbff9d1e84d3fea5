"""Who is still served while the ledger's database takes nothing: a budget must not run on hope."""

from collections.abc import Callable

from trunkline.canon.errors import LedgerUnavailable

_AGAIN = 5.0
"""Seconds a refused caller is told to wait: once the database is back, it takes no longer."""


class Outage:
    """
    What is spent meanwhile is in the journals alone: one lost with its machine was never spent.

    So for some seconds all are served, as restarts and failovers take; then budgets fail closed.
    """

    __slots__ = ("_away", "_patience", "_serves")

    def __init__(self, away: Callable[[], float], patience: float, *, serves: bool) -> None:
        """
        `away`: seconds for which the database has not taken what it was given. `patience`: of
        these, how many are nothing. `serves`: whoever has no budget is served even then.
        """
        self._away = away
        self._patience = patience
        self._serves = serves

    def check(self, *, budgeted: bool) -> None:
        """Raises LedgerUnavailable for a request that must wait until the database is back."""
        if (budgeted or not self._serves) and self._away() > self._patience:
            raise LedgerUnavailable(
                "What is spent cannot be written down at the moment, and this key has a budget;"
                " try again in a moment."
                if budgeted
                else "What is used cannot be written down at the moment; try again in a moment.",
                retry_after=_AGAIN,
            )

    def __repr__(self) -> str:
        return f"<Outage {self._away():.1f} of {self._patience:g} s>"


NEVER = Outage(lambda: 0.0, 0.0, serves=True)
"""For programs whose books are never away."""
