"""reactor.settings: what each setting takes, its default, and the one line that refuses it."""

from dataclasses import asdict, fields
from typing import Any

import pytest

from reactor.errors import SettingError
from reactor.settings import (
    Enrol,
    Lift,
    Mode,
    Restore,
    Scope,
    SelfService,
    Settings,
    TagMatch,
    Via,
    variable,
)


def read(**texts: str) -> Settings:
    """Return the settings of an environment with these REACTOR_ variables."""
    return Settings.from_environment({f"REACTOR_{name}": text for name, text in texts.items()})


def refusal(**texts: str) -> str:
    """Return the line that refuses these settings."""
    with pytest.raises(SettingError) as caught:
        read(**texts)
    return str(caught.value)


def test_defaults() -> None:
    """Without a variable the reactor observes everyone, excuses services, and lifts nothing.

    The guard allows the least, keeps to the console, and is kept as it is.
    """
    assert asdict(Settings.from_environment({"PATH": "/bin"})) == {
        "mode": Mode.OBSERVE,
        "scope": Scope.EVERYONE,
        "guard_policy": "MfaReactorGuard",
        "guard_via": Via.USER,
        "guard_enrol": Enrol.CONSOLE,
        "guard_password_change": True,
        "guard_session_hours": None,
        "guard_self_detach": False,
        "guard_self_service": SelfService.ENROL,
        "guard_restore": Restore.ALWAYS,
        "lift": Lift.NEVER,
        "dangerous_actions": (),
        "only_custom_policies": False,
        "exempt_tags": (asdict(TagMatch("userType", "Service")),),
        "exempt_parameter": "",
        "exempt_names": (),
        "exempt_paths": (),
        "exempt_groups": (),
        "trusted_roles": (),
        "config_rules": (),
        "notification_queues": (),
        "max_remediations": 50,
        "sweep_reads_per_second": 100,
        "sweep_writes_per_second": 10,
        "sweep_minutes": 15,
        "buckets": False,
        "bucket_exempt_tags": (),
        "slack_webhook": "",
        "notice_topic": "",
        "notice_bus": "",
        "security_hub": False,
    }


def test_every_setting_says_what_it_means() -> None:
    """Each field carries its default as text, its meaning, and a unit where it takes a number."""
    for each in fields(Settings):
        assert each.metadata["meaning"], each.name
        assert isinstance(each.metadata["default"], str), each.name
        assert bool(each.metadata["unit"]) == takes_a_number(each.name), each.name


