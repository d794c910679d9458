"""A step: who does what, with which commands, and in which case."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Who(StrEnum):
    """Who does a step: the administrator, who must have signed in with MFA, or the user."""

    ADMINISTRATOR = "administrator"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: by whom, what, with which commands; `case` says when, if not always."""

    who: Who
    what: str
    commands: tuple[str, ...] = ()
    case: str = ""


Steps = tuple[Step, ...]

# Two codes that a device shows one after the other, as options.
CODES: dict[str, str | bool] = {"authentication_code1": "CODE1", "authentication_code2": "CODE2"}


def you(what: str, *commands: str) -> Step:
    """Return a step of the administrator, who reads it."""
    return Step(Who.ADMINISTRATOR, what, commands)


def user(what: str, *commands: str) -> Step:
    """Return a step of the user."""
    return Step(Who.USER, what, commands)


def in_case(case: str, steps: Iterable[Step]) -> Steps:
    """Return steps as those of one case."""
    return tuple(replace(step, case=case) for step in steps)


def command(words: str, *arguments: str, **options: str | bool) -> str:
    """Return a shell's command line: `user_name="x"` is --user-name x, True an option alone.

    Names may begin with a dash: neither an option's value nor an argument is taken for an option.
    """
    parts: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            parts += [option] if value else []
        else:
            parts += [f"{option}={value}"] if value.startswith("-") else [option, value]
    if any(each.startswith("-") for each in arguments):
        return shlex.join([*words.split(), *parts, "--", *arguments])
    return shlex.join([*words.split(), *arguments, *parts])
