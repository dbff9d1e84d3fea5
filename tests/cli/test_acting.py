"""Tests of cli/acting.py: an action works on a gateway of its own, and lets go of it."""

import argparse

import pytest

from trunkline.cli.acting import add_action


def test_an_action_has_a_gateway_of_its_own(tmp_path):
    """From its options; its exit code is the command's, and whatever happens, all is closed."""
    closed = []

    async def work(gateway, options):
        close = gateway.aclose

        async def noted():
            closed.append(options.fails)
            await close()

        gateway.aclose = noted
        if options.fails:
            raise ValueError("no")
        return 7 if options.json else 0

    parser = argparse.ArgumentParser()
    action = add_action(parser.add_subparsers(), "work", "does something", work)
    action.add_argument("--fails", action="store_true")

    def run(*words):
        options = parser.parse_args(["work", "--data", str(tmp_path), *words])
        return options.run(options)

    assert 0 == run()
    assert 7 == run("--json")
    with pytest.raises(ValueError, match="no"):
        run("--fails")
    assert [False, False, True] == closed