def takes_a_number(field: str) -> bool:
    """Tell whether a setting takes 1, and makes a number of it."""
    try:
        value = getattr(read(**{field.upper(): "1"}), field)
    except SettingError:
        return False
    return isinstance(value, int)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("MODE", "enforce", Mode.ENFORCE, id="a mode"),
        pytest.param("SCOPE", " without-mfa ", Scope.WITHOUT_MFA, id="blanks round a value"),
        pytest.param("LIFT", "exempt", Lift.EXEMPT, id="a lift"),
        pytest.param("GUARD_POLICY", "a+b=c,d.e@f-g_H1", "a+b=c,d.e@f-g_H1", id="a policy's name"),
        pytest.param("GUARD_POLICY", "x" * 128, "x" * 128, id="the longest name of a policy"),
        pytest.param(
            "GUARD_POLICY",
            "arn:aws-cn:iam::123456789012:policy/team/Guard",
            "arn:aws-cn:iam::123456789012:policy/team/Guard",
            id="a given policy with a path, in China",
        ),
        pytest.param(
            "GUARD_POLICY",
            "arn:aws:iam::aws:policy/AWSDenyAll",
            "arn:aws:iam::aws:policy/AWSDenyAll",
            id="a policy of AWS's own",
        ),
        pytest.param("GUARD_VIA", "group", Via.GROUP, id="a guard carried by a group"),
        pytest.param("GUARD_ENROL", "anywhere", Enrol.ANYWHERE, id="enrolment with access keys"),
        pytest.param("GUARD_PASSWORD_CHANGE", "false", False, id="no password before MFA"),
        pytest.param("GUARD_SESSION_HOURS", "", None, id="MFA as old as its session"),
        pytest.param("GUARD_SESSION_HOURS", " 1 ", 1, id="MFA of an hour"),
        pytest.param("GUARD_SESSION_HOURS", "36", 36, id="MFA as old as a session can be"),
        pytest.param("GUARD_SELF_DETACH", "true", True, id="a guard that its holder takes off"),
        pytest.param(
            "GUARD_SELF_SERVICE", "credentials", SelfService.CREDENTIALS, id="more self-service"
        ),
        pytest.param("GUARD_RESTORE", "alarm", Restore.ALARM, id="a guard that is only told of"),
        pytest.param("SLACK_WEBHOOK", "ssm:/mfa/slack", "ssm:/mfa/slack", id="a SecureString"),
        pytest.param("SLACK_WEBHOOK", "secretsmanager:a/b", "secretsmanager:a/b", id="a secret"),
        pytest.param(
            "SLACK_WEBHOOK",
            "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
            "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
            id="a secret by its ARN",
        ),
        pytest.param(
            "NOTICE_TOPIC",
            "arn:aws-cn:sns:cn-north-1:123456789012:mfa",
            "arn:aws-cn:sns:cn-north-1:123456789012:mfa",
            id="a topic",
        ),
        pytest.param("NOTICE_BUS", "default", "default", id="an event bus"),
        pytest.param("SECURITY_HUB", "true", True, id="findings"),
        pytest.param("EXEMPT_TAGS", "", (), id="no tag exempts"),
        pytest.param(
            "EXEMPT_TAGS",
            " a : b , c:d ,, ",
            (TagMatch("a", "b"), TagMatch("c", "d")),
            id="tags with blanks, empty items",
        ),
        pytest.param(
            "EXEMPT_TAGS",
            "Größe_1./=+-@ x:é 2",
            (TagMatch("Größe_1./=+-@ x", "é 2"),),
            id="a tag of all that IAM takes",
        ),
        pytest.param(
            "EXEMPT_TAGS",
            f"{'k' * 128}:{'v' * 256}",
            (TagMatch("k" * 128, "v" * 256),),
            id="the longest tag",
        ),
        pytest.param("EXEMPT_PARAMETER", "/mfa/exempt", "/mfa/exempt", id="a parameter"),
        pytest.param("EXEMPT_NAMES", "svc-*, ?ot", ("svc-*", "?ot"), id="patterns of names"),
        pytest.param("EXEMPT_PATHS", "/a/,/b/c/", ("/a/", "/b/c/"), id="paths"),
        pytest.param("EXEMPT_GROUPS", "break-glass,ops", ("break-glass", "ops"), id="groups"),
        pytest.param(
            "CONFIG_RULES",
            " mfa enabled , config-rule-a1b2c3,, ",
            ("mfa enabled", "config-rule-a1b2c3"),
            id="a rule's name with a blank, and an id",
        ),
        pytest.param("MAX_REMEDIATIONS", "0", 0, id="no brake"),
        pytest.param("MAX_REMEDIATIONS", "100000", 100_000, id="the weakest brake"),
        pytest.param("SWEEP_MINUTES", "1440", 1440, id="a sweep a day"),
    ],
)
def test_good_values(name: str, text: str, value: Any) -> None:
    """Each setting takes what its table in the documentation says."""
    assert getattr(read(**{name: text}), name.lower()) == value


