"""Judging a document: what is open in which session, on whom, and how bad that is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from reactor.errors import ReactorError, Transient
from reactor.guard.document import canonical
from reactor.guard.identity import Guard
from reactor.holes.catalogue import ANY, Catalogue, catalogue
from reactor.holes.expected import is_expected
from reactor.holes.policy import Policy
from reactor.holes.ports import Context, Refused, Ruling, Simulation, Simulator
from reactor.holes.report import Found, Report, merged
from reactor.holes.sessions import WITHOUT_MFA, Caller, Session, with_old_mfa
from reactor.holes.targets import Target, callers, matters, targets
from reactor.settings import Settings
from reactor.users.ports import Call, Gather

# Answers that one request asks for, actions times resources. AWS publishes no limit of either, and
# gives 1,000 a page at the most (API reference, SimulateCustomPolicy).
AT_ONCE = 250
ADMINISTRATOR = canonical(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document, and for whom it is judged.

    `guard` is the policy that the document is, or would be; `settings` say what the operator wants
    open; `hours` how long MFA counts, None for as long as the session; `context` has the values of
    further context keys.
    """

    policy: Policy
    guard: Guard
    settings: Settings
    partition: str
    account: str
    hours: int | None = None
    context: Context = field(default_factory=dict)

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions without MFA, and with one that is too old."""
        return WITHOUT_MFA if self.hours is None else (*WITHOUT_MFA, with_old_mfa(self.hours))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Actions on resources of one kind, in one session of one caller."""

    session: Session
    caller: Caller
    actions: tuple[str, ...]
    targets: tuple[Target, ...]
    context: Context

    @property
    def known(self) -> frozenset[str]:
        """The context keys of which it is known what such a request has, or that it has none."""
        return frozenset(self.context) | self.session.absent | {"iam:PolicyARN"}

    def found(self, action: str, target: Target) -> Found:
        """Return a pair of this question's."""
        return Found(action, target, self.session)


Pair = tuple[str, Target]
Rulings = Mapping[Pair, Ruling]


def find_holes(case: Case, simulator: Simulator, gather: Gather) -> Report:
    """Ask the simulator, and judge its answers.

    Raises Refused for a document that it does not take, ReactorError when it does not answer.
    """
    _probe(case, simulator, gather)
    asked = catalogue(case.policy, simulator)
    questions = list(_questions(case, asked))
    ask = partial(_ask, simulator, gather)
    firm = ask(questions, lambda each: case.policy.firm(each.known))
    open_ones = [_unexpected(*each, case.settings) for each in zip(questions, firm, strict=True)]
    # What the firm part leaves open, the rest may close, for some values of the keys it asks for.
    again = [_doubtful(*each, case.policy) for each in zip(questions, open_ones, strict=True)]
    whole = ask(again, lambda _: case.policy)
    holes, unjudged, unruled = [], [], []
    keys: set[str] = set()
    for question, rulings, closed in zip(questions, open_ones, whole, strict=True):
        for pair, ruling in rulings.items():
            if ruling is Ruling.NOT_ALLOWED:
                unruled.append(question.found(*pair))
            elif closed.get(pair, Ruling.ALLOWED) is Ruling.ALLOWED:
                holes.append(question.found(*pair))
            else:
                unjudged.append(question.found(*pair))
                keys |= case.policy.unknown(question.known)
    return Report(
        sessions=case.sessions,
        holes=merged(holes, case.sessions),
        unjudged=merged(unjudged, case.sessions),
        keys=tuple(sorted(keys)),
        unruled=merged(unruled, case.sessions),
        unasked=(*asked.unresolved, *case.policy.excepted_elsewhere),
        asked=sum(len(each) for each in firm),
    )


def _probe(case: Case, simulator: Simulator, gather: Gather) -> None:
    """Raise what the simulator has against the document, or against the keys of a session.

    Whatever it refuses later is the fault of an action's name.
    """
    caller, *_ = callers(case.partition, case.account)
    probes = {
        each.name: Question(
            session=each,
            caller=caller,
            actions=("sts:GetCallerIdentity",),
            targets=targets(ANY, caller, case.guard, ()),
            context={**each.context(caller), **case.context},
        )
        for each in case.sessions
    }
    simulations = {
        name: partial(simulator.simulate, _simulation(each, case.policy.text))
        for name, each in probes.items()
    }
    for answer in gather(simulations).values():
        if isinstance(answer, ReactorError):
            raise answer


