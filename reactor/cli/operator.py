"""The operator: whose settings judge, and whose credentials act."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reactor.cli.inputs import WrongUse, read_json
from reactor.partitions import IAM_EVENT_REGION, partition_of
from reactor.roles.files import variables_of
from reactor.settings import PREFIX, Settings, variable

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home

CHALICE_DIRECTORY = Path(".chalice")
DEFAULT_REGION = IAM_EVENT_REGION["aws"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A person at the command line, who may want to judge as a deployed stage does."""

    stage: str | None = None

    @classmethod
    def of(cls, context: typer.Context) -> "Operator":
        """Return whom the command's options describe."""
        return context.obj if isinstance(context.obj, cls) else cls()

    def settings(self, **given: str | None) -> Settings:
        """Return the settings: the stage's, above them the environment's, above them `given`.

        `given` are options of the command, by the setting's field; None is not given. Raises
        SettingError, or WrongUse when there is no such stage.
        """
        staged = {} if self.stage is None else stage_variables(CHALICE_DIRECTORY, self.stage)
        options = {variable(name): value for name, value in given.items() if value is not None}
        # First without the options: one of them must not hide that a variable is wrong.
        Settings.from_environment({**staged, **os.environ})
        return Settings.from_environment({**staged, **os.environ, **options})

    def require_chosen_settings(self) -> None:
        """Refuse to change anything by settings that nobody chose.

        Beside a configuration with stages, a forgotten --stage would mean the defaults: everyone in
        scope, and no exemption list. Raises WrongUse.
        """
        chosen = self.stage is not None or any(name.startswith(PREFIX) for name in os.environ)
        if not chosen and (CHALICE_DIRECTORY / "config.json").exists():
            stages = " or ".join(chalice_config(CHALICE_DIRECTORY)["stages"])
            raise WrongUse(
                f"whose settings? Say mfa-reactor --stage {stages}, or set REACTOR_ variables"
            )


def stage_variables(directory: Path, stage: str) -> dict[str, str]:
    """Return the REACTOR_ variables that Chalice gives a stage's functions.

    Raises WrongUse when the stage is not in the directory's config.json.
    """
    config = chalice_config(directory)
    stages = config["stages"]
    if stage not in stages:
        raise WrongUse(
            f"there is no stage {stage} in {directory / 'config.json'}: it has {', '.join(stages)}"
        )
    # A person judges all users at once, as the sweep does.
    return variables_of(config, stage, "sweep")


def chalice_config(directory: Path) -> Mapping[str, Any]:
    """Return a `.chalice` directory's config.json. Raises WrongUse when it is not one."""
    path = directory / "config.json"
    if not path.exists():
        raise WrongUse(f"there is no {path}: run this in the directory that you deploy from")
    config = read_json(str(path))
    if not isinstance(config, dict) or not isinstance(config.get("stages"), dict):
        raise WrongUse(f"{path}: not a Chalice configuration: it has no stages")
    if not all(isinstance(each, dict) for each in config["stages"].values()):
        raise WrongUse(f"{path}: not a Chalice configuration: a stage is not an object")
    return config


def region_of_credentials() -> str:
    """Return the region that the operator's AWS configuration names, `us-east-1` without one."""
    from reactor.aws.account import AwsSession  # noqa: PLC0415 - imports boto3

    # AWS_REGION is the tools' common word, which boto3 alone does not read.
    return os.environ.get("AWS_REGION") or AwsSession().region or DEFAULT_REGION


def connect() -> tuple["AwsSession", "Home"]:
    """Connect with the operator's credentials. Raises ReactorError when that cannot be done.

    Whatever region they name, it is the partition's region for IAM events that is connected to:
    there the deployed reactor reads its exemption list.
    """
    from reactor.aws.account import AwsSession, Home  # noqa: PLC0415 - imports boto3

    session = AwsSession(IAM_EVENT_REGION[partition_of(region_of_credentials())])
    return session, Home.of_credentials(session)