_ACTIONS = (
    "patterns of IAM actions with commas between: * or service:name, such as"
    " iam:*,s3:Put*,sts:AssumeRole"
)
_POLICY = "the name of a policy, or the ARN of one that someone else keeps"
_PATHS = "IAM paths below /, such as /service/ (/ itself would be every user)"
_TAGS = "key:value pairs with commas between, such as userType:Service"
_TAG_TEXT = "tags of letters, digits, blanks and _ . / = + - @, as IAM does"
_PATTERNS = "name patterns that do not match every name, such as BedrockAPIKey-*"
_HOURS = "a whole number from 1 to 36, or nothing"
_RULES = (
    "whole names or ids of AWS Config rules with commas between, such as mfa-enabled or"
    " config-rule-a1b2c3"
)
_QUEUES = "ARNs of standard SQS queues with commas between"
_PARAMETER = "the name of an SSM parameter of type StringList, such as /mfa/exempt"


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        pytest.param("MODE", "Enforce", "one of observe, enforce", id="a mode in another case"),
        pytest.param("MODE", "", "one of observe, enforce", id="an empty mode"),
        pytest.param(
            "SCOPE", "all", "one of everyone, without-mfa, console, privileged", id="no scope"
        ),
        pytest.param("DANGEROUS_ACTIONS", "iam", _ACTIONS, id="a service without an action"),
        pytest.param("DANGEROUS_ACTIONS", "iam:*,s3:", _ACTIONS, id="an action without a name"),
        pytest.param("DANGEROUS_ACTIONS", "i*:PassRole", _ACTIONS, id="a service's pattern"),
        pytest.param("DANGEROUS_ACTIONS", "*:*", _ACTIONS, id="everything, as a service's pattern"),
        pytest.param("DANGEROUS_ACTIONS", "iam:a b", _ACTIONS, id="an action with a blank"),
        pytest.param("DANGEROUS_ACTIONS", "iam:a:b", _ACTIONS, id="an action with two colons"),
        pytest.param("ONLY_CUSTOM_POLICIES", "yes", "true or false", id="neither true nor false"),
        pytest.param("LIFT", "always", "one of never, exempt, compliant", id="no lift"),
        pytest.param("GUARD_POLICY", "", _POLICY, id="an empty policy"),
        pytest.param("GUARD_POLICY", "a policy", _POLICY, id="a policy's name with a blank"),
        pytest.param(
            "GUARD_POLICY", "arn:aws:iam::123456789012:user/x", _POLICY, id="the ARN of a user"
        ),
        pytest.param(
            "GUARD_POLICY", "arn:aws:iam::123:policy/x", _POLICY, id="an account of 3 digits"
        ),
        pytest.param("GUARD_POLICY", "team/Guard", _POLICY, id="a path without an ARN"),
        pytest.param("GUARD_VIA", "role", "one of user, group", id="no way to carry the guard"),
        pytest.param("GUARD_ENROL", "keys", "one of console, anywhere", id="no place to enrol"),
        pytest.param("GUARD_PASSWORD_CHANGE", "yes", "true or false", id="yes"),
        pytest.param("GUARD_SELF_DETACH", "False", "true or false", id="false in another case"),
        pytest.param("GUARD_SELF_DETACH", "", "true or false", id="neither true nor false"),
        pytest.param("GUARD_SESSION_HOURS", "0", _HOURS, id="MFA that never counts"),
        pytest.param("GUARD_SESSION_HOURS", "37", _HOURS, id="MFA older than any session"),
        pytest.param("GUARD_SESSION_HOURS", "1.5", _HOURS, id="an hour and a half"),
        pytest.param("GUARD_SESSION_HOURS", "12h", _HOURS, id="hours with a unit"),
        pytest.param(
            "GUARD_SELF_SERVICE", "all", "one of enrol, credentials", id="too much self-service"
        ),
        pytest.param("GUARD_RESTORE", "never", "one of always, alarm", id="no restoring, no alarm"),
        pytest.param("EXEMPT_TAGS", "userType", _TAGS, id="a tag without a value"),
        pytest.param("EXEMPT_TAGS", "userType:", _TAGS, id="a tag with an empty value"),
        pytest.param("EXEMPT_TAGS", ":Service", _TAGS, id="a tag without a key"),
        pytest.param("EXEMPT_TAGS", "a:b:c", _TAGS, id="a tag with a second colon"),
        pytest.param("EXEMPT_TAGS", "a:*", _TAG_TEXT, id="a tag with a wildcard"),
        pytest.param("EXEMPT_TAGS", "a:${aws}", _TAG_TEXT, id="a tag with a variable"),
        pytest.param("EXEMPT_TAGS", 'a":b', _TAG_TEXT, id="a tag with a quotation mark"),
        pytest.param("EXEMPT_PARAMETER", "/mfa/exempt list", _PARAMETER, id="a blank in the name"),
        pytest.param("EXEMPT_NAMES", "*", _PATTERNS, id="a pattern of every name"),
        pytest.param("EXEMPT_NAMES", "svc-*,?*", _PATTERNS, id="every name of some length"),
        pytest.param("EXEMPT_PATHS", "/", _PATHS, id="the path of every user"),
        pytest.param("EXEMPT_PATHS", "/service", _PATHS, id="a path without its last slash"),
        pytest.param("EXEMPT_PATHS", "service/", _PATHS, id="a path without its first slash"),
        pytest.param("EXEMPT_PATHS", "/*/", _PATHS, id="a path with a wildcard"),
        pytest.param(
            "EXEMPT_GROUPS", "ops*", "names of IAM groups with commas between", id="a group pattern"
        ),
        pytest.param("CONFIG_RULES", "mfa-*", _RULES, id="a pattern of rules"),
        pytest.param("CONFIG_RULES", "mfa,règle", _RULES, id="a rule that AWS Config has not"),
        pytest.param("NOTIFICATION_QUEUES", "mfa-reactor", _QUEUES, id="a queue's name"),
        pytest.param(
            "NOTIFICATION_QUEUES",
            "arn:aws:sqs:us-east-1:123456789012:q.fifo",
            _QUEUES,
            id="a FIFO queue",
        ),
        pytest.param(
            "MAX_REMEDIATIONS", "-1", "a whole number from 0 to 100000", id="fewer than none"
        ),
        pytest.param("MAX_REMEDIATIONS", "1e3", "a whole number from 0 to 100000", id="1e3"),
        pytest.param("MAX_REMEDIATIONS", "٣", "a whole number from 0 to 100000", id="other digits"),
        pytest.param("MAX_REMEDIATIONS", "100001", "a whole number from 0 to 100000", id="100001"),
        pytest.param("MAX_REMEDIATIONS", "", "a whole number from 0 to 100000", id="no number"),
        pytest.param("SWEEP_MINUTES", "0", "a whole number from 1 to 1440", id="no time at all"),
        pytest.param("SWEEP_MINUTES", "15m", "a whole number from 1 to 1440", id="a unit"),
    ],
)
def test_bad_values(name: str, text: str, takes: str) -> None:
    """A bad value is refused in one line: the setting, what it got, what it takes."""
    assert refusal(**{name: text}) == f"REACTOR_{name} is {text!r}: it takes {takes}"


