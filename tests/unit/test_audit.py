"""reactor.audit: the shape of a record, and that it is written whatever the log level."""

import json
import logging
import os
import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reactor.audit import NAMES_A_RECORD, audit_level, settled_record
from reactor.errors import Permanent, Transient, as_ours
from reactor.reconcile import Settled
from reactor.settings import Mode
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START
from tests.fakes.events import about_device, about_root, about_user, removed
from tests.fakes.harness import Harness, settings
from tests.fakes.ledger import Ledger
from tests.fakes.parts import settled

ROOT = Path(__file__).parents[2]
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
LEVELS = {
    "": "INFO",
    "TRACE": "INFO",
    "DEBUG": "INFO",
    "INFO": "INFO",
    "WARN": "WARNING",
    "ERROR": "ERROR",
    "FATAL": "CRITICAL",
}


def prepared(**chosen: str) -> Harness:
    """Return an account with the guard and alice, 7.5 s after the event."""
    harness = Harness(settings(**chosen))
    harness.account.put_policy()
    harness.account.put_user(
        "alice", password=True, tags=(("team", "a"),), devices=(Device(SERIAL, START),)
    )
    harness.clock.advance(7.5)
    return harness


def record(settled: Settled) -> dict[str, Any]:
    """Return a record as it is read from the log: JSON and back."""
    return dict(json.loads(json.dumps(settled_record(settled, Mode.ENFORCE))))


def test_whole_record() -> None:
    """A record says who caused it, what was read, which rule decided, what was done, how fast."""
    harness = prepared(scope="without-mfa")
    received_at = START + timedelta(seconds=7)
    cause = about_user("ALICE", removed(SERIAL), received_at=received_at)
    (settled,) = harness.react(cause).settled
    assert record(settled) == {
        "schema": "mfa-reactor/audit/1",
        "trigger": {
            "kind": "iam-event",
            "event": {
                "id": "event-1",
                "name": "DetachUserPolicy",
                "time": "2026-03-01T12:00:00+00:00",
                "caller": "arn:aws:iam::1:role/admin",
                "source_address": "203.0.113.7",
            },
        },
        "account": ACCOUNT,
        "asked": None,
        "subject": {"kind": "user", "account": ACCOUNT, "name": "alice"},
        "verdict": {
            "compliance": "NON_COMPLIANT",
            "rule": "must-carry-guard",
            "reasons": ["its MFA device was removed, by an event that IAM does not show yet"],
        },
        "read": {
            "operations": [
                "iam:GetGroup",
                "iam:GetLoginProfile",
                "iam:GetPolicy",
                "iam:GetUser",
                "iam:ListAccessKeys",
                "iam:ListAttachedUserPolicies",
                "iam:ListEntitiesForPolicy",
                "iam:ListGroupsForUser",
                "iam:ListMFADevices",
                "iam:ListSSHPublicKeys",
                "iam:ListServiceSpecificCredentials",
                "iam:ListSigningCertificates",
            ],
            "facts": {
                "presence": "exists",
                "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
                "tags": {"team": "a"},
                "groups": [],
                "guard": {
                    "arn": f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard",
                    "standing": "ours",
                    "attached": False,
                    "groups": [],
                },
                "devices": [{"serial": SERIAL, "enabled_at": "2026-03-01T12:00:00+00:00"}],
                "password": True,
                "credentials": True,
            },
        },
        "actions": [
            {
                "action": "attach-guard",
                "on": {
                    "user": "alice",
                    "policy": f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard",
                },
                "outcome": "done",
                "why": "",
            }
        ],
        "errors": [],
        "try_again": True,
        "mode": "enforce",
        "milliseconds": {"since_event": 7500, "since_receipt": 500},
    }


def test_record_of_a_sweep() -> None:
    """A sweep's record has no event and says that every user was asked for."""
    (settled,) = prepared().sweep().settled
    found = record(settled)
    assert found["trigger"] == {"kind": "schedule", "event": None}
    assert found["asked"] == {"kind": "every-user", "account": ACCOUNT}
    assert found["milliseconds"] == {"since_event": None, "since_receipt": 7500}


