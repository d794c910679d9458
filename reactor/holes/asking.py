"""Putting questions to the simulator, as an administrator, in requests of bounded size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reactor.errors import ReactorError, Transient
from reactor.gathering import Call, Gather
from reactor.guard.document import canonical
from reactor.holes.catalogue import ANY
from reactor.holes.policy import Policy
from reactor.holes.ports import Refused, Ruling, Simulation, Simulator
from reactor.holes.questions import Case, Question
from reactor.holes.targets import Target, callers, targets

# Answers that one request asks for, actions times resources. AWS publishes no limit of either, and
# gives 1,000 a page at the most (API reference, SimulateCustomPolicy).
AT_ONCE = 250
ADMINISTRATOR = canonical(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)

Pair = tuple[str, Target]  # an action and what it is asked on
Rulings = Mapping[Pair, Ruling]


def probe(case: Case, simulator: Simulator, gather: Gather) -> None:
    """Raise what the simulator has against the document, or against the keys of a session.

    Whatever it refuses later is the fault of an action's name.
    """
    caller, *_ = callers(case.partition, case.account)
    harmless = ("sts:GetCallerIdentity",)
    probes = [
        Question(
            session=each,
            caller=caller,
            actions=harmless,
            targets=targets(ANY, caller, case.guard, ()),
            context={**each.context(caller), **case.context},
        )
        for each in case.sessions
    ]
    calls: dict[int, Call] = {
        number: partial(simulator.simulate, _simulation(each, case.policy.text))
        for number, each in enumerate(probes)
    }
    for answer in gather(calls).values():
        if isinstance(answer, ReactorError):
            raise answer


def ask(
    simulator: Simulator,
    gather: Gather,
    questions: Sequence[Question],
    part: Callable[[Question], Policy],
) -> list[Rulings]:
    """Return the rulings on each question's pairs, of the administrator who has `part`.

    Raises ReactorError when the simulator does not answer.
    """
    calls: dict[tuple[int, int], Call] = {}
    for number, question in enumerate(questions):
        most = max(1, AT_ONCE // max(1, len(question.targets)))
        for start in range(0, len(question.actions), most):
            some = replace(question, actions=question.actions[start : start + most])
            calls[number, start] = partial(_rulings, simulator, some, part(question).text)
    found: list[dict[Pair, Ruling]] = [{} for _ in questions]
    for (number, _), answer in gather(calls).items():
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
