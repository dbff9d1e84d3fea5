"""Options: where they may stand, which wins, and that a typing error is told."""

import pytest

from trunkline.providers.sim.options import (
    NONE,
    BadOption,
    Fault,
    Options,
    header_options,
    parse,
    split_model,
)


def test_a_model_name_carries_options() -> None:
    """What stands behind "@" is options; the name itself is bare."""
    assert ("sim-chat", "ttft=200,rate=50") == split_model("sim-chat@ttft=200,rate=50")


def test_options_are_read() -> None:
    """Numbers, flags and words come in their types."""
    options = parse(["ttft=200,rate=50,tokens=300,redacted,field=reasoning,until=1.5"])

    assert (
        Options(ttft=200, rate=50, tokens=300, redacted=True, field="reasoning", until=1.5)
        == options
    )


def test_a_flag_can_be_turned_off() -> None:
    """redacted=0 beats a default of redacted."""
    assert not parse(["redacted=0", "redacted"]).redacted


def test_no_options() -> None:
    """Nothing named: the defaults, without a new object."""
    assert NONE is parse(["", ""])


def test_a_fault_has_parameters() -> None:
    """A fault's own parameters are set apart by colons."""
    fault = parse(["fault=U10:kind=date:retry_after=2"]).fault

    assert Fault("u10", {"kind": "date", "retry_after": "2"}) == fault


@pytest.mark.parametrize(
    ("short", "fault"),
    (
        ("status=529", Fault("u11", {"status": "529"})),
        ("status=429", Fault("u10", {"status": "429"})),
        ("status=404", Fault("u12", {"status": "404"})),
        ("brownout=0.3", Fault("u19", {"rate": "0.3"})),
    ),
)
def test_short_forms(short: str, fault: Fault) -> None:
    """A status or a brown-out alone names its fault."""
    assert fault == parse([short]).fault


def test_the_first_source_wins() -> None:
    """The model's name is asked first, then headers, then the key, then the defaults."""
    assert 1 == parse(["tokens=1", "tokens=2"]).tokens


def test_headers_carry_options() -> None:
    """x-sim-options as a whole, x-sim-<option> one by one; the script is no option."""
    headers = (
        (b"x-sim-options", b"rate=5"),
        (b"x-sim-ttft-ms", b"20"),
        (b"x-sim-cache-write", b"7"),
        (b"x-sim-script", b"{}"),
        (b"x-other", b"1"),
    )

    assert ["rate=5", "ttft=20", "cache_write=7"] == header_options(headers)


@pytest.mark.parametrize(
    "text", ("tokenz=3", "tokens=many", "status=bad", "rate=inf", "ttft=nan", "tokens=2000000")
)
def test_a_typing_error_is_told(text: str) -> None:
    """An unknown option or an unreadable number is an error, never ignored."""
    with pytest.raises(BadOption):
        parse([text])


def test_a_faults_number_must_be_one() -> None:
    """The message names the parameter."""
    with pytest.raises(BadOption, match="u4:after"):
        Fault("u4", {"after": "x"}).whole("after", 3)
