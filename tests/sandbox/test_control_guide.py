"""What docs/sandbox.md tells one to type, typed."""

from __future__ import annotations

import http.client
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sandbox import Control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

_GUIDE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
_SECTION = _GUIDE.split("## Testing your own reactor")[1].split("\n## ")[0]
_CURL = re.compile(r"curl -d '(\{.*\})' \$URL(/_sandbox/\w+)")


@pytest.fixture
def account(bare: Sandbox) -> Iterator[Sandbox]:
    """An account; afterwards nothing is wrong with it."""
    yield bare
    bare.control.set_latency(0)
    bare.control.set_throttle(None)
    bare.control.set_failures(0)
    bare.control.set_staleness(0)
    bare.control.set_page_size(None)


def test_each_line_of_the_guide_works(account: Sandbox) -> None:
    """The block in Python, as it stands there."""
    block = next(part for part in _SECTION.split("\n\n") if "control =" in part)
    exec(textwrap.dedent(block), {"sandbox": account})  # noqa: S102 - our own document


@pytest.mark.parametrize(("body", "path"), _CURL.findall(_SECTION))
def test_each_command_of_the_guide_is_taken(account: Sandbox, body: str, path: str) -> None:
    """As curl sends it: a form's content type, whatever the body is."""
    connection = http.client.HTTPConnection(urlsplit(account.url).netloc)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"null")
    connection.close()


def test_every_command_is_in_the_table() -> None:
    """And nothing else is."""
    table = _GUIDE.split("## Control")[1].split("`Sandbox.start(trail=False)`")[0]
    rows = re.findall(r"^\| (`.*`) \|", table, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == {name for name in vars(Control) if not name.startswith("_")}


def test_the_guide_switches_the_same_from_both() -> None:
    """What Python shows, curl shows."""
    by_curl = {path.rsplit("/", 1)[1] for _, path in _CURL.findall(_SECTION)}
    assert by_curl == set(re.findall(r"control\.(set_\w+)", _SECTION))