def test_record_of_a_device() -> None:
    """A device's record is its user's, and says which device was asked for."""
    (settled,) = prepared().react(about_device(SERIAL)).settled
    found = record(settled)
    assert found["subject"]["name"] == "alice"
    assert found["asked"] == {"kind": "mfa-serial", "account": ACCOUNT, "serial": SERIAL}


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        pytest.param(Transient("x\n" * 400, remedy="wait"), "transient", True, id="transient"),
        pytest.param(Permanent("x\n" * 400, remedy="wait"), "permanent", False, id="permanent"),
    ],
)
def test_record_of_an_error(error: Transient | Permanent, kind: str, *, again: bool) -> None:
    """An error is cut short, keeps its remedy, and says whether it is tried again."""
    harness = prepared()
    harness.iam.fail("groups_of", error=error)
    (settled,) = harness.react(about_user("alice")).settled
    found = record(settled)
    assert found["read"]["facts"] is None
    (told,) = found["errors"]
    assert (told["kind"], told["remedy"], len(told["what"])) == (kind, "wait", 300)
    assert found["try_again"] is again
    assert found["verdict"]["compliance"] == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    "cause", [pytest.param(about_root(), id="root"), pytest.param(about_user("x"), id="gone")]
)
def test_facts_of_who_is_no_user(cause: Any) -> None:
    """Of root, and of a user who is gone, only that is known."""
    (settled,) = prepared().react(cause).settled
    assert list(record(settled)["read"]["facts"]) == ["presence"]


def test_password_in_the_record() -> None:
    """Where the scope asks for it, the record says whether there is a password."""
    (settled,) = prepared(scope="console").react(about_user("alice")).settled
    assert record(settled)["read"]["facts"]["password"] is True


@pytest.mark.parametrize(("variable", "level"), LEVELS.items())
def test_level(variable: str, level: str) -> None:
    """Records go out at INFO, or at the lowest level that Lambda lets pass."""
    for text in (variable, variable.lower()):
        assert audit_level({"AWS_LAMBDA_LOG_LEVEL": text}) == getattr(logging, level)
    assert audit_level({}) == logging.INFO


@cache
def written(level: str, probe: str = "journal_probe") -> list[dict[str, Any]]:
    """Return the lines that a process with this log level writes on standard output."""
    environment = {**os.environ, "AWS_LAMBDA_LOG_LEVEL": level, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-W", "error", "-m", f"tests.unit.{probe}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("variable", "level"), LEVELS.items())
def test_lines_are_really_written(variable: str, level: str) -> None:
    """Whatever Lambda filters, records and alarms leave at a level that passes."""
    lines = [line for line in written(variable) if "schema" in line]
    assert [(line["schema"], line["level"]) for line in lines] == [
        ("mfa-reactor/audit/1", level),
        ("mfa-reactor/audit/1", level),
        ("mfa-reactor/alarm/1", level),
    ]


def test_reaction_line() -> None:
    """A line is the record, a sentence for people, and the run it belongs to."""
    line = written("")[0]
    assert line["message"] == ("alice: NON_COMPLIANT (must-carry-guard): attach-guard done")
    assert (line["service"], line["run"]) == ("mfa-reactor", "request-1")
    assert line["timestamp"].endswith("+0000")
    assert line["verdict"]["rule"] == "must-carry-guard"
    assert line["milliseconds"] == {"since_event": 7500, "since_receipt": 7500}


def test_ignored_line() -> None:
    """An ignored event is recorded with the reason, and has no subject."""
    line = written("")[1]
    assert line["message"] == "ignored: malformed: the event has no detail"
    assert line["ignored"] == "malformed: the event has no detail"
    assert "subject" not in line
    assert line["milliseconds"]["since_receipt"] == 7500