def test_names_of_policies_have_a_limit() -> None:
    """129 characters are one too many, with an ARN or without."""
    assert refusal(GUARD_POLICY="x" * 129).endswith(_POLICY)
    assert refusal(GUARD_POLICY=f"arn:aws:iam::123456789012:policy/{'x' * 129}").endswith(_POLICY)


@pytest.mark.parametrize("tag", [f"{'k' * 129}:v", f"k:{'v' * 257}"])
def test_tags_have_a_limit(tag: str) -> None:
    """A key of 129 characters, or a value of 257, is one that no user can have."""
    assert refusal(EXEMPT_TAGS=tag).endswith(_TAG_TEXT)


@pytest.mark.parametrize(
    ("key", "value", "covered"),
    [
        pytest.param("USERTYPE", "service", True, id="another case"),
        pytest.param("userType", "Service ", False, id="a blank more"),
        pytest.param("userType", "ſervice", False, id="the long s, which folds to s"),
        pytest.param("userType", "Service", True, id="the same"),
    ],
)
def test_tags_compare_without_case(key: str, value: str, *, covered: bool) -> None:
    """A user's tag is an exempting one in any case of ASCII letters, and no other."""
    (tag,) = read().exempt_tags
    assert tag.covers(key, value) is covered


def test_letters_beyond_ascii_compare_as_they_are() -> None:
    """How AWS folds them is not documented: what exempts must be no wider than what it denies."""
    assert not TagMatch("kelvin", "ß").covers("\N{KELVIN SIGN}elvin", "ß")
    assert not TagMatch("é", "x").covers("É", "x")
    assert TagMatch("É", "x").covers("É", "X")


def test_long_values_are_cut_short() -> None:
    """What the operator pasted by mistake does not flood the log."""
    line = refusal(MODE="observe\n" * 1000)
    assert "\n" not in line
    assert len(line) < 200


