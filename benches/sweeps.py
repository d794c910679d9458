"""The figures of one sweep, what they come to beside others', and what is expected of ours. Pure.

Ratios are over sweeps of the same account under the same conditions. One that was ended at the
limit counts with the time until then, so that its ratio is "at least".
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reactor.settings import Settings
from sandbox.recorded import is_write

OURS = "mfa-reactor"
CUSTODIAN = "Cloud Custodian"
BULK = "bare bulk reads"

# The budget that ours keeps to: the setting's default, which the bench leaves as it is.
WRITES_PER_SECOND = Settings.from_environment({}).sweep_writes_per_second

Place = tuple[int, bool, bool]  # users, throttled, again: what two sweeps must share


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep of an account by one contestant, or the median of some."""

    contestant: str
    users: int
    throttled: bool  # whether IAM let so few calls through that it must wait
    again: bool  # whether nothing was left to do
    calls: Mapping[str, int]  # by service and operation; refused ones, too
    throttles: int  # calls that IAM refused for their number
    seconds: float
    peak_megabytes: float | None
    looked_at: int  # users whose state was read
    attached: int  # successful attachments
    left: int  # users who must carry the guard and do not
    done: bool  # or ended at the limit, or failed
    runs: int = 1
    parts: int = 1  # invocations or processes
    failed: int = 0  # of these
    why: str = ""  # it failed

    @property
    def reads(self) -> int:
        """How many calls read IAM, which is what throttles."""
        return self._count("read")

    @property
    def writes(self) -> int:
        """How many calls change something in IAM."""
        return self._count("write")

    @property
    def others(self) -> int:
        """How many calls are to other services: of ours, what inspects the deployment."""
        return self._count("other")

    def _count(self, kind: str) -> int:
        return sum(count for name, count in self.calls.items() if _kind(name) == kind)

    @property
    def place(self) -> Place:
        """What must be the same for two sweeps to be compared."""
        return self.users, self.throttled, self.again


@dataclass(frozen=True, slots=True)
class Ratio:
    """How another sweep compares with ours (theirs over ours) or ours with the bulk reads."""

    what: str
    reads: float
    seconds: float
    at_least: bool  # the other was ended before it was done


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of a figure, and whether it is so."""

    what: str
    expected: str
    found: str
    holds: bool


def ratio(what: str, over: Sweep, under: Sweep) -> Ratio:
    """Return what the one took for each call and second of the other."""
    return Ratio(
        what, over.reads / under.reads, over.seconds / under.seconds, at_least=not over.done
    )


def ratios(sweeps: Sequence[Sweep]) -> dict[Place, list[Ratio]]:
    """Return, for each place, the others over ours, and ours over the bare reads."""
    found = {}
    for place in sorted({each.place for each in sweeps}):
        there = {each.contestant: each for each in sweeps if each.place == place}
        ours = there.pop(OURS, None)
        if ours is None:
            continue
        bulk = there.pop(BULK, None)
        found[place] = [ratio(f"{name} / {OURS}", each, ours) for name, each in there.items()]
        found[place] += [ratio(f"{OURS} / {BULK}", ours, bulk)] if bulk else []
    return found


def expectations(sweeps: Sequence[Sweep]) -> list[Expectation]:
    """Say what is expected of 1,000 users without a throttle, and of who writes again."""
    there = {each.contestant: each for each in sweeps if each.place == (1000, False, True)}
    found = []
    if ours := there.get(OURS):
        if other := there.get(CUSTODIAN):
            against = ratio(CUSTODIAN, other, ours)
            found.append(_at_least("reads of Cloud Custodian over ours", 50, against.reads))
            found.append(_at_least("time of Cloud Custodian over ours", 40, against.seconds))
        if bare := there.get(BULK):
            times = ratio(BULK, ours, bare).seconds
            what = "our time over the bare bulk reads'"
            found.append(Expectation(what, "at most 1.3", f"{times:.2f}", times <= 1.3))  # noqa: PLR2004
    found += [_bound_by_writes(each) for each in sweeps if _is_first_of_ours(each)]
    found += [_quiet(each) for each in sweeps if each.again and _is_to_tell(each)]
    found += [_complete(each) for each in sweeps if not each.again and each.contestant == OURS]
    return found


def _at_least(what: str, least: float, found: float) -> Expectation:
    return Expectation(what, f"at least {least:g}", f"{found:.0f}", found >= least)


def _is_first_of_ours(sweep: Sweep) -> bool:
    return sweep.contestant == OURS and sweep.place == (1000, False, False)


def _bound_by_writes(sweep: Sweep) -> Expectation:
    """Expect that a first sweep takes hardly longer than its writes do at the pace they keep."""
    paced = sweep.writes / WRITES_PER_SECOND
    what = "our first sweep's time over its writes' at their pace"
    times = sweep.seconds / paced if paced else math.inf
    return Expectation(what, "at most 1.2", f"{times:.2f}", times <= 1.2)  # noqa: PLR2004


def _is_to_tell(sweep: Sweep) -> bool:
    return sweep.contestant == OURS or sweep.attached > 0


def _quiet(sweep: Sweep) -> Expectation:
    what = f"attachments by {sweep.contestant} in order, {place_name(sweep.place)}"
    return Expectation(what, "0", f"{sweep.attached:,}", not sweep.attached)


def _complete(sweep: Sweep) -> Expectation:
    what = f"unguarded after {sweep.contestant}, {place_name(sweep.place)}"
    return Expectation(what, "0", f"{sweep.left:,}", not sweep.left)


def place_name(place: Place) -> str:
    """Return a place for people."""
    users, throttled, again = place
    return f"{users:,} users{', throttled' if throttled else ''}, {sweep_name(again=again)}"


def sweep_name(*, again: bool) -> str:
    """Return which sweep it is, for people."""
    return "nothing to do" if again else "first sweep"


def stored(path: Path) -> list[Sweep]:
    """Read the sweeps that a bench has stored."""
    found: list[dict[str, Any]] = json.loads(path.read_text())["sweeps"]
    return [Sweep(**each) for each in found]


def as_figures(sweeps: Iterable[Sweep]) -> list[dict[str, Any]]:
    """Return sweeps as they are stored."""
    return [asdict(each) for each in sweeps]


def _kind(name: str) -> str:
    service, _, operation = name.partition(":")
    if service != "iam":
        return "other"
    return "write" if is_write(operation) else "read"