def test_alarm_line() -> None:
    """The brake's alarm says how many wait, whom for example, and what to do."""
    (line,) = [each for each in written("") if "alarm" in each]
    assert (line["alarm"], line["waiting"], line["brake"]) == ("brake", 1, 1)
    assert (line["sample"], line["run"]) == (["alice"], "request-2")
    assert "REACTOR_MAX_REMEDIATIONS" in line["remedy"]


def test_metrics_line() -> None:
    """Metrics leave once a run, in embedded metric format, with the seconds to the guard."""
    line, alarmed = [line for line in written("") if "_aws" in line]
    assert alarmed["Alarms"] == [1.0]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == (
        "MfaReactor",
        [["stage", "service"]],
    )
    units = {each["Name"]: each["Unit"] for each in directive["Metrics"]}
    assert {name: (line[name], unit) for name, unit in units.items()} == {
        "Reactions": ([1.0], "Count"),
        "NonCompliant": ([1.0], "Count"),
        "Remediated": ([1.0], "Count"),
        "Failed": ([0.0], "Count"),
        "Exempt": ([0.0], "Count"),
        "SecondsFromEventToGuard": ([7.5], "Seconds"),
    }
    assert (line["service"], line["stage"]) == ("mfa-reactor", "prod")


def test_what_nobody_foresaw_is_recorded_with_its_traceback() -> None:
    """A mistake of ours can be found from the record alone."""
    harness = prepared()

    def confused() -> str:
        raise LookupError("no such colour")

    try:
        confused()
    except LookupError as mistake:
        ours = as_ours(mistake)
    harness.iam.fail("groups_of", error=ours)
    (settled,) = harness.react(about_user("alice")).settled
    (told,) = record(settled)["errors"]
    assert told["what"] == "unexpected: LookupError: no such colour"
    assert "in confused" in told["traceback"]


