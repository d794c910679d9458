"""The tables of sweeps: everybody's beside ours, the ratios, and what is expected of them."""

from collections.abc import Mapping, Sequence

from rich.console import Group

from benches.cells import Cells, megabytes
from benches.sweeps import (
    BULK,
    CUSTODIAN,
    OURS,
    Expectation,
    Place,
    Ratio,
    Sweep,
    expectations,
    place_name,
    ratio,
    ratios,
)

FRONT_PAGE = (1000, False)  # users, throttled: what README.md tells of


def sweeps_at(sweeps: Sequence[Sweep], place: Place) -> Cells:
    """Return everybody's sweep of one account."""
    there = [each for each in sweeps if each.place == place]
    headings = ("", "IAM reads", "writes", "other", "throttled", "s", "MB", "left")
    return Cells(
        place_name(place),
        headings,
        [_row(each) for each in there],
        frozenset(
            n for n, each in enumerate(there) if not each.done or (each.again and each.attached)
        ),
    )


def seconds_of(sweep: Sweep) -> str:
    """Return how long it took, or how far it came."""
    seconds = _short(sweep.seconds)
    if sweep.done:
        return seconds
    how = "failed" if sweep.why else "not done"
    return f"{how} after {seconds}: {sweep.looked_at:,} of {sweep.users:,} users"


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:,.0f}"  # noqa: PLR2004


def _row(sweep: Sweep) -> tuple[str, ...]:
    writes = f"{sweep.writes:,}"
    if sweep.again and sweep.attached:
        writes += " (attached again)"
    return (
        sweep.contestant + _parts(sweep),
        f"{sweep.reads:,}",
        writes,
        f"{sweep.others:,}",
        f"{sweep.throttles:,}",
        seconds_of(sweep),
        megabytes(sweep.peak_megabytes),
        f"{sweep.left:,}",
    )


def _parts(sweep: Sweep) -> str:
    """Return in how many parts it was made, where it was not one that went well."""
    if sweep.parts == 1 and not sweep.failed:
        return ""
    parts = "1 part" if sweep.parts == 1 else f"{sweep.parts} parts"
    return f", {parts}, {sweep.failed} failed"


def ratios_of(found: Mapping[Place, Sequence[Ratio]]) -> Cells:
    """Return how the others compare with us, and we with the bare reads."""
    rows = [
        (place_name(place), each.what, _times(each.reads, each), _times(each.seconds, each))
        for place, those in found.items()
        for each in those
    ]
    return Cells("how many times", ("account", "whose", "IAM reads", "time"), rows)


def _times(many: float, ratio: Ratio) -> str:
    return f"{'at least ' if ratio.at_least else ''}{many:,.1f}"


def expected(found: Sequence[Expectation]) -> Cells:
    """Return what is expected and what is so."""
    rows = [(each.what, each.expected, each.found, "yes" if each.holds else "no") for each in found]
    bad = frozenset(number for number, each in enumerate(found) if not each.holds)
    return Cells("expectations", ("of what", "expected", "found", "holds"), rows, bad)


def calls_of(sweep: Sweep) -> Cells:
    """Return one sweep's calls by operation."""
    title = f"calls of {sweep.contestant}, {place_name(sweep.place)}"
    rows = [(name, f"{count:,}") for name, count in sweep.calls.items()]
    return Cells(title, ("operation", "calls"), rows)


def headlines(sweeps: Sequence[Sweep]) -> list[str]:
    """Return what README.md says of 1,000 users; nothing when they were not measured."""
    there = {(each.again, each.contestant): each for each in sweeps if each.place[:2] == FRONT_PAGE}
    if not {(True, OURS), (True, CUSTODIAN), (True, BULK), (False, OURS)} <= there.keys():
        return []
    ours, first = there[True, OURS], there[False, OURS]
    theirs = ratio(CUSTODIAN, there[True, CUSTODIAN], ours)
    bare = ratio(OURS, ours, there[True, BULK])
    again = there[True, CUSTODIAN].attached
    return [
        f"{ours.reads:,} calls that read IAM, {theirs.reads:,.0f} times fewer than Cloud Custodian"
        f" makes, and {_short(ours.seconds)} s, {theirs.seconds:,.0f} times less than it takes"
        + (f" (it also attaches again the {again:,} guards that are attached)" if again else ""),
        f"{bare.seconds:.1f} times what the two bulk reads take that any sweep must make",
        f"a first sweep puts the guard on {first.attached:,} users in {_short(first.seconds)} s",
    ]


def cells_of(sweeps: Sequence[Sweep]) -> list[Cells]:
    """Return all tables of the sweeps."""
    places = sorted({each.place for each in sweeps})
    return [
        *(sweeps_at(sweeps, place) for place in places),
        ratios_of(ratios(sweeps)),
        expected(expectations(sweeps)),
    ]


def of_sweeps(sweeps: Sequence[Sweep]) -> Group:
    """Return the tables for a terminal."""
    return Group(*(each.rich() for each in cells_of(sweeps)))