def test_unknown_name_with_a_near_miss() -> None:
    """A misspelt setting names the one that was meant."""
    assert refusal(EXEMPT_TAG="a:b") == (
        "REACTOR_EXEMPT_TAG is not a setting of mfa-reactor: did you mean REACTOR_EXEMPT_TAGS?"
    )


def test_unknown_name_far_from_all() -> None:
    """A name that resembles none lists what there is."""
    line = refusal(ZZZZZZZZZZZZ="1")
    assert line.startswith("REACTOR_ZZZZZZZZZZZZ is not a setting of mfa-reactor: known are ")
    assert all(variable(each.name) in line for each in fields(Settings))


def test_others_variables_are_theirs() -> None:
    """Only names that begin with REACTOR_ are ours to refuse."""
    assert Settings.from_environment({"reactor_mode": "x", "MY_REACTOR_X": "y"}) == read()


def test_the_guards_group_exempts_nobody() -> None:
    """Who carries the guard through it would be exempt from carrying it."""
    line = refusal(EXEMPT_GROUPS="ops,mfareactorguard")
    assert line.startswith("REACTOR_EXEMPT_GROUPS has MfaReactorGuard, ")
    assert read(EXEMPT_GROUPS="MfaReactorGuard", GUARD_POLICY="Other").exempt_groups


def test_names_of_config_rules_have_a_limit() -> None:
    """AWS Config takes 128 characters."""
    assert read(CONFIG_RULES="r" * 128).config_rules == ("r" * 128,)
    assert "it takes whole names" in refusal(CONFIG_RULES="r" * 129)


def test_queues_of_notices_contradict_no_rules() -> None:
    """Nobody would work them off."""
    arn = "arn:aws:sqs:us-east-1:123456789012:theirs"
    assert "REACTOR_CONFIG_RULES is empty" in refusal(NOTIFICATION_QUEUES=arn)
    assert read(NOTIFICATION_QUEUES=arn, CONFIG_RULES="mfa").notification_queues == (arn,)


def test_lift_compliant_contradicts_scope_everyone() -> None:
    """Where everyone must carry the guard, enrolment cannot take it off."""
    line = refusal(LIFT="compliant")
    assert line.startswith("REACTOR_LIFT is 'compliant' while REACTOR_SCOPE is 'everyone': ")
    assert "\n" not in line
    assert read(LIFT="compliant", SCOPE="console").lift is Lift.COMPLIANT


def test_scope_privileged_needs_dangerous_actions() -> None:
    """Without any nobody would be privileged; with another scope they do no harm."""
    line = refusal(SCOPE="privileged")
    assert line.startswith("REACTOR_SCOPE is 'privileged' while REACTOR_DANGEROUS_ACTIONS is empty")
    assert "\n" not in line
    chosen = read(SCOPE="privileged", DANGEROUS_ACTIONS=" iam:*, S3:Put?bject ,*")
    assert chosen.dangerous_actions == ("iam:*", "S3:Put?bject", "*")
    assert read(DANGEROUS_ACTIONS="iam:*", ONLY_CUSTOM_POLICIES="true").scope is Scope.EVERYONE


class TestOverridden:
    """Other settings in the place of some, for one look at the account."""

    def test_texts_are_read_as_variables_are(self) -> None:
        """All else stays."""
        chosen = read(MODE="enforce", DANGEROUS_ACTIONS="iam:*")
        other = chosen.with_overrides({"scope": " privileged ", "only_custom_policies": "true"}, {})
        assert other.scope is Scope.PRIVILEGED
        assert (other.mode, other.dangerous_actions) == (Mode.ENFORCE, ("iam:*",))
        assert other.only_custom_policies
        assert chosen.scope is Scope.EVERYONE
        assert chosen.with_overrides({}, {}) == chosen

    def test_what_is_wrong_is_refused(self) -> None:
        """A text that the setting does not take, and settings that do not go together."""
        with pytest.raises(SettingError, match="REACTOR_DANGEROUS_ACTIONS is 'iam': it takes"):
            read().with_overrides({"dangerous_actions": "iam"}, {})
        with pytest.raises(SettingError, match="REACTOR_DANGEROUS_ACTIONS is empty"):
            read().with_overrides({"scope": "privileged"}, {})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GUARD_ENROL", "anywhere"),
        ("GUARD_PASSWORD_CHANGE", "false"),
        ("GUARD_SESSION_HOURS", "12"),
        ("GUARD_SELF_DETACH", "true"),
        ("GUARD_SELF_SERVICE", "credentials"),
        ("GUARD_RESTORE", "alarm"),
    ],
)
def test_a_given_guard_has_its_own_document(name: str, text: str) -> None:
    """What someone else's policy says, and whether it stays, is not ours to set."""
    given = "arn:aws:iam::123456789012:policy/Theirs"
    line = refusal(GUARD_POLICY=given, **{name: text})
    assert line.startswith(f"REACTOR_{name} is set while REACTOR_GUARD_POLICY is an ARN: ")
    assert "\n" not in line


