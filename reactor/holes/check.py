"""Judging a document: what is open in which session, on whom, and how bad that is."""

from dataclasses import dataclass, field, replace
from functools import partial

from reactor.gathering import Gather
from reactor.holes.asking import Rulings, ask, probe
from reactor.holes.catalogue import catalogue
from reactor.holes.expected import is_expected
from reactor.holes.policy import Policy
from reactor.holes.ports import Ruling, Simulator
from reactor.holes.questions import Case, Question, questions
from reactor.holes.report import Found, Report, merged
from reactor.settings import Settings


@dataclass(slots=True)
class _Sorted:
    """What is not denied, and should be, by what is known of it."""

    holes: list[Found] = field(default_factory=list)
    unjudged: list[Found] = field(default_factory=list)
    unruled: list[Found] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


def find_holes(case: Case, simulator: Simulator, gather: Gather) -> Report:
    """Ask the simulator, and judge its answers.

    Raises Refused for a document that it does not take, ReactorError when it does not answer.
    """
    probe(case, simulator, gather)
    asked = catalogue(case.policy, simulator)
    of_firm = list(questions(case, asked))
    put = partial(ask, simulator, gather)
    firm = put(of_firm, lambda each: case.policy.firm(each.known))
    open_ones = [_unexpected(*each, case.settings) for each in zip(of_firm, firm, strict=True)]
    # What the firm part leaves open, the rest may close, for some values of the keys it asks for.
    of_whole = [_doubtful(*each, case.policy) for each in zip(of_firm, open_ones, strict=True)]
    whole = put(of_whole, lambda _: case.policy)
    found = _Sorted()
    for question, rulings, closed in zip(of_firm, open_ones, whole, strict=True):
        _sort(found, question, rulings, closed, case.policy)
    return Report(
        sessions=case.sessions,
        holes=merged(found.holes, case.sessions),
        unjudged=merged(found.unjudged, case.sessions),
        keys=tuple(sorted(found.keys)),
        unruled=merged(found.unruled, case.sessions),
        unasked=(*asked.unresolved, *case.policy.excepted_elsewhere),
        asked=sum(len(each) for each in firm),
    )


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


def _sort(
    found: _Sorted, question: Question, rulings: Rulings, closed: Rulings, policy: Policy
) -> None:
    """Add what a question has found. `closed` has the rulings of the whole, where it was asked."""
    for pair, ruling in rulings.items():
        each = Found(*pair, question.session)
        if ruling is Ruling.NOT_ALLOWED:
            found.unruled.append(each)
        elif closed.get(pair, Ruling.ALLOWED) is Ruling.ALLOWED:
            found.holes.append(each)
        else:
            found.unjudged.append(each)
            found.keys |= policy.unknown(question.known)
