"""The roles' policies as files: `.chalice/policy-STAGE-FUNCTION.json`.

`mfa-reactor roles --write` writes them from each stage's settings; a deployment with others is
refused.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reactor.errors import SettingError
from reactor.functions import functions_of
from reactor.names import Function
from reactor.roles.policies import policy
from reactor.settings import PREFIX, Settings


def policy_files(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and content of each policy file that a `.chalice/config.json` calls for.

    Raises SettingError when a stage's settings are wrong; the line names the stage.
    """
    for stage, function in _functions(config):
        document = policy(function, stage, settings_of(config, stage, function))
        yield f"policy-{stage}-{function}.json", json.dumps(document, indent=2) + "\n"


def settings_of(config: Mapping[str, Any], stage: str, function: str) -> Settings:
    """Return the settings that a function of a stage gets from a `.chalice/config.json`.

    Raises SettingError when they are wrong; the line names the stage.
    """
    try:
        return Settings.from_environment(variables_of(config, stage, function))
    except SettingError as error:
        raise SettingError(f"stage {stage}: {error}") from None


def variables_of(config: Mapping[str, Any], stage: str, function: str) -> dict[str, str]:
    """Return a function's REACTOR_ variables, merged in Chalice's order."""
    entries = config["stages"][stage]
    own = (entries.get("lambda_functions") or {}).get(function) or {}
    merged: dict[str, Any] = {}
    for level in (config, entries, own):
        merged |= level.get("environment_variables") or {}
    return {name: str(value) for name, value in merged.items() if name.startswith(PREFIX)}


def stale_files(directory: Path) -> list[str]:
    """Return the policy files in a `.chalice` directory that do not fit its config.json."""
    config = json.loads((directory / "config.json").read_text())
    _refuse_other_files(config)
    wanted = dict(policy_files(config))
    return [name for name, text in wanted.items() if _content(directory / name) != text]


def write_files(directory: Path) -> list[str]:
    """Write the policy files that do not fit; return their names."""
    wanted = dict(policy_files(json.loads((directory / "config.json").read_text())))
    stale = stale_files(directory)
    for name in stale:
        (directory / name).write_text(wanted[name])
    return stale


def _functions(config: Mapping[str, Any]) -> Iterator[tuple[str, Function]]:
    """Yield the functions of each stage."""
    for stage in config["stages"]:
        for function in functions_of(settings_of(config, stage, "")):
            yield stage, function


def _refuse_other_files(config: Mapping[str, Any]) -> None:
    """Refuse a stage whose functions take another policy than the one made for them."""
    for stage, function in _functions(config):
        own = (config["stages"][stage].get("lambda_functions") or {}).get(function) or {}
        wanted = f"policy-{stage}-{function}.json"
        if own.get("iam_policy_file") != wanted:
            raise SettingError(
                f"stage {stage}: in .chalice/config.json, lambda_functions.{function} has"
                f" iam_policy_file {own.get('iam_policy_file')!r}: it takes {wanted!r}"
            )


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