def test_a_given_guard_takes_the_rest() -> None:
    """How it is carried is ours to set, and a default said aloud contradicts nothing."""
    given = "arn:aws:iam::123456789012:policy/Theirs"
    chosen = read(GUARD_POLICY=given, GUARD_VIA="group", GUARD_ENROL="console")
    assert (chosen.guard_is_given, chosen.guard_via) == (True, Via.GROUP)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        pytest.param("BedrockAPIKey-*", "bedrockapikey-ab12", True, id="without regard to case"),
        pytest.param("svc-?", "svc-10", False, id="one character is one"),
        pytest.param("svc", "svc-1", False, id="the whole name"),
    ],
)
def test_exempts_name(pattern: str, name: str, *, matches: bool) -> None:
    """A pattern covers whole names, in any case."""
    assert read(EXEMPT_NAMES=f"x,{pattern}").exempts_name(name) == (pattern if matches else None)


URL = "https://hooks.slack.com/services/T0000/B0000/sEcReTsEcReT"


@pytest.mark.parametrize("name", ["SLACK_WEBHOOK", "NOTICE_TOPIC", "NOTICE_BUS", "MODE"])
@pytest.mark.parametrize(
    "text",
    [URL, URL.upper(), f"ssm:{URL}", URL.removeprefix("https://"), f"secretsmanager:{URL[8:]}"],
)
def test_a_webhooks_url_is_refused_and_never_repeated(name: str, text: str) -> None:
    """The start says where to put it: what is written to a log is read by many."""
    said = refusal(**{name: text})
    assert "secret" not in said.lower().replace("secretsmanager", "").replace("a secret", "")
    assert "T0000" not in said.upper()
    if name == "SLACK_WEBHOOK":
        assert "ssm:NAME of a SecureString" in said


@pytest.mark.parametrize(
    "text",
    [
        *("/mfa/slack", "ssm:", "vault:x", "ssm:a:b", "secretsmanager:a b", "hunter2"),
        # Without the six characters that end it, the role would not match the secret.
        "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:slack",
    ],
)
def test_a_secret_is_named_with_its_store(text: str) -> None:
    """What else was meant is not repeated either: it may be the secret itself."""
    said = refusal(SLACK_WEBHOOK=text)
    assert said.startswith("REACTOR_SLACK_WEBHOOK is something else: it takes where the URL lies")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NOTICE_TOPIC", "mfa"),
        ("NOTICE_TOPIC", "arn:aws:sns:us-east-1:123456789012:mfa.fifo"),
        ("NOTICE_BUS", "arn:aws:events:us-east-1:123456789012:event-bus/x"),
        ("SECURITY_HUB", "yes"),
    ],
)
def test_what_a_channel_does_not_take(name: str, text: str) -> None:
    """It is refused at the start, and not with the first notice."""
    assert refusal(**{name: text}).startswith(f"REACTOR_{name} is {text!r}: it takes ")


def test_nobody_is_told_unless_a_channel_is_set() -> None:
    """Each of them is enough."""
    assert not read().tells
    for name, text in {
        "SLACK_WEBHOOK": "ssm:x",
        "NOTICE_TOPIC": "arn:aws:sns:us-east-1:123456789012:mfa",
        "NOTICE_BUS": "default",
        "SECURITY_HUB": "true",
    }.items():
        assert read(**{name: text}).tells
        assert read(**{name: text}).sends_notices is (name != "SECURITY_HUB")
