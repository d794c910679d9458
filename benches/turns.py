"""Measuring sweeps of one account: each contestant in its turn, from its calls to its figures."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benches.accounts import Account
from benches.contestants.contestant import Contestant, Ran
from benches.sweeps import Sweep

LATENCY_MS = 20
CALLS_PER_SECOND = 20
BURST = 40
QUICK_SECONDS = 10  # a sweep of less is repeated
REPEATS = 5
_READS_ABOUT_ONE = "iam:ListMFADevices"  # of those who ask per user


@dataclass(frozen=True, slots=True)
class Bench:
    """The account, and all that is measured on it."""

    account: Account
    guard_arn: str
    contestants: Sequence[Contestant]
    limit_seconds: float

    def measure(self, *, throttled: bool) -> Iterator[Sweep]:
        """Have everybody sweep the account, in the first place and once more."""
        for contestant in self.contestants:
            if contestant.writes:
                self.account.release(self.guard_arn)
                yield self._sweep(contestant, throttled=throttled, again=False)
        self.account.guard(self.guard_arn)  # what a sweep that was ended has left
        yield from self._with_nothing_to_do(throttled=throttled)

    def _with_nothing_to_do(self, *, throttled: bool) -> Iterator[Sweep]:
        """Have everybody sweep an account in order; the quick ones some times, in turns.

        In turns, so that whatever else the machine does is in the one's figures as in the other's.
        """
        rounds = [self._round(self.contestants, throttled=throttled)]
        quick = [each for each in self.contestants if rounds[0][each.name].seconds < QUICK_SECONDS]
        rounds += [self._round(quick, throttled=throttled) for _ in range(REPEATS - 1)]
        for contestant in self.contestants:
            sweeps = [each[contestant.name] for each in rounds if contestant.name in each]
            median = statistics.median(each.seconds for each in sweeps)
            yield replace(sweeps[-1], seconds=median, runs=len(sweeps))

    def _round(self, contestants: Sequence[Contestant], *, throttled: bool) -> dict[str, Sweep]:
        return {
            each.name: self._sweep(each, throttled=throttled, again=True) for each in contestants
        }

    def _sweep(self, contestant: Contestant, *, throttled: bool, again: bool) -> Sweep:
        control = self.account.sandbox.control
        control.clear_calls()
        control.set_latency(LATENCY_MS)
        if throttled:
            control.set_throttle(CALLS_PER_SECOND, BURST)
        try:
            ran = contestant.sweep(self.limit_seconds)
        finally:
            control.set_throttle(None)
            control.set_latency(0)
        calls = [
            each
            for each in control.calls()
            if contestant.made(each) and each["started"] >= (ran.began or 0)
        ]
        left = self.account.must_carry() - self.account.guarded(self.guard_arn)
        return Sweep(
            contestant=contestant.name,
            users=self.account.users,
            throttled=throttled,
            again=again,
            calls=dict(sorted(Counter(_operation(each) for each in calls).items())),
            throttles=sum(each["error"] == "Throttling" for each in calls),
            seconds=_seconds(ran, calls),
            peak_megabytes=ran.peak_megabytes,
            looked_at=self.account.users if ran.done else _answered(calls, _READS_ABOUT_ONE),
            attached=_answered(calls, "iam:AttachUserPolicy"),
            left=len(left) if contestant.writes else 0,
            done=ran.done,
            parts=ran.parts,
            failed=ran.failed,
            why=ran.why,
        )


def _operation(call: Mapping[str, Any]) -> str:
    return f"{call['service']}:{call['action']}"


def _answered(calls: Sequence[Mapping[str, Any]], operation: str) -> int:
    return sum(each["error"] is None and _operation(each) == operation for each in calls)


def _seconds(ran: Ran, calls: Sequence[Mapping[str, Any]]) -> float:
    """Return how long a sweep took, by its own log or by its calls. Without any it has failed."""
    if not calls:
        raise RuntimeError(f"it made no call: {ran.why}")
    began = min(each["started"] for each in calls) if ran.began is None else ran.began
    ended = max(each["ended"] for each in calls) if ran.ended is None else ran.ended
    return float(ended - began)
