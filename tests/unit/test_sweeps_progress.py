"""reactor.sweeps.progress: what travels from part to part, and what is believed of it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reactor.errors import Permanent, Transient
from reactor.reconcile import Run, Settled
from reactor.sweeps.counts import WAYS, Counts
from reactor.sweeps.progress import MOST, Progress
from reactor.users.bulk import SoFar
from tests.fakes.clock import START
from tests.fakes.parts import changed, everybody, failing, id_for, observed, out_of_time, settled

MOST_USERS = 5000  # IAM's quota an account
PAYLOAD_BYTES = 256 * 1024  # Lambda's limit of an asynchronous invocation's payload
TRANSIENT = Transient("throttled", remedy="wait")
PERMANENT = Permanent("a quota is in the way", remedy="have it raised")
BEGUN = Progress("request-1", START, scheduled=True)


def counted() -> Counts:
    """Return the counts of a sweep that has done something."""
    counts = Counts(users=7, exempt=1, compliant=2, remediated=3, failed=0, open=1, drift=2)
    counts.took({"iam:GetUser": 4, "iam:AttachUserPolicy": 3}, {"iam:GetUser": 1})
    return counts


def travelled(progress: Progress) -> Progress | None:
    """Return a progress as the next invocation understands it."""
    return Progress.of(json.loads(json.dumps(progress.payload("run-1"))), START)


def forged(**members: Any) -> Any:
    """Return a payload with these members in place of the true ones."""
    payload = BEGUN.payload("run-1")
    return {**payload, "continues": {**payload["continues"], **members}}


class TestTravel:
    """From one invocation of the function to the next."""

    @pytest.mark.parametrize(
        "progress",
        [
            pytest.param(BEGUN, id="just begun"),
            pytest.param(
                Progress(
                    "2026-03-01T12:00:00+00:00",
                    START + timedelta(microseconds=5),
                    scheduled=False,
                    part=4,
                    hops=2,
                    spent=17,
                    again=True,
                    known=SoFar(
                        frozenset({"AIDA1", "AIDA2"}), frozenset({"AIDA3"}), frozenset({"AIDA4"})
                    ),
                    counts=counted(),
                ),
                id="far on",
            ),
        ],
    )
    def test_round_trip(self, progress: Progress) -> None:
        """The next invocation knows all that this one knew, and that it is one more."""
        assert travelled(progress) == replace(progress, hops=progress.hops + 1)

    def test_unknown_drift_stays_unknown(self) -> None:
        """None is not 0."""
        arrived = travelled(BEGUN)
        assert arrived is not None
        assert arrived.counts.drift is None

    def test_payload_says_who_asked(self) -> None:
        """The next run's records name the run that handed it on."""
        assert BEGUN.payload("run-1")["asked_by"] == "run-1"

    @pytest.mark.parametrize("known", ["done", "lacking", "half of each"])
    def test_fits_into_a_payload(self, known: str) -> None:
        """The largest account's progress, with all operations counted, is within Lambda's limit."""
        ids = [f"AIDA{number:017}" for number in range(MOST_USERS)]
        share = {"done": MOST_USERS, "lacking": 0, "half of each": MOST_USERS // 2}[known]
        counts = counted()
        counts.took({f"iam:AnOperationOfThisLength{n}": 10_000 for n in range(40)}, {})
        full = replace(
            BEGUN, known=SoFar(frozenset(ids[:share]), frozenset(ids[share:])), counts=counts
        )
        text = json.dumps(full.payload("a" * 64), separators=(",", ":"))
        assert MOST_USERS * 21 < len(text) < PAYLOAD_BYTES


class TestAfter:
    """What a part has found out."""

    @staticmethod
    def after(*settled_ones: Settled, spent: int = 0, before: Progress = BEGUN) -> Progress:
        """Return the progress after a part that settled these."""
        return before.after(Run(list(settled_ones), spent))

    @pytest.mark.parametrize(
        ("each", "known"),
        [
            pytest.param(settled("a"), "done", id="in order"),
            pytest.param(changed("a"), "done", id="changed"),
            pytest.param(observed("a"), "done", id="would be changed"),
            pytest.param(settled("a", "must-carry-guard", held_back=True), "done", id="held back"),
            pytest.param(failing("a", PERMANENT), "done", id="failed for good"),
            pytest.param(failing("a", TRANSIENT), None, id="failed, perhaps not again"),
            pytest.param(settled("a", "not-read", seen_error=TRANSIENT), None, id="not read"),
            pytest.param(out_of_time("a"), None, id="no time to ask"),
            pytest.param(out_of_time("a", lacks=True), "lacking", id="no time to change"),
            pytest.param(
                out_of_time("a", lacks=True, has_password=True),
                "lacking",
                id="no time to change who has a password",
            ),
            pytest.param(
                out_of_time("a", lacks=True, has_password=False),
                "passwordless",
                id="no time to change who has no password",
            ),
        ],
    )
    def test_who_is_done(self, each: Settled, known: str | None) -> None:
        """Whoever another look cannot help is done; whoever was asked need not be asked again."""
        expected = SoFar() if known is None else SoFar(**{known: frozenset({id_for("a")})})
        assert self.after(each).known == expected

    def test_it_adds_up(self) -> None:
        """Who is done stays done, places spent stay spent, and who is changed lacks no more."""
        first = self.after(settled("a"), out_of_time("b", lacks=True), spent=2)
        second = self.after(changed("b"), out_of_time("c", lacks=True), spent=1, before=first)
        assert second == replace(
            BEGUN,
            part=3,
            spent=3,
            known=SoFar(frozenset({id_for("a"), id_for("b")}), frozenset({id_for("c")})),
        )

    def test_what_stands_for_everybody_is_no_progress(self) -> None:
        """When the users could not be read, nobody is done."""
        assert self.after(everybody(TRANSIENT)).known == SoFar()


class TestForged:
    """Whoever may invoke the function may say anything."""

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(None, id="nothing"),
            pytest.param("continues", id="a text"),
            pytest.param([{}], id="a list"),
            pytest.param({}, id="the schedule's"),
            pytest.param({"continues": None}, id="nothing continues"),
            pytest.param({"continues": [1]}, id="a list continues"),
            pytest.param(forged(sweep=None), id="no name"),
            pytest.param(forged(sweep={"a": 1}), id="a name of another type"),
            pytest.param(forged(began=None), id="no beginning"),
            pytest.param(forged(began="yesterday"), id="no time"),
            pytest.param(forged(began="2026-03-01T12:00:00"), id="a time of no zone"),
            pytest.param(forged(began=1772366400), id="a number for a time"),
        ],
    )
    def test_no_progress(self, payload: object) -> None:
        """What does not say which sweep goes on, and since when, is none: a new one begins."""
        assert Progress.of(payload, START) is None

    @pytest.mark.parametrize("number", [-1, -(10**30), True, False, None, 1.5, "7", [7], {"a": 7}])
    def test_numbers_that_are_none(self, number: object) -> None:
        """A number that is none, or below nought, is nought: no place of the brake comes back."""
        arrived = Progress.of(
            forged(
                part=number,
                hops=number,
                spent=number,
                counts={**dict.fromkeys(WAYS, number), "drift": number, "calls": {"x": number}},
            ),
            START,
        )
        assert arrived is not None
        assert (arrived.part, arrived.hops, arrived.spent) == (1, 0, 0)
        assert {getattr(arrived.counts, way) for way in WAYS} == {0}
        assert arrived.counts.drift == (None if number is None else 0)
        assert not +arrived.counts.calls

    def test_huge_numbers(self) -> None:
        """No number is too large for a metric, or for the next payload."""
        huge = 10**400
        arrived = Progress.of(
            forged(part=huge, spent=huge, counts={"users": huge, "drift": huge}), START
        )
        assert arrived is not None
        assert arrived.counts.drift is not None
        assert float(arrived.counts.drift) == arrived.counts.users == arrived.spent == MOST

    @pytest.mark.parametrize("said", [1, "true", "yes", None, [True]])
    def test_only_true_is_true(self, said: object) -> None:
        """A sweep is the schedule's, and looks a second time, only where it says just that."""
        arrived = Progress.of(forged(scheduled=said, again=said), START)
        assert arrived is not None
        assert (arrived.scheduled, arrived.again) == (False, False)

    @pytest.mark.parametrize("names", [None, "AIDA", 5, {"AIDA1": 1}])
    def test_names_that_are_no_list(self, names: object) -> None:
        """Who is done must be listed; anything else is nobody."""
        arrived = Progress.of(forged(done=names, lacking=names, passwordless=names), START)
        assert arrived is not None
        assert arrived.known == SoFar()

    def test_nested_names(self) -> None:
        """What is listed and no name is nobody's."""
        arrived = Progress.of(forged(done=[["a"], {"b": []}, None, 5]), START)
        assert arrived is not None
        assert arrived.known == SoFar()

    def test_a_long_name_is_cut(self) -> None:
        """The name is repeated in each record."""
        arrived = Progress.of(forged(sweep="x" * 10_000), START)
        assert arrived is not None
        assert len(arrived.sweep) <= 64
