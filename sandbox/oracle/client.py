"""The process that answers, and the questions that can be put to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from sandbox.oracle.words import Action, Decision, Judgement, Request, ResourceType, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from sandbox.oracle.words import Document

_HERE = Path(__file__).parent
_INSTALLED = _HERE / "node_modules" / "@cloud-copilot" / "iam-simulate" / "package.json"
_DECISIONS = {
    "A": Decision.ALLOWED,
    "E": Decision.EXPLICIT_DENY,
    "I": Decision.IMPLICIT_DENY,
}


class OracleError(Exception):
    """The oracle is not installed, has ended, or says what is wrong with the question."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Requests that an oracle has checked and keeps, to decide on under many policies."""

    requests: tuple[Request, ...]
    batch: int


class Oracle:
    """One process of Node.js, started by the first question. Use `close`, or use it in `with`.

    Threads may share it: it answers one question after the other.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @staticmethod
    def is_installed() -> bool:
        """Whether there is Node.js, and `make oracle` was run."""
        return _INSTALLED.exists() and shutil.which("node") is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process: it has nothing to lose."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None

    def actions(self) -> tuple[Action, ...]:
        """Every action that AWS documents."""
        return tuple(
            Action(
                each["name"],
                each["access_level"],
                tuple(each["condition_keys"]),
                tuple(
                    ResourceType(kind["name"], kind["arn"], tuple(kind["condition_keys"]))
                    for kind in each["resource_types"]
                ),
            )
            for each in self._ask("actions")["actions"]
        )

    def problems(
        self, policies: Sequence[Document], kind: Literal["identity", "scp"] = "identity"
    ) -> list[list[str]]:
        """What is wrong with each of some policies, in words; nothing for valid ones."""
        found: list[list[str]] = self._ask("problems", policies=policies, kind=kind)
        return found

    def prepare(self, requests: Iterable[Request]) -> Prepared:
        """Has requests checked that are to be decided under many policies.

        Raises OracleError for an action, a resource type or a context key that AWS does not have,
        and for `*` where a resource can be named.
        """
        kept = tuple(requests)
        return Prepared(kept, self._ask("prepare", requests=[asdict(each) for each in kept]))

    def decide(
        self,
        prepared: Prepared,
        policies: Sequence[Document],
        session: Session,
        *,
        scps: Sequence[Sequence[Document]] = (),
        whole: bool = False,
    ) -> tuple[Decision, ...]:
        """The decision on each of the requests, by one who has these identity policies.

        `scps` are the service control policies of each level of an organization, from its root
        down. Without them each statement is evaluated by itself and remembered, unless the policies
        are to be evaluated as a `whole`: which is slower, and should make no difference. All must
        be valid (`problems`). Raises OracleError for context of the session that not every request
        has.
        """
        letters = self._ask(
            "decide",
            batch=prepared.batch,
            policies=policies,
            scps=scps,
            whole=whole,
            **asdict(session),
        )
        return tuple(_DECISIONS[letter] for letter in letters)

    def simulate(
        self, requests: Iterable[Request], policies: Sequence[Document], session: Session
    ) -> tuple[Decision | None, ...]:
        """As `decide`, by the simulator's own checked simulation: several times as slow.

        None for a request that it refuses: whose ARN it takes for one of no type, or of several.
        """
        asked = [asdict(each) for each in requests]
        letters = self._ask("simulate", requests=asked, policies=policies, **asdict(session))
        return tuple(_DECISIONS.get(letter) for letter in letters)

    def judge(
        self,
        requests: Iterable[Request],
        policies: Sequence[Document],
        boundaries: Sequence[Document],
        session: Session,
    ) -> list[Judgement | None]:
        """The decision on each request with the statements that make it; None: no such action.

        Actions, resources and context are matched with what the policies say and not checked any
        further, and on `*` a statement bears only if it names every resource by `*`.
        """
        answers = self._ask(
            "judge",
            requests=[asdict(each) for each in requests],
            policies=policies,
            boundaries=boundaries,
            **asdict(session),
        )
        return [None if each is None else _judgement(each) for each in answers]

    def _ask(self, method: str, **parameters: Any) -> Any:
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._process = None  # it has ended; what it had prepared is gone with it
            process = self._process = self._process or _start()
            if process.stdin is None or process.stdout is None:
                raise OracleError("the oracle has no pipes")
            try:
                process.stdin.write(json.dumps({"method": method, **parameters}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError as error:
                raise OracleError(f"the oracle has ended: {error}") from error
        answer = json.loads(line) if line else {"error": "the oracle has ended"}
        if "error" in answer:
            raise OracleError(answer["error"])
        return answer["result"]


def _start() -> subprocess.Popen[str]:
    if not Oracle.is_installed():
        raise OracleError("the oracle is not installed: make oracle (it takes Node.js 20)")
    return subprocess.Popen(
        ["node", str(_HERE / "oracle.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"PATH": os.environ.get("PATH", os.defpath)},  # neither a locale nor NODE_OPTIONS
    )


def _judgement(answer: dict[str, Any]) -> Judgement:
    return Judgement(
        _DECISIONS[answer["decision"]],
        tuple((policy, statement) for policy, statement in answer["matched"]),
        answer["within_boundary"],
        tuple(answer["templates"]),
    )