def _questions(case: Case, asked: Catalogue) -> Iterator[Question]:
    for session in case.sessions:
        for caller in callers(case.partition, case.account):
            context = {**session.context(caller), **case.context}
            for kind, actions in asked.kinds.items():
                if not matters(caller, kind):
                    continue
                on = targets(kind, caller, case.guard, case.policy.excepted_resources)
                for some, more in _by_context(actions, asked, case.guard):
                    yield Question(
                        session=session,
                        caller=caller,
                        actions=some,
                        targets=on,
                        context={**context, **more},
                    )


def _by_context(
    actions: Sequence[str], asked: Catalogue, guard: Guard
) -> Iterator[tuple[tuple[str, ...], Context]]:
    """Yield actions with what their requests carry besides."""
    plain = tuple(each for each in actions if each not in asked.about_policies)
    attaching = tuple(each for each in actions if each in asked.about_policies)
    if plain:
        yield plain, {}
    if attaching:
        yield attaching, {"iam:PolicyARN": guard.arn}


def _unexpected(question: Question, rulings: Rulings, settings: Settings) -> Rulings:
    """Return what is not denied, and should be."""
    return {
        (action, target): ruling
        for (action, target), ruling in rulings.items()
        if ruling is not Ruling.DENIED
        and not is_expected(action, target, question.session, settings)
    }


def _doubtful(question: Question, open_ones: Rulings, policy: Policy) -> Question:
    """Return the question once more, of what the whole document may judge otherwise."""
    if policy.firm(question.known) == policy:
        return replace(question, actions=())
    pairs = [pair for pair, ruling in open_ones.items() if ruling is Ruling.ALLOWED]
    return replace(
        question,
        actions=tuple(dict.fromkeys(action for action, _ in pairs)),
        targets=tuple(dict.fromkeys(target for _, target in pairs)),
    )


def _ask(
    simulator: Simulator,
    gather: Gather,
    questions: Sequence[Question],
    part: Callable[[Question], Policy],
) -> list[Rulings]:
    """Return the rulings on each question's pairs, of the administrator who has `part`."""
    calls: dict[tuple[int, int], Call] = {}
    for number, question in enumerate(questions):
        most = AT_ONCE // len(question.targets) if question.actions else 1
        for start in range(0, len(question.actions), most):
            some = replace(question, actions=question.actions[start : start + most])
            calls[number, start] = partial(_rulings, simulator, some, part(question).text)
    answers = gather(calls)
    found: list[dict[Pair, Ruling]] = [{} for _ in questions]
    for (number, _), answer in answers.items():
        if isinstance(answer, ReactorError):
            raise answer
        found[number].update(answer)
    return list(found)


def _rulings(simulator: Simulator, question: Question, document: str | None) -> Rulings:
    """Ask one request; where it is refused, its halves, until it is known which action is at fault.

    Raises Transient when an answer is missing: that is no denial.
    """
    pairs = [(action, target) for action in question.actions for target in question.targets]
    try:
        answers = simulator.simulate(_simulation(question, document))
    except Refused:
        middle = len(question.actions) // 2
        if not middle:
            return dict.fromkeys(pairs, Ruling.NOT_ALLOWED)
        halves = (question.actions[:middle], question.actions[middle:])
        parts = [_rulings(simulator, replace(question, actions=each), document) for each in halves]
        return {**parts[0], **parts[1]}
    by_pair = {(each.action.lower(), each.resource): each.ruling for each in answers}
    for action, target in pairs:
        if (action.lower(), target.arn) not in by_pair:
            raise Transient(
                f"iam:SimulateCustomPolicy gave no answer for {action} on {target.arn}",
                remedy="try again; if it lasts, report it as a bug",
            )
    return {(action, target): by_pair[action.lower(), target.arn] for action, target in pairs}


def _simulation(question: Question, document: str | None) -> Simulation:
    arns = tuple(each.arn for each in question.targets)
    return Simulation(
        documents=(ADMINISTRATOR,) if document is None else (ADMINISTRATOR, document),
        actions=question.actions,
        resources=() if arns == (ANY,) else arns,
        caller=None if question.session.federated else question.caller.arn,
        context=question.context,
    )
