"""`roles`: what each function may do, why, and the policy files that say so to AWS."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from reactor.cli import output
from reactor.cli.operator import CHALICE_DIRECTORY, chalice_config
from reactor.functions import functions_of
from reactor.names import Function
from reactor.partitions import partition_of
from reactor.roles.files import settings_of, stale_files, write_files
from reactor.roles.policies import statements
from reactor.roles.statement import Statement
from reactor.settings import Mode, Settings, variable

EXAMPLES = """\
Examples:
  mfa-reactor roles                  what may each function do, and why?
  mfa-reactor roles --write          after a change of .chalice/config.json

Exit status: 1 when a policy file does not fit and --write is not given.
"""
_PLACEHOLDER = "STAGE"
_MARKDOWN_HEADING = """\
# Roles: default settings, enforce mode

What each function may do with the default settings and `REACTOR_MODE=enforce`, the widest that
the defaults give. In `observe` mode no role can change anything. `notify` is there where a channel
is set, and is shown with all of them; the others may then invoke it. Where `REACTOR_BUCKETS` is
true, `compliance` may besides do what `buckets` may. Made by `mfa-reactor roles --markdown`;
`mfa-reactor roles` prints those of your own stages."""
# Every channel, for a function that is not there without one.
_CHANNELS = {
    variable("slack_webhook"): "ssm:/mfa/slack",
    variable("notice_topic"): f"arn:{partition_of('us-east-1')}:sns:us-east-1:123456789012:mfa",
    variable("notice_bus"): "default",
    variable("security_hub"): "true",
}
_HEADINGS = ("Statement", "Actions", "Resources", "Why the wildcards")
_WORDS = {
    Function.REACT: "reacts to what takes the guard or a device off, and to new users",
    Function.REVIEW: "reacts to what merely might matter",
    Function.WATCH: "raises alarms",
    Function.SWEEP: "looks at every user, and at the reactor itself",
    Function.KEEPER: "keeps the guard",
    Function.BUCKETS: "sets public buckets to private, where REACTOR_BUCKETS is true",
    Function.CONFIG: "evaluates users for a rule of AWS Config",
    Function.COMPLIANCE: "acts on notices of rules of AWS Config, where REACTOR_CONFIG_RULES names"
    " some",
    Function.NOTIFY: "tells people and tools, where a channel is set",
}


def roles(
    write: Annotated[
        bool,
        typer.Option(
            "--write", metavar="", help="Write the policy files that do not fit, and say which."
        ),
    ] = False,
    directory: Annotated[
        Path, typer.Option(metavar="DIRECTORY", help="Where config.json is.")
    ] = CHALICE_DIRECTORY,
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown",
            metavar="",
            help="Print the widest default roles as Markdown, and no more.",
        ),
    ] = False,
) -> None:
    """Print what the functions' roles may do, with the reason for each wildcard.

    Says which of the policy files do not fit the settings in config.json.
    """
    if markdown:
        output.put(markdown_page())
        return
    config = chalice_config(directory)
    if write:
        written = write_files(directory)
        output.put(f"written: {', '.join(written)}" if written else "the policy files fit")
        return
    # First, because it names the stage whose settings are wrong.
    stale = stale_files(directory)
    for stage in config["stages"]:
        for function in functions_of(settings_of(config, stage, "")):
            _put(function, stage, settings_of(config, stage, function))
    _end(stale)


def markdown_page() -> str:
    """Return the roles under the default settings in enforce mode, for docs/roles.md."""
    mode = {variable("mode"): Mode.ENFORCE.value}
    parts = [_MARKDOWN_HEADING]
    for function in Function:
        wanted = _CHANNELS if function is Function.NOTIFY else {}
        settings = Settings.from_environment({**mode, **wanted})
        parts.append(f"## {function}: {_WORDS[Function(function)]}")
        parts.append(_markdown_table(statements(function, _PLACEHOLDER, settings)))
    return "\n\n".join(parts)


def _end(stale: list[str]) -> None:
    if stale:
        output.say(f"mfa-reactor: stale: {', '.join(stale)}; mfa-reactor roles --write renews them")
        raise typer.Exit(1)
    output.put("the policy files fit the settings")


def _put(function: str, stage: str, settings: Settings) -> None:
    rows = [
        (
            "\n  ".join([each.sid, *_actions(each)]),
            "\n".join([*_resources(each), f"({each.reason})"]),
        )
        for each in statements(function, stage, settings)
    ]
    title = f"{stage}-{function} ({settings.mode}): {_WORDS[Function(function)]}"
    actions, resources = "Actions", "Resources (why the wildcards)"
    output.put_table(
        (actions, resources), rows, title=title, whole=frozenset({actions}), lines=True
    )


def _actions(statement: Statement) -> list[str]:
    return sorted(statement.actions)


def _resources(statement: Statement) -> list[str]:
    return [*sorted(statement.resources), *_conditions(statement)]


def _conditions(statement: Statement) -> Iterable[str]:
    condition: Any = statement.condition or {}
    for operator, keys in condition.items():
        for key, value in keys.items():
            yield f"if {operator} {key} {value}"


def _markdown_table(rows: Iterable[Statement]) -> str:
    lines = [f"| {' | '.join(_HEADINGS)} |", f"|{'---|' * len(_HEADINGS)}"]
    for each in rows:
        cells = (each.sid, _code(_actions(each)), _code(_resources(each)), each.reason)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(items: Iterable[str]) -> str:
    return "<br>".join(f"`{item}`" for item in items)
