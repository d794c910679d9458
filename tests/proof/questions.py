"""Asking what a guard allows, and comparing that with the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.oracle import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactor.settings import Settings
    from sandbox.oracle import Oracle, Prepared
    from sandbox.oracle.words import Document
    from tests.proof.cases import Case
    from tests.proof.combinations import Combination
    from tests.proof.sessions import Asker

    # Whether a case must be allowed.
    Expectation = Callable[[Case, Asker, Settings], bool]

ADMINISTRATOR: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_SHOWN = 20


class Questions:
    """Cases, made for a combination, that the oracle checks once and decides on many times."""

    def __init__(self, oracle: Oracle, cases: Callable[[Combination], tuple[Case, ...]]) -> None:
        self._oracle = oracle
        self._cases = cases
        self._prepared: dict[object, tuple[tuple[Case, ...], Prepared]] = {}

    def differences(
        self,
        combination: Combination,
        asker: Asker,
        policies: Sequence[Document],
        expected: Expectation,
    ) -> list[str]:
        """Return what is allowed and must not be, and what must be and is not: nothing is right."""
        cases, prepared = self._of(combination)
        session = asker.session(combination.partition)
        decisions = self._oracle.decide(prepared, policies, session)
        found = [
            f"{decision}: {case}"
            for case, decision in zip(cases, decisions, strict=True)
            if (decision is Decision.ALLOWED) is not expected(case, asker, combination.settings)
        ]
        return found if len(found) <= _SHOWN else [*found[:_SHOWN], f"{len(found)} in all"]

    def _of(self, combination: Combination) -> tuple[tuple[Case, ...], Prepared]:
        if combination.scene not in self._prepared:
            cases = self._cases(combination)
            prepared = self._oracle.prepare(each.request for each in cases)
            self._prepared[combination.scene] = (cases, prepared)
        return self._prepared[combination.scene]
