"""The demo, as a person runs it: every step as told, and a failure when one is not."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from demo.stage import PROJECT
from demo.story import STORY, Step

# Both runs start processes enough for the machine: never at the same time.


def _run(*arguments: str, columns: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "demo", *arguments],
        cwd=PROJECT,
        env=os.environ | {"COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _row(step: Step, output: str) -> list[str]:
    """The first line of a step's row, in words; its mark first."""
    lines = [line for line in output.splitlines() if line[2:].startswith(step.what)]
    assert len(lines) == 1, f"{step.what}: {len(lines)} rows"
    return [lines[0][0], *lines[0][2 + len(step.what) :].split()]


def test_every_step_ends_as_told_and_the_audit_trail_is_read_back(tmp_path: Path) -> None:
    """The demo ends with 0, a row a step; what it shows can be drawn into a picture."""
    picture = tmp_path / "demo.svg"

    ran = _run("--svg", str(picture), columns=120)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    for step in STORY:
        mark, user, *rest = _row(step, ran.stdout)
        assert (mark, user) == ("✓", step.user)
        assert rest[0] == (step.expected.compliance or "nobody")
    assert f"{len(STORY)} of {len(STORY)} steps as expected" in ran.stdout
    assert "$ aws logs filter-log-events" in ran.stdout
    assert '"schema": "mfa-reactor/audit/1"' in ran.stdout
    ET.parse(picture)  # noqa: S314 - our own
    assert "url(" not in picture.read_text().replace("url(#", "")


def test_a_reactor_that_does_not_act_fails_the_demo() -> None:
    """Told to observe, it puts no guard on: each step that needs one is marked, and 1 returned."""
    ran = _run("--mode", "observe", columns=80)

    assert ran.returncode == 1, ran.stdout + ran.stderr
    marks = [line[0] for line in ran.stdout.splitlines() if line[:2] in {"✓ ", "✗ "}]
    shown = marks[-len(STORY) :]
    assert shown == ["✗" if step.expected.guarded else "✓" for step in STORY]
    assert "expected NON_COMPLIANT (must-carry-guard): attach-guard done; guard on" in ran.stdout
    assert "The end of /aws/lambda/mfa-reactor-prod-react:" in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80
