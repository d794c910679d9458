"""A state machine that tries to lose events.

Several callers do anything to an account's users, groups, policies, guard and exemption list. The
events of it reach the real functions (tests.fakes.stage) as EventBridge's rules let them: late by
up to ten minutes, twice, out of order or not at all, while calls are throttled or fail and reads
are up to a minute old, and while Lambda ends sweeps in the middle, or their calls take long. Then,
and in between, it is settled up. What must hold:

- *Each event is accounted for.* An invocation that ends well has a record that names its event; one
  that does not is tried again, and at last lies in the failure queue. Nothing that nobody foresaw
  is raised or recorded.
- *Nobody is wronged.* The guard is never put on a user who was exempt all the time that a read may
  be old, nor taken off one who had to carry it all that time.
- *Nobody is fought.* Who reacts to events never puts the guard on a user who has no credential any
  more; it is being deleted. (A sweep may. So may who hears, within five minutes, that the user was
  created, and who hears of a group or policy of more users than are asked about one by one.)
- *No deletion is blocked for good.* A DeleteUser may fail because of the guard alone. Once the
  event of that failure has been handled, on reads that are not stale, the guard is off, and by the
  law above only a sweep or a person puts it on again: so the next DeleteUser goes well.
- *Without a sweep*, once the queue is drained: where no event was lost and no read was stale,
  whoever must carry the guard and has a credential carries it, and the guard is in order.
- *After a sweep* everything is in order, whatever was lost (tests.property.laws.disorder). Where
  the brake makes users wait, sweeps follow one another until nobody waits.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from reactor.guard.document import canonical, guard_document
from reactor.handlers.sweep import MOST_HOPS
from reactor.model import AlarmKind
from reactor.names import Function
from reactor.settings import Via
from reactor.triggers.catalogue import CATALOGUE, Names
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP, GUARD_TAGS, World
from tests.fakes.admin import Admin
from tests.fakes.events import ROLE, ROOT, Envelope, denied, iam_user, too_large
from tests.fakes.harness import settings
from tests.fakes.lifetime import Kill, Killed
from tests.fakes.stage import UNHURRIED, Invocation, Stage
from tests.fakes.tools import CREDENTIALS
from tests.property import laws
from tests.property.scenes import OTHERS, serial_of

FIGURES: Counter[str] = Counter()

NAMES = ("alice", "bob", "svc-1", "ses", "dora", "erin")
MORE_NAMES = (*NAMES, "frank", "svc-2")
GROUPS = ("staff", "guarded", "break-glass", "crowd", GUARD_GROUP)
CROWD = 17  # more than are asked about one by one
LIST = "/mfa/exempt"
EXEMPT = {
    "exempt_tags": "userType:Service",
    "exempt_parameter": LIST,
    "exempt_names": "svc-*",
    "exempt_paths": "/service/",
    "exempt_groups": "break-glass",
}
OPERATIONS = (
    "attach_user_policy",
    "list_mfa_devices",
    "list_attached_user_policies",
    "get_account_authorization_details",
)
ANOTHER_DOCUMENT = '{"Version":"2012-10-17","Statement":[]}'
NEW = timedelta(minutes=6)  # how long a user is taken for new, with what clocks may differ
A_USERS_NAMES = {Names.NEW_USER, Names.USER, Names.RENAMED_USER, Names.USER_OR_CALLER, Names.SERIAL}

names = st.sampled_from(NAMES)
more_names = st.sampled_from(MORE_NAMES)
groups = st.sampled_from(GROUPS)
kinds = st.sampled_from(tuple(CREDENTIALS))
callers = st.sampled_from(("admin", "root", "self", "carol"))
delays = st.sampled_from((1, 5, 30, 59, 61, 130, 250, 400, 600))
# How many seconds after the call each copy of its event arrives; none: it is lost.
copies = st.one_of(st.just((2,)), st.tuples(delays), st.tuples(delays, delays), st.just(()))
errors = st.sampled_from(("", "", "Throttling", "ServiceFailure", "RequestLimitExceeded"))
# A sweep that finds all in order makes some ten calls, and no change.
kills = st.sampled_from(
    [*(Kill(after) for after in range(16)), *(Kill(after, "changes") for after in (0, 0, 0, 1, 2))]
)
Copies = tuple[int, ...]


class EventLoser(RuleBasedStateMachine):
    """Anything happens to an account; the reactor keeps it in order."""

    stage: Stage

    @initialize(
        scope=st.sampled_from(("everyone", "without-mfa", "console")),
        lift=st.sampled_from(("never", "exempt", "compliant")),
        exempt=st.sampled_from((frozenset(EXEMPT), frozenset[str]()))
        | st.frozensets(st.sampled_from(sorted(EXEMPT))),
        via=st.sampled_from(("user", "group")),
        brake=st.sampled_from(("0", "0", "0", "0", "1", "3")),
        weather=st.sampled_from(("calm", "calm", "calm", "lossy", "lagging", "lossy, lagging")),
        crowd=st.sampled_from((False, False, False, False, True)),
    )
    def start(  # noqa: PLR0913, PLR0917 - what is drawn
        self,
        scope: str,
        lift: str,
        exempt: frozenset[str],
        via: str,
        brake: str,
        weather: str,
        crowd: bool,
    ) -> None:
        """Set up an account in order, with users who are exempt each in another way."""
        if scope == "everyone" and lift == "compliant":
            lift = "exempt"
        given = {name: EXEMPT[name] if name in exempt else "" for name in EXEMPT}
        self.chosen = settings(
            scope=scope, lift=lift, guard_via=via, max_remediations=brake, **given
        )
        self.document = canonical(guard_document("aws", ACCOUNT, self.chosen))
        self.lossy, self.lagging = "lossy" in weather, "lagging" in weather
        self.hiding = self.was_foreign = False
        self.wrong: list[str] = []
        self.seen = 0  # records
        self.born: dict[str, datetime] = {}
        self.blocked: dict[str, str] = {}
        self.delivered: set[str] = set()
        self.stage = Stage(self.chosen)
        self.stage.on_write, self.stage.on_end = self._on_write, self._on_end
        self.account = self.stage.account
        self._furnish(crowd)
        self.stage.wait(3600)
        self.stage.invoke(Function.SWEEP, {})
        self.stage.drain()
        self.stage.wait(3600)
        FIGURES["runs"] += 1

    def _furnish(self, crowd: bool) -> None:
        account = self.account
        account.put_policy(document=self.document)
        for each in OTHERS:
            account.put_policy(each, {})
        account.put_list("nobody")
        for group in GROUPS[:-1]:
            account.put_group(group, *([GUARD_ARN] if group in {"guarded", "crowd"} else []))
        account.put_guard_group()
        if self.chosen.guard_via is Via.GROUP:
            account.put_user("alice", password=True, groups=frozenset({GUARD_GROUP}))
        else:
            account.put_user("alice", password=True, policies=frozenset({GUARD_ARN}))
        device = Device(serial_of("bob"), account.clock())
        account.put_user("bob", password=True, keys=(True,), devices=(device,))
        account.put_user("svc-1", keys=(True,))
        account.put_user("ses", keys=(True,), path="/service/x/")
        account.put_user("dora", password=True, tags=(("userType", "Service"),))
        account.put_user("erin", password=True, groups=frozenset({"break-glass"}))
        for number in range(CROWD if crowd else 0):
            account.put_user(f"c{number}", keys=(True,), groups=frozenset({"crowd"}))

    # What people do to users.

    @rule(name=more_names, path=st.sampled_from(("/", "/service/x/")), by=callers, after=copies)
    def create_user(self, name: str, path: str, by: str, after: Copies) -> None:
        """A user is created, without credentials as IAM does."""
        if self._user(name) is None:
            self.born[name] = self.stage.clock()
            self._tell(self._as(by, name).create_user(name, path=path), after)

    @rule(name=more_names, to=more_names, by=callers, after=copies)
    def rename_user(self, name: str, to: str, by: str, after: Copies) -> None:
        """A user gets another name."""
        if self._user(name) and self._user(to) is None:
            self._tell(self._as(by, name).rename_user(name, to), after)

    @rule(
        name=st.sampled_from(("ses", "ses", *NAMES)),
        path=st.sampled_from(("/", "/service/", "/services/")),
        after=copies,
    )
    def move_user(self, name: str, path: str, after: Copies) -> None:
        """A user gets another path."""
        if self._user(name):
            self._tell(self._as("admin").move_user(name, path), after)

    @rule(
        name=st.sampled_from(("dora", "dora", *NAMES)),
        value=st.sampled_from(("Service", "human", "")),
        by=callers,
        after=copies,
    )
    def tag_user(self, name: str, value: str, by: str, after: Copies) -> None:
        """A tag is put on a user, or taken off."""
        tools = self._as(by, name)
        if self._user(name) and value:
            self._tell(tools.tag_user(name, "userType", value), after)
        elif self._user(name):
            self._tell(tools.untag_user(name, "userType"), after)

    @rule(
        name=st.sampled_from(("erin", "erin", *NAMES)),
        group=st.sampled_from(("break-glass", *GROUPS)),
        joins=st.booleans(),
        by=callers,
        after=copies,
    )
    def move_to_group(self, name: str, group: str, joins: bool, by: str, after: Copies) -> None:
        """A user joins a group or leaves it."""
        user, tools = self._user(name), self._as(by, name)
        if user is None or group not in self.account.world.groups:
            return
        if joins:
            self._tell(tools.join_group(name, group), after)
        elif group in user.groups:
            self._tell(tools.leave_group(name, group), after)

    @rule(
        name=names,
        arn=st.sampled_from((GUARD_ARN, GUARD_ARN, OTHERS[0], OTHERS[2])),
        attaches=st.booleans(),
        by=callers,
        after=copies,
    )
    def change_policy(self, name: str, arn: str, attaches: bool, by: str, after: Copies) -> None:
        """A policy, the guard perhaps, is attached to a user or detached."""
        user, tools = self._user(name), self._as(by, name)
        if user is None or arn not in self.account.world.policies:
            return
        if attaches:
            self._tell(tools.attach_policy(name, arn), after)
        elif arn in user.policies:
            self._tell(tools.detach_policy(name, arn), after)

    @rule(name=names, kind=kinds, by=callers, after=copies)
    def make_credential(self, name: str, kind: str, by: str, after: Copies) -> None:
        """A user gets a key, or another credential of the kinds with a status."""
        user = self._user(name)
        if user and len(getattr(user, kind)) < 2:
            self._tell(self._as(by, name).make_credential(name, kind), after)

    @rule(name=names, kind=kinds, active=st.booleans(), by=callers, after=copies)
    def switch_credentials(
        self, name: str, kind: str, active: bool, by: str, after: Copies
    ) -> None:
        """Credentials are switched on or off."""
        user = self._user(name)
        if user and getattr(user, kind):
            self._tell(self._as(by, name).switch_credentials(name, kind, active=active), after)

    @rule(name=names, kind=kinds, by=callers, after=copies)
    def remove_credentials(self, name: str, kind: str, by: str, after: Copies) -> None:
        """Credentials are removed."""
        user = self._user(name)
        if user and getattr(user, kind):
            self._tell(self._as(by, name).remove_credentials(name, kind), after)

    @rule(name=names, by=callers, after=copies)
    def change_password(self, name: str, by: str, after: Copies) -> None:
        """A user without a password gets one, a user with one loses it."""
        user, tools = self._user(name), self._as(by, name)
        if user and user.password:
            self._tell(tools.delete_password(name), after)
        elif user:
            self._tell(tools.set_password(name), after)

    @rule(name=names, by=callers, after=copies, later=copies)
    def change_device(self, name: str, by: str, after: Copies, later: Copies) -> None:
        """A user without a device enrols, one with a device loses it, deactivated and deleted."""
        user, tools = self._user(name), self._as(by, name)
        if user and user.devices:
            serial = user.devices[0].serial
            self._tell(tools.deactivate_device(name, serial), after)
            self._tell(tools.delete_device(serial), later)
        elif user:
            self._tell(tools.enable_device(name, serial_of(name)), after)

    # Deletion, as the console and Terraform go about it.

    @rule(name=names, pause=st.sampled_from((0, 1, 10)), after=copies)
    def strip_user(self, name: str, pause: int, after: Copies) -> None:
        """All is taken off a user that a tool knows of; the guard it does not know."""
        user, tools = self._user(name), self._as("admin")
        if user is None:
            return
        for group in sorted(user.groups):
            self._tell(tools.leave_group(name, group), after, pause)
        for arn in sorted(user.policies - {GUARD_ARN}):
            self._tell(tools.detach_policy(name, arn), after, pause)
        for device in user.devices:
            self._tell(tools.deactivate_device(name, device.serial), after, pause)
        self._tell(tools.delete_password(name), after, pause)
        for kind in CREDENTIALS:
            self._tell(tools.remove_credentials(name, kind), after, pause)

    @rule(name=names, thorough=st.booleans(), by=callers, after=copies)
    def delete_user(self, name: str, thorough: bool, by: str, after: Copies) -> None:
        """DeleteUser; `thorough` detaches the policies in the same second, as the console does."""
        user, tools = self._user(name), self._as(by, name)
        if user is None:
            return
        for arn in sorted(user.policies) if thorough else ():
            self._tell(tools.detach_policy(name, arn), after, 0)
        FIGURES["deletions tried"] += 1
        if tools.hanging_on(name):
            self._fail_to_delete(name, tools, after)
        else:
            self._tell(tools.delete_user(name), after)
            FIGURES["users deleted"] += 1

    def _fail_to_delete(self, name: str, tools: Admin, after: Copies) -> None:
        self.hiding = False
        event = tools.fail_to_delete_user(name)
        if laws.only_the_guard_hangs_on(self.account.world, self.account.world.users[name]):
            FIGURES["deletions blocked by the guard"] += 1
            self.blocked[event["detail"]["eventID"]] = name
        self._tell(event, after)

    # What is done to groups, the guard and the list.

    @rule(group=groups, arn=st.sampled_from((GUARD_ARN, OTHERS[0])), after=copies)
    def change_group(self, group: str, arn: str, after: Copies) -> None:
        """A policy is attached to a group, or detached from it."""
        world, tools = self.account.world, self._as("admin")
        if group not in world.groups or arn not in world.policies:
            return
        if arn in world.groups[group]:
            self._tell(tools.detach_from_group(group, arn), after)
        else:
            self._tell(tools.attach_to_group(group, arn), after)

    @rule(group=groups, to=groups, after=copies)
    def rename_group(self, group: str, to: str, after: Copies) -> None:
        """A group gets another name, one that exempts perhaps."""
        there = self.account.world.groups
        if group in there and to not in there:
            self._tell(self._as("admin").rename_group(group, to), after)
        elif group in there and group == to:
            self._tell(self._as("admin").rename_group(group, "renamed"), after)

    @rule(what=st.sampled_from(("edit", "choose", "untag", "tag", "delete")), after=copies)
    def tamper(self, what: str, after: Copies) -> None:
        """Somebody changes the guard."""
        if GUARD_ARN not in self.account.world.policies:
            return
        tools = self._as("carol")
        if what == "edit":
            for event in tools.make_version(ANOTHER_DOCUMENT):
                self._tell(event, after, 0)
        elif what == "choose":
            self._tell(tools.choose_version(), after)
        elif what == "tag":
            self._tell(tools.tag_policy(), after)
        elif what == "untag":
            self.was_foreign = True
            self._tell(tools.untag_policy(), after)
        else:
            for event in tools.delete_policy():
                self._tell(event, after, 0)

    @precondition(lambda self: self.chosen.exempt_parameter)
    @rule(listed=st.none() | st.frozensets(names, max_size=2), after=copies)
    def change_list(self, listed: frozenset[str] | None, after: Copies) -> None:
        """The exemption list is written, or deleted."""
        tools, self.hiding = (
            self._as("admin"),
            False,
        )  # 8 kB at most, of which CloudTrail drops none
        if listed is None:
            self._tell(tools.delete_list(), after)
        else:
            self._tell(tools.write_list(",".join(sorted(listed)) or "nobody"), after)

    # What becomes of calls and of their events.

    @rule()
    def hide(self) -> None:
        """The next call's request is too large for CloudTrail."""
        self.hiding = True

    @rule(event=st.sampled_from(sorted(CATALOGUE)), name=names, by=callers, after=copies)
    def call_denied(self, event: str, name: str, by: str, after: Copies) -> None:
        """A call is denied, and changes nothing."""
        tools = self._as(by, name)
        self._tell(denied(tools._event(event, userName=name)), after)

    @rule(storm=st.lists(errors, min_size=1, max_size=12))
    def storm(self, storm: list[str]) -> None:
        """The reactor's next calls go wrong."""
        self.stage.weather.storm = list(storm)

    @rule(operation=st.sampled_from(OPERATIONS))
    def outage(self, operation: str) -> None:
        """One operation fails for long: with each try of whatever calls it in the meantime."""
        self.stage.weather.broken = frozenset({operation})
        self.stage.wait(200)

    @rule(
        haste=st.lists(st.integers(6, 12), min_size=1, max_size=4) | st.just([UNHURRIED]),
        forgetful=st.booleans(),
    )
    def hurry(self, haste: list[int], forgetful: bool) -> None:
        """From now on the sweep has as much time as this, in turn, and goes on where it ends."""
        # Three of a few, or six of many, in a part: so that it ends before Lambda ends it.
        least = 10 if len(self.account.world.users) >= CROWD else 6
        self.stage.haste = tuple(max(least, each) for each in haste)
        self.stage.slowness, self.stage.forgetful = (), forgetful

    @rule(
        slowness=st.lists(st.sampled_from((0.5, 1.0, 2.0)), min_size=1, max_size=3),
        seconds=st.sampled_from((120, 900)),
    )
    def slow_down(self, slowness: list[float], seconds: int) -> None:
        """From now on the sweep's calls take so many seconds, in turn, of the time that it has."""
        self.stage.slowness, self.stage.haste = tuple(slowness), (seconds,)

    @rule(
        kills=st.lists(st.none() | kills, min_size=1, max_size=4),
        lands=st.booleans(),
    )
    def end_sweeps(self, kills: list[Kill | None], lands: bool) -> None:
        """Lambda ends the sweep's next invocations."""
        self.stage.kills, self.stage.lands = list(kills), lands

    @precondition(lambda self: self.lagging)
    @rule(ages=st.lists(st.integers(0, 60), min_size=1, max_size=5))
    def lag(self, ages: list[int]) -> None:
        """From now on reads are as old as this, in turn."""
        self.stage.weather.ages = tuple(ages)

    @rule(seconds=st.sampled_from((1, 10, 60, 200, 700)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.stage.wait(seconds)

    @rule()
    def let_it_arrive(self) -> None:
        """Time passes until nothing waits any more; the schedule's sweep does not come."""
        self.stage.drain()
        self.stage.weather.storm.clear()
        self.stage.weather.broken = frozenset()
        self.stage.kills.clear()
        if not self.lossy and not self.lagging:
            self._check_reactions()

    @rule(event=st.none())
    def let_it_all_arrive(self, event: None) -> None:  # noqa: ARG002 - the same again, to come more often
        """The same."""
        self.let_it_arrive()

    @rule()
    def scheduled_sweep(self) -> None:
        """The schedule wakes the sweep."""
        self.stage.invoke(Function.SWEEP, {})
        self.stage.wait(0)

    @rule()
    def redrive(self) -> None:
        """Somebody sends what lies in the failure queue again."""
        self.stage.redrive()

    @rule()
    def settle(self) -> None:
        """Let the dust settle, and see whether all is in order."""
        self.hiding = False
        self._put_right()
        self.let_it_arrive()
        self.stage.weather.ages, self.stage.slowness = (0,), ()
        self.stage.wait(60)
        self._sweep_to_the_end()
        found = laws.disorder(self.account.world, self.chosen)
        assert not found, found
        named = self.stage.ledger.named | {each.event_id for each in self.stage.failed}
        assert self.delivered <= named, self.delivered - named
        self._delete_the_stripped()

    def teardown(self) -> None:
        """End every run with an account in order."""
        if hasattr(self, "stage"):
            self.settle()
            FIGURES["AWS calls"] += self.stage.weather.calls
            FIGURES["AWS calls failed"] += self.stage.weather.struck

    def _needs_a_person(self) -> bool:
        return self._lacks_the_list() or self._is_foreign()

    def _lacks_the_list(self) -> bool:
        named = bool(self.chosen.exempt_parameter)
        return named and self.account.world.exemption_list is None

    def _is_foreign(self) -> bool:
        policy = self.account.world.policies.get(GUARD_ARN)
        return policy is not None and policy.tags != GUARD_TAGS

    def _put_right(self) -> None:
        """Undo the mistakes that nobody but a person can: a list deleted, a guard not ours."""
        if self._lacks_the_list():
            self._tell(self._as("admin").write_list("nobody"), (1,))
        if self._is_foreign():
            self._tell(self._as("admin").tag_policy(), (1,))

    def _check_reactions(self) -> None:
        """Hold what is so without a sweep of the schedule; failed events come again first."""
        if self._needs_a_person():
            return  # nothing can be changed until then, and nobody is called in order
        self.stage.redrive()
        self.stage.drain()
        assert not self.stage.failed, self.stage.failed
        if self.was_foreign or self.chosen.max_remediations:
            return
        left = laws.unguarded(self.account.world, self.chosen)
        assert not left, f"no event was lost, and yet without the guard: {left}"
        policy = self.account.world.policies.get(GUARD_ARN)
        assert policy is None or policy.document == self.document

    def _sweep_to_the_end(self) -> None:
        """Sweep, and go on where the brake makes users wait."""
        failed = len(self.stage.failed)
        for _ in range(len(self.account.world.users) + 1):
            seen = len(self.stage.ledger.records)
            self.stage.invoke(Function.SWEEP, {})
            self.stage.wait(MOST_HOPS + 1)
            after = self.stage.ledger.records[seen:]
            self.stage.drain()
            if not any(each.get("alarm") == AlarmKind.BRAKE for each in after):
                break
        else:
            raise AssertionError("the brake holds users back for ever")
        assert len(self.stage.failed) == failed, self.stage.failed[failed:]
        self.was_foreign = False

    def _delete_the_stripped(self) -> None:
        """Delete who is left with nothing but the guard: once it fails, and then it goes well."""
        for user in self.account.world.users.values():
            if laws.only_the_guard_hangs_on(self.account.world, user):
                tools = self._as("admin")
                FIGURES["deletions tried"] += 2
                self._fail_to_delete(user.name, tools, (2,))
                self.stage.drain()
                self._tell(tools.delete_user(user.name), (2,))
                self.stage.drain()
                FIGURES["users deleted"] += 1

    def _on_write(self, operation: str, name: str) -> None:
        FIGURES[f"calls of our own: {operation}"] += 1
        worlds = self._lately()
        wrong = None
        if operation in {"AttachUserPolicy", "AddUserToGroup"}:
            wrong = laws.why_not_attach(worlds, name, self.chosen) or self._fight(worlds, name)
        elif operation in {"DetachUserPolicy", "RemoveUserFromGroup"}:
            wrong = laws.why_not_detach(worlds, name, self.chosen)
        if wrong is not None:
            self.wrong.append(f"{wrong}: {self.stage.running[-1]}")

    def _fight(self, worlds: list[World], name: str) -> str | None:
        run = self.stage.running[-1]
        named = run.payload.get("detail", {}).get("eventName")
        if named is None or CATALOGUE[named].names not in A_USERS_NAMES:
            return None
        born = self.born.get(name.lower())
        if born is not None and self.stage.clock() - born < NEW:
            return None
        stripped = laws.is_stripped(worlds, name)
        return f"put the guard on {name}, who is being deleted" if stripped else None

    def _on_end(self, run: Invocation, error: BaseException | None) -> None:
        ledger, weather = self.stage.ledger, self.stage.weather
        FIGURES["sweeps ended by Lambda"] += isinstance(error, Killed)
        FIGURES[f"{run.function} invoked"] += 1
        FIGURES["parts of sweeps that went on"] += "continues" in run.payload
        FIGURES["invocations tried again"] += error is not None
        assert not self.wrong, self.wrong
        event_id, stale = run.event_id, weather.stale
        weather.stale = False
        if event_id is not None and error is None and event_id not in ledger.named:
            raise AssertionError(f"not accounted for: {run}")
        new, self.seen = ledger.records[self.seen :], len(ledger.records)
        for record in new:
            if record.get("alarm") == AlarmKind.SWEEP_UNFINISHED:
                raise AssertionError(f"not at its end after so many parts: {record}")
            if "unexpected" in str(record.get("errors", "")):
                raise AssertionError(f"unforeseen: {record}")
        name = self.blocked.get(event_id or "")
        if name is None or error is not None or stale or run.function is not Function.REACT:
            return
        user = self._user(name)
        if user is not None and not self._is_foreign() and self._is_blocked(user):
            raise AssertionError(f"the guard still blocks the deletion of {name}: {run}")

    def _is_blocked(self, user: Any) -> bool:
        return laws.only_the_guard_hangs_on(self.account.world, user)

    def _lately(self) -> list[World]:
        return self.account.lately(laws.LAG if self.lagging else timedelta(0))

    def _as(self, by: str, name: str = "") -> Admin:
        identity: Any = {"admin": ROLE, "root": ROOT, "self": iam_user(name)}.get(by)
        return Admin(self.account, identity or iam_user(by), LIST)

    def _user(self, name: str) -> Any:
        return self.account.world.user(name)

    def _tell(self, event: Envelope, after: Copies, pause: int = 1) -> None:
        """Send an event on its way, and let a little time pass."""
        if not after and not self.lossy:
            after = (2,)
        if self.hiding:
            event, self.hiding = too_large(event), False
        heard_by = self.stage.hear(event, after)
        FIGURES["operations"] += 1
        FIGURES["events lost"] += not after
        FIGURES["events doubled"] += len(after) > 1
        if heard_by and after:
            FIGURES["events delivered"] += 1
            self.delivered.add(event["detail"]["eventID"])
        self.stage.wait(pause)
