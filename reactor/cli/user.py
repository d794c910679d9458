"""`user`: all that it takes to help somebody who is locked out, and nothing that does not.

The verdict is the one of `check`; what the user can sign in with is read besides, and the next
steps follow from both (reactor.cli.rescue). --clear-orphan-device is the one thing it changes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reactor.cli import output, report
from reactor.cli.inputs import WrongUse, ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.cli.rescue import show
from reactor.cli.rescue.advice import Advice, advise, advise_gone, advise_root
from reactor.cli.survey import survey
from reactor.errors import Permanent, ReactorError
from reactor.model import USER_NAME, Verdict
from reactor.settings import Mode
from reactor.users.orphans import clear_orphans
from reactor.users.rescue import AccountSummary, Facts, read
from reactor.users.rules import decide
from reactor.users.state import Presence, UserState

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home
    from reactor.settings import Settings

EXAMPLES = """\
Examples:
  mfa-reactor user alice              what stands in the way of alice?
  mfa-reactor --stage prod user alice --json
                                      as stage prod judges, for a script
  mfa-reactor user alice --clear-orphan-device
                                      let alice enrol a device of its name

Exit status: 0 in order or deleted, 1 not compliant, not there, or refused.
"""
_ROOT_IN_REPORTS = "<root_account>"  # the credential report's word
_ROOT = {"root", _ROOT_IN_REPORTS}


def user(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A user's name, or root for the root user.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print one JSON document instead of text.")
    ] = False,
    clear: Annotated[
        bool,
        typer.Option(
            "--clear-orphan-device",
            metavar="",
            help="Delete the virtual MFA device that is named as the user and assigned to nobody.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", metavar="", help="Do not ask before deleting.")
    ] = False,
) -> None:
    """Say all it takes to help a user who is locked out: facts, and the next steps.

    Changes nothing, unless --clear-orphan-device asks for it.
    """
    if not USER_NAME.fullmatch(name) and name != _ROOT_IN_REPORTS:
        raise WrongUse(f"{name!r} cannot be the name of an IAM user (ARNs are not taken)")
    if clear:
        _clear(name, yes=yes, as_json=as_json)
        return
    settings = Operator.of(context).settings(mode=Mode.OBSERVE.value)
    session, home = connect()
    found = _look(name, settings, session, home)
    if as_json:
        errors = [{"what": str(each), "remedy": each.remedy} for each in found.errors]
        output.put_json({"account": home.account, **found.document(), "errors": errors})
    else:
        show.put(found.name, found.verdict, found.advice, found.facts)
    for error in found.errors:
        output.say(output.one_line(f"mfa-reactor: {error}; {error.remedy}"))
    raise typer.Exit(0 if found.in_order else 1)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one look at one user came to."""

    name: str
    verdict: Verdict
    advice: Advice
    in_order: bool
    facts: Facts | None = None
    root: AccountSummary | None = None
    errors: tuple[ReactorError, ...] = ()

    def document(self) -> dict[str, object]:
        """Return it as JSON types."""
        return show.document(self.name, self.verdict, self.advice, facts=self.facts, root=self.root)


def _look(name: str, settings: "Settings", session: "AwsSession", home: "Home") -> _Found:
    """Judge the user as `check` does, and read what else helps. Raises ReactorError."""
    from reactor.aws.rescue import AwsRescue  # noqa: PLC0415 - imports boto3

    reads, is_root = AwsRescue(session.iam), name.lower() in _ROOT
    run = survey(settings, session, home, names=("root" if is_root else name,))
    found = report.Report.of(home.account, run)
    (seen,) = found.users
    if seen.observation.error is not None:
        raise seen.observation.error
    state: Any = seen.observation.state
    verdict = seen.decision.verdict
    # A user may be called root, too.
    if state.presence is Presence.EXISTS and name != _ROOT_IN_REPORTS:
        facts = read(reads, session.gather, state, verdict)
        advice = advise(facts, settings)
        return _Found(state.name, verdict, advice, found.in_order, facts=facts, errors=found.errors)
    if is_root:
        account = reads.account_summary()
        root = UserState("root", Presence.ROOT, state.guard)
        verdict = decide(root, settings, seen.cause, seen.at).verdict
        return _Found("root", verdict, advise_root(account), in_order=True, root=account)
    return _Found(name, verdict, advise_gone(name, reads.user_names()), in_order=False)


def _clear(name: str, *, yes: bool, as_json: bool) -> None:
    """Delete the leftover devices of a user. Raises Permanent, with the reason, where it cannot."""
    from reactor.aws.rescue import AwsRescue  # noqa: PLC0415 - imports boto3
    from reactor.aws.users import AwsUsers  # noqa: PLC0415 - imports boto3

    require_consent_possible(yes=yes)
    session, home = connect()
    found = AwsUsers(session.iam).user(name) if USER_NAME.fullmatch(name) else None
    if found is None:
        raise Permanent(
            f"there is no user {name}, for whom a device could be left over",
            remedy="see that the name and the account are right",
        )

    def consent(serials: tuple[str, ...]) -> None:
        what = " and ".join(map(output.clean, serials))
        ask(f"Delete {what} in account {home.account}, assigned to nobody?", yes=yes)

    deleted = clear_orphans(AwsRescue(session.iam), session.gather, found.name, consent)
    if as_json:
        output.put_json({"account": home.account, "user": found.name, "deleted": list(deleted)})
        return
    for serial in deleted:
        output.put(f"deleted {output.clean(serial)}")