class TestInOrder:
    """Users whom a sweep found in order: many to a record."""

    @staticmethod
    def records(ledger: Ledger) -> list[dict[str, Any]]:
        """Return the records of users in order."""
        return [each for each in ledger.records if each["schema"] == "mfa-reactor/in-order/1"]

    @pytest.mark.parametrize(
        ("number", "sizes"),
        [
            pytest.param(1, [], id="one"),
            pytest.param(NAMES_A_RECORD - 1, [], id="one less than a record takes"),
            pytest.param(NAMES_A_RECORD, [250], id="a record's full"),
            pytest.param(2 * NAMES_A_RECORD + 1, [250, 250], id="two records and one"),
        ],
    )
    def test_many_to_a_record(self, number: int, sizes: list[int]) -> None:
        """A record is written when it is full, and what is left when the run ends."""
        ledger = Ledger()
        for each in range(number):
            ledger.in_order(settled(f"user-{each}"))
        assert [len(each["users"]) for each in self.records(ledger)] == sizes
        ledger.flush()
        named = [name for each in self.records(ledger) for name in each["users"]]
        assert named == [f"user-{each}" for each in range(number)]
        ledger.flush()
        assert len(self.records(ledger)) == -(-number // NAMES_A_RECORD)

    def test_each_rule_has_a_record(self) -> None:
        """Users with the same verdict by the same rule share a record, whatever its reasons."""
        ledger = Ledger()
        for name, rule in ("a", "guarded"), ("b", "exempt"), ("c", "guarded"), ("d", "exempt"):
            ledger.in_order(settled(name, rule))
        ledger.flush()
        assert [(each["verdict"], each["users"]) for each in self.records(ledger)] == [
            ({"compliance": "COMPLIANT", "rule": "guarded"}, ["a", "c"]),
            ({"compliance": "NOT_APPLICABLE", "rule": "exempt"}, ["b", "d"]),
        ]

    def test_a_full_record_leaves_others_to_fill(self) -> None:
        """Few users of one kind are not scattered over as many records as there are of another."""
        ledger = Ledger()
        for each in range(NAMES_A_RECORD):
            ledger.in_order(settled(f"user-{each}", "guarded" if each else "exempt"))
        ledger.in_order(settled("last"))
        assert [each["verdict"]["rule"] for each in self.records(ledger)] == ["guarded"]

    def test_whole_record(self) -> None:
        """It says which run and part of which sweep, in which account, by which rule, whom."""
        ledger = Ledger(Mode.OBSERVE)
        ledger.begin("request-2", stage="prod", asked_by="request-1")
        ledger.part("sweep-1", 3)
        ledger.in_order(settled("a"))
        ledger.flush()
        assert self.records(ledger) == [
            {
                "run": "request-2",
                "asked_by": "request-1",
                "sweep": "sweep-1",
                "part": 3,
                "schema": "mfa-reactor/in-order/1",
                "trigger": {"kind": "schedule", "event": None},
                "account": ACCOUNT,
                "verdict": {"compliance": "COMPLIANT", "rule": "guarded"},
                "users": ["a"],
                "mode": "observe",
            }
        ]

    def test_largest_record(self) -> None:
        """A full record of the longest names is far below what a log event may have."""
        ledger = Ledger()
        for number in range(NAMES_A_RECORD):
            ledger.in_order(settled(f"{number:064}"))
        (full,) = self.records(ledger)
        assert 64 * NAMES_A_RECORD < len(json.dumps(full)) < 256 * 1024 / 4


def sweep_lines(schema: str) -> list[dict[str, Any]]:
    """Return the lines of a sweep in two parts (tests/unit/sweep_probe.py) with this schema."""
    return [each for each in written("", "sweep_probe") if each.get("schema") == schema]


class TestSweep:
    """The lines of a sweep, as they are read from the log."""

    def test_in_order_come_before_their_summary(self) -> None:
        """Each summary stands behind all that it sums up."""
        schemas = [each["schema"] for each in written("", "sweep_probe") if "schema" in each]
        assert [each.split("/")[1] for each in schemas] == [
            *("in-order", "audit", "audit"),
            *("in-order", "in-order", "in-order", "sweep"),
            *("in-order", "sweep"),
        ]

    def test_summary(self) -> None:
        """It has the numbers as they are, whether more follows, and a sentence for people."""
        first, second = sweep_lines("mfa-reactor/sweep/1")
        assert first["message"] == "sweep goes on: 266 users, 1 remediated"
        assert second["message"] == "sweep ended: 268 users, 1 remediated"
        assert (first["ended"], second["ended"]) == (False, True)
        assert (first["part"], second["part"]) == (1, 2)
        assert (first["sweep"], second["sweep"]) == ("sweep-1", "sweep-1")
        assert (first["run"], second["run"]) == ("request-1", "request-2")
        assert second["calls"] == {"iam:GetUser": 3}
        assert (second["throttled"], second["seconds"]) == ({}, 7.5)

    def test_drift_only_when_it_is_known(self) -> None:
        """A part that does not know it says nothing; only an ended sweep is a metric."""
        first, second = sweep_lines("mfa-reactor/sweep/1")
        assert "drift" not in first
        assert second["drift"] == 3
        assert metric("Drift") == [3.0]

    @pytest.mark.parametrize(
        ("name", "total"),
        [
            pytest.param("Reactions", 268, id="every user is a reaction"),
            pytest.param("Exempt", 5, id="the exempt, changed or not"),
            pytest.param("Remediated", 2, id="those who were changed"),
            pytest.param("NonCompliant", 1, id="those who were not in order"),
            pytest.param("Failed", 0, id="those who failed"),
            pytest.param("Sweeps", 1, id="a sweep, not its parts"),
        ],
    )
    def test_metrics_add_up(self, name: str, total: int) -> None:
        """Users in order are counted as if each had a record of its own."""
        assert sum(metric(name)) == total


def metric(name: str) -> list[float]:
    """Return a metric's values in the lines of the sweep."""
    lines = written("", "sweep_probe")
    return [value for line in lines if "_aws" in line for value in line.get(name, ())]
