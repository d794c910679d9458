"""What people give the commands: files, standard input, and their consent."""

import json
import sys
from pathlib import Path

import typer

STDIN = "-"


class WrongUse(Exception):  # noqa: N818 - what the person did, not what broke
    """The command was called in a way that cannot work; `str(error)` is one line."""


def read_text(path: str) -> str:
    """Return the text of a file, or of standard input for `-`.

    Raises WrongUse, with the file's name, when it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
        return data.decode("utf-8-sig")  # Windows editors put a byte order mark first
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise WrongUse(f"{label(path)}: not UTF-8 text: {error}") from None


def read_json(path: str) -> object:
    """Return the JSON document of a file or of standard input. Raises WrongUse as `read_text`."""
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{label(path)}: not JSON: {error}") from None


def label(path: str) -> str:
    """Return how messages call an input."""
    return "standard input" if path == STDIN else path


def require_consent_possible(*, yes: bool) -> None:
    """Refuse to go on where nobody can be asked. Raises WrongUse."""
    if not yes and not sys.stdin.isatty():
        raise WrongUse("nothing was changed: there is no terminal to ask on; --yes does it unasked")


def ask(question: str, *, yes: bool) -> None:
    """Ask on the terminal, unless `yes`; end the command with status 1 when the answer is no."""
    require_consent_possible(yes=yes)
    if not yes and not typer.confirm(question, err=True):
        typer.echo("nothing was changed", err=True)
        raise typer.Exit(1)
