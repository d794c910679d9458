"""How facts and steps are shown: foreign text safely, and what was not asked for not at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reactor.cli.rescue.advice import advise
from reactor.cli.rescue.show import document, put
from reactor.users.rescue import Use
from reactor.users.state import Device
from tests.fakes.clock import START
from tests.fakes.harness import settings
from tests.unit.rescued import APP, IDLE_KEY, KEY, NEW_PASSWORD, ORPHAN, PASSWORD, rescued

MUST_CHANGE = "; a new one must be set at the next sign-in"


def shown(capsys: pytest.CaptureFixture[str], **members: Any) -> str:
    """What a person sees of the facts, on a wide screen."""
    facts = rescued(settings(), **members)
    put(facts.name, facts.verdict, advise(facts, settings()), facts)
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize(
    ("members", "lines"),
    [
        pytest.param({}, ["Password  none", "Devices   none", "Keys      none"], id="nothing"),
        pytest.param(
            {"password": PASSWORD},
            ["Password  made 2026-01-30, never used"],
            id="a password that was never used",
        ),
        pytest.param(
            {"password": NEW_PASSWORD, "password_used_at": START},
            [
                f"Password  made 2026-01-30, last used 2026-03-01 12:00 UTC{MUST_CHANGE}",
            ],
            id="a password that must be changed",
        ),
        pytest.param(
            {"keys": (replace(KEY, used=Use(START, "s3", "eu-west-1")), IDLE_KEY)},
            [
                "Keys      AKIAIOSFODNN7EXAMPLE active, used 2026-03-01 12:00 UTC: s3, eu-west-1",
                "          AKIAI44QH8DHBEXAMPLE inactive, never used",
            ],
            id="two keys",
        ),
        pytest.param(
            {"devices": (APP,) * 8},
            [
                "Devices   authenticator app arn:aws:iam::123456789012:mfa/alice, since 2026-01-30",
                "          8, as many as there may be",
            ],
            id="as many devices as there may be",
        ),
        pytest.param(
            {"namesakes": (ORPHAN,)},
            ["Leftover  arn:aws:iam::123456789012:mfa/alice, assigned to nobody"],
            id="a leftover device",
        ),
        pytest.param(
            {"groups": ("staff", "dev"), "guarded_groups": frozenset({"dev"})},
            [
                "Guard     MfaReactorGuard, attached to the user and through its group dev",
                "Groups    2 of 10: staff, dev",
            ],
            id="guarded twice",
        ),
        pytest.param(
            {"policies": frozenset[str]()},
            ["Guard     MfaReactorGuard, which it does not carry", "Policies  0 of 10 attached"],
            id="not guarded",
        ),
    ],
)
def test_facts(
    capsys: pytest.CaptureFixture[str], members: dict[str, Any], lines: list[str]
) -> None:
    """Each is a line, or more below one another."""
    found = [line.rstrip() for line in shown(capsys, **members).splitlines()]
    assert [line for line in found if line in lines] == lines


def test_what_is_not_left_over_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    """In most cases there is nothing to say of it."""
    assert "Leftover" not in shown(capsys)


def test_foreign_text_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither by a terminal, nor read as markup, nor by the shell that a command is pasted into."""
    evil = Device("GAKT\x1b[31m[red]$(reboot)\nrm", START - timedelta(days=1))
    output = shown(capsys, name="a[red]b", devices=(evil,), groups=("[bold]x\x07",))
    assert not {"\x1b", "\x07"} & set(output)
    assert r"GAKT\x1b[31m[red]$(reboot)\nrm, since" in output
    assert r"[bold]x\x07" in output
    assert r"--serial-number 'GAKT\x1b[31m[red]$(reboot)\nrm'" in output


def test_the_document_has_all_of_it() -> None:
    """Times with their zone, kinds and words for scripts; nothing is shortened."""
    facts = rescued(
        settings(),
        password=NEW_PASSWORD,
        keys=(replace(KEY, used=Use(START, "s3", "eu-west-1")), IDLE_KEY),
        namesakes=(ORPHAN,),
    )
    advice = advise(facts, settings())
    found: Any = document("alice", facts.verdict, advice, facts=facts)
    assert found["facts"]["password"] == {
        "since": "2026-01-30T12:00:00+00:00",
        "must_change": True,
        "last_used": None,
    }
    used = {"at": "2026-03-01T12:00:00+00:00", "service": "s3", "region": "eu-west-1"}
    assert [each["last_used"] for each in found["facts"]["keys"]] == [used, None]
    assert found["facts"]["leftover_devices"] == ["arn:aws:iam::123456789012:mfa/alice"]
    assert found["steps"][0] == {
        "case": "",
        "who": "administrator",
        "what": advice.steps[0].what,
        "commands": ["mfa-reactor user alice --clear-orphan-device"],
    }
    assert len(found["steps"]) == len(advice.steps)
