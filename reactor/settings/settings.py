"""Every setting: an environment variable, typed, with unit, default and meaning beside it.

`Settings.from_environment` is the only way in. It refuses what it does not know: a misspelt name or
value must stop the start, because the other reading of it is "the operator asked for nothing".
`.chalice/config.json` sets the variables for each stage; the table in README.md is checked against
this module.
"""

import difflib
import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from reactor.errors import SettingError, shorten
from reactor.settings import parsers
from reactor.settings.choices import (
    Enrol,
    Lift,
    Mode,
    Restore,
    Scope,
    SelfService,
    TagMatch,
    Via,
)

PREFIX = "REACTOR_"
# What the guard's document says, and whether it stays so; a guard kept by someone else has its own.
_OF_OUR_DOCUMENT = (
    "guard_enrol",
    "guard_password_change",
    "guard_session_hours",
    "guard_self_detach",
    "guard_self_service",
    "guard_restore",
)


def _setting(
    default: str,
    meaning: str,
    parse: Callable[[str], Any],
    unit: str = "",
    *,
    shown: bool = True,
) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a setting; `shown`: a wrong value may be repeated, for it cannot be a secret."""
    metadata = {"default": default, "meaning": meaning, "parse": parse, "unit": unit}
    return field(metadata={**metadata, "shown": shown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run, valid as a whole. Field `mode` is read from REACTOR_MODE, etc."""

    mode: Mode = _setting(
        "observe",
        "`observe` records what it would do; `enforce` does it",
        parsers.one_of(Mode),
    )
    scope: Scope = _setting(
        "everyone",
        "who must carry the guard: `everyone`, `without-mfa` (has no MFA device),"
        " `console` (has a password and no MFA device), `privileged` (has no MFA device, and may do"
        " one of `REACTOR_DANGEROUS_ACTIONS`)",
        parsers.one_of(Scope),
    )
    guard_policy: str = _setting(
        "MfaReactorGuard",
        "name of the guard in the account, or the ARN of a policy kept by someone else",
        parsers.guard_policy,
    )
    guard_via: Via = _setting(
        "user",
        "how a user carries the guard: `user`, attached to it; `group`, as a member of a group that"
        " carries it; where a quota is in the way, the other",
        parsers.one_of(Via),
    )
    guard_enrol: Enrol = _setting(
        "console",
        "where a device may be enrolled without MFA: `console`; `anywhere`, with access keys, too",
        parsers.one_of(Enrol),
    )
    guard_password_change: bool = _setting(
        "true",
        "whether a user may change its own password without MFA; `false` locks out whoever must set"
        " one at the first sign-in",
        parsers.true_or_false,
    )
    guard_session_hours: int | None = _setting(
        "",
        "how long MFA counts, from 1 to 36; empty is as long as the session lasts",
        parsers.whole_number_or_none(1, 36),
        unit="hours",
    )
    guard_self_detach: bool = _setting(
        "false",
        "whether a user with MFA may take the guard off itself (the reactor puts it back on)",
        parsers.true_or_false,
    )
    guard_self_service: SelfService = _setting(
        "enrol",
        "what the guard allows: `enrol`, the least that enrolment needs; `credentials`, with MFA"
        " also to manage one's own password, keys, certificates, SSH keys and service credentials",
        parsers.one_of(SelfService),
    )
    guard_restore: Restore = _setting(
        "always",
        "what is done about a guard, or a group of it, that somebody changed: `always`, it is"
        " restored; `alarm`, it is only told of",
        parsers.one_of(Restore),
    )
    lift: Lift = _setting(
        "never",
        "when the guard comes off: `never`; `exempt`, when a user is exempted;"
        " `compliant`, also when a user in another scope than `everyone` has enrolled, or has left"
        " the scope",
        parsers.one_of(Lift),
    )
    dangerous_actions: tuple[str, ...] = _setting(
        "",
        "IAM actions that make a user privileged, patterns with commas between, e.g."
        " `iam:*,s3:Put*,sts:AssumeRole`; scope `privileged` needs some, others look at none",
        parsers.actions,
    )
    only_custom_policies: bool = _setting(
        "false",
        "whether what AWS's own policies allow makes nobody privileged",
        parsers.true_or_false,
    )
    exempt_tags: tuple[TagMatch, ...] = _setting(
        "userType:Service",
        "tags that exempt a user: `key:value` with commas between; both compare without case",
        parsers.tags,
    )
    exempt_parameter: str = _setting(
        "",
        "SSM StringList of exempt users (names or ARNs); named means that it must exist",
        parsers.parameter,
    )
    exempt_names: tuple[str, ...] = _setting(
        "",
        "patterns of exempt users' names, e.g. `BedrockAPIKey-*`; compare without case",
        parsers.patterns,
    )
    exempt_paths: tuple[str, ...] = _setting(
        "",
        "IAM paths, each with all below it, whose users are exempt, e.g. `/service/`; never `/`",
        parsers.paths,
    )
    exempt_groups: tuple[str, ...] = _setting(
        "",
        "IAM groups whose members are exempt",
        parsers.groups,
    )
    trusted_roles: tuple[str, ...] = _setting(
        "",
        "roles (names or ARNs) that deploy: what they change of the guard, the reactor, the trail"
        " and the exemption list raises no alarm",
        parsers.roles,
    )
    config_rules: tuple[str, ...] = _setting(
        "",
        "AWS Config rules (names or ids) whose compliance notices are acted on; none: no function"
        " `compliance`",
        parsers.config_rules,
    )
    notification_queues: tuple[str, ...] = _setting(
        "",
        "SQS queues (ARNs) of others that bring compliance notices; the stage's own needs no name",
        parsers.queues,
    )
    max_remediations: int = _setting(
        "50",
        "users that one sweep may change, or buckets one look at all of them; 0 = no brake",
        parsers.whole_number(0, 100_000),
        unit="users",
    )
    sweep_reads_per_second: int = _setting(
        "100",
        "IAM calls a second by which a sweep asks about single users, at most",
        parsers.whole_number(1, 1000),
        unit="calls",
    )
    sweep_writes_per_second: int = _setting(
        "10",
        "IAM calls a second by which a sweep changes users, at most: IAM throttles all who call it",
        parsers.whole_number(1, 1000),
        unit="calls",
    )
    sweep_minutes: int = _setting(
        "15",
        "time between sweeps; read by `chalice deploy`",
        parsers.whole_number(1, 1440),
        unit="minutes",
    )
    buckets: bool = _setting(
        "false",
        "whether S3 buckets whose ACL grants something to everybody are set to private",
        parsers.true_or_false,
    )
    bucket_exempt_tags: tuple[TagMatch, ...] = _setting(
        "",
        "tags that exempt a bucket, e.g. `purpose:website`: `key:value` with commas between; both"
        " compare without case",
        parsers.tags,
    )

    slack_webhook: str = _setting(
        "",
        "where the URL of a Slack webhook lies, to tell a channel: `ssm:NAME` of a SecureString,"
        " `secretsmanager:NAME` of a secret; never the URL itself",
        parsers.secret_reference,
        shown=False,
    )
    notice_topic: str = _setting(
        "",
        "ARN of an SNS topic that gets the same notices",
        parsers.topic,
    )
    notice_bus: str = _setting(
        "",
        "name of an EventBridge bus that gets the same notices as events, e.g. `default`",
        parsers.event_bus,
    )
    security_hub: bool = _setting(
        "false",
        "whether AWS Security Hub gets findings about who is not in order",
        parsers.true_or_false,
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every REACTOR_ variable. A variable that is not there has its default.

        An empty variable is the empty value where the setting takes one (REACTOR_EXEMPT_TAGS= means
        that no tag exempts).

        Raises SettingError with one line: the setting, what it got, what it takes.
        """
        known = {variable(each.name): each for each in fields(cls)}
        for name in sorted(environment):
            if name.startswith(PREFIX) and name not in known:
                raise SettingError(_unknown(name, list(known)))
        values = {}
        for name, each in known.items():
            values[each.name] = _read(name, each, environment.get(name, each.metadata["default"]))
        return cls(**values)

    def with_overrides(self, texts: Mapping[str, str], called: Mapping[str, str]) -> "Settings":
        """Return these settings with others in place of some, valid as a whole.

        `texts` has what a variable would have, by field; `called` what a field is called where its
        text comes from, and an error then names it so. Raises SettingError as `from_environment`.
        """
        lacking = sorted(texts.keys() - {each.name for each in fields(self)})
        if lacking:
            name = called.get(lacking[0], variable(lacking[0]))
            raise SettingError(f"{name} stands for no setting of this version")
        values = {}
        for each in fields(self):
            if each.name in texts:
                name = called.get(each.name, variable(each.name))
                values[each.name] = _read(name, each, texts[each.name])
        return replace(self, **values)

    def __post_init__(self) -> None:
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.scope is Scope.PRIVILEGED and not self.dangerous_actions:
            raise SettingError(
                "REACTOR_SCOPE is 'privileged' while REACTOR_DANGEROUS_ACTIONS is empty: nobody"
                " would be privileged; name some, such as iam:*,sts:AssumeRole"
            )
        if self.lift is Lift.COMPLIANT and self.scope is Scope.EVERYONE:
            raise SettingError(
                "REACTOR_LIFT is 'compliant' while REACTOR_SCOPE is 'everyone': everyone must carry"
                " the guard then, with MFA or without; take REACTOR_LIFT=exempt, or another scope"
            )
        if self.guard_name.lower() in {each.lower() for each in self.exempt_groups}:
            raise SettingError(
                f"REACTOR_EXEMPT_GROUPS has {self.guard_name}, the name of the guard's own group:"
                " who carries the guard through it would be exempt from it; leave it out"
            )
        if self.notification_queues and not self.config_rules:
            raise SettingError(
                "REACTOR_NOTIFICATION_QUEUES is set while REACTOR_CONFIG_RULES is empty: nothing"
                " takes notices then; name the rules, or leave the queues out"
            )
        if self.guard_is_given:
            self._refuse_what_is_not_ours()

    def _refuse_what_is_not_ours(self) -> None:
        for each in fields(self):
            default = each.metadata["parse"](each.metadata["default"])
            if each.name in _OF_OUR_DOCUMENT and getattr(self, each.name) != default:
                raise SettingError(
                    f"{variable(each.name)} is set while REACTOR_GUARD_POLICY is an ARN: what that"
                    " policy says is someone else's care; leave one of the two out"
                )

    @property
    def tells(self) -> bool:
        """Whether there is anybody to tell what happens, besides the log."""
        return bool(self.sends_notices or self.security_hub)

    @property
    def sends_notices(self) -> bool:
        """Whether notices go anywhere: Security Hub takes findings, and no notices."""
        return bool(self.slack_webhook or self.notice_topic or self.notice_bus)

    @property
    def guard_is_given(self) -> bool:
        """Whether the guard is a policy that someone else keeps, named by its ARN."""
        return self.guard_policy.startswith("arn:")

    @property
    def guard_name(self) -> str:
        """The guard's name without its path, which is that of its group, too."""
        return self.guard_policy.rpartition("/")[2]

    def exempts_name(self, name: str) -> str | None:
        """Return the first of REACTOR_EXEMPT_NAMES that matches a user's name, if any."""
        for pattern in self.exempt_names:
            if fnmatch.fnmatchcase(name.lower(), pattern.lower()):
                return pattern
        return None


def _read(name: str, setting: "Field[Any]", text: str) -> Any:  # noqa: ANN401 - each has its own type
    """Read a setting's text; what is wrong with it is told under this name."""
    text = text.strip()
    try:
        return setting.metadata["parse"](text)
    except ValueError as error:
        shown = setting.metadata["shown"] and not parsers.is_secret(text)
        got = f"is {shorten(text, 80)!r}" if shown else "is something else"
        raise SettingError(f"{name} {got}: it takes {error}") from None


def variable(field_name: str) -> str:
    """Return the environment variable of a field: `mode` is REACTOR_MODE."""
    return PREFIX + field_name.upper()


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"{shorten(name, 80)} is not a setting of mfa-reactor: {hint}"
