"""`python -m demo`: set up, play, read back, sum up.

Ends with 1 if any step did not end as it should.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from demo import audit
from demo.play import Result, audit_record, function_of, play
from demo.show import Show
from demo.stage import Stage, set_up, settings
from demo.story import STORY
from reactor.settings import Mode
from sandbox import DeploymentError, SandboxError

_PAUSE_SECONDS = 0.4  # between rows, for people who watch
_EXCERPT_LINES = 20


def main() -> int:
    """Run the demo; return the status to end with."""
    arguments = _arguments()
    show = Show(arguments.svg)
    started = time.monotonic()
    try:
        with set_up(arguments.mode, show.working) as stage:
            results, missing = _perform(stage, show, arguments.mode)
            good = all(result.as_expected for result in results) and not missing
            if not good:
                _explain(stage, show, results, missing)
    except (DeploymentError, SandboxError) as error:
        show.console.print(f"The demo stopped: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    show.end(_summary(results, time.monotonic() - started), _NEXT[good], good=good)
    show.save_picture()
    return 0 if good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw what is shown into FILE")
    # For the test that a reactor which does not act fails the demo.
    parser.add_argument("--mode", choices=list(Mode), default=Mode.ENFORCE, help=argparse.SUPPRESS)
    return parser.parse_args()


def _perform(stage: Stage, show: Show, mode: str) -> tuple[list[Result], list[str]]:
    show.heading(_TOLD, "  ".join(f"{name}={value}" for name, value in settings(mode).items()))
    results = []
    for step in STORY:
        with show.playing(step):
            result = play(stage, step)
            if show.console.is_terminal:
                time.sleep(_PAUSE_SECONDS)
        show.step(result)
        results.append(result)
    show.caption()
    return results, audit.read_back(stage, show, results)


def _explain(stage: Stage, show: Show, results: Sequence[Result], missing: Sequence[str]) -> None:
    """Say what went wrong, with the end of the logs of the functions that it concerns."""
    for each in missing:
        show.console.print(each, style="bold red", markup=False)
    for function in sorted({function_of(each.step) for each in results if each.problems}):
        logged = [_readable(event["message"]) for event in stage.log_events(function)]
        lines = [line for line in logged if line][-_EXCERPT_LINES:]
        show.console.print(f"\nThe end of {stage.deployment.log_group(function)}:", style="bold")
        show.console.print("\n".join(lines) or "(empty)", style="dim", markup=False)


def _readable(message: str) -> str:
    """Return an audit record's sentence, nothing of what Lambda adds and of metrics, else all."""
    record = audit_record(message)
    if record is not None:
        reasons = [error["what"] for error in record.get("errors", [])]
        reasons += [action["why"] for action in record.get("actions", []) if action["why"]]
        return "; ".join(dict.fromkeys([record["message"], *reasons]))
    chatter = ("START ", "END ", "REPORT ", '{"_aws"')
    return "" if message.startswith(chatter) else message


def _summary(results: Sequence[Result], seconds: float) -> str:
    good = sum(result.as_expected for result in results)
    return f"{good} of {len(results)} steps as expected, {seconds:.0f} s in all. {_speed(results)}"


def _speed(results: Sequence[Result]) -> str:
    taken: dict[bool, list[int]] = {True: [], False: []}
    for result in results:
        if result.evidence and result.evidence.attached and result.milliseconds is not None:
            taken[result.evidence.cold].append(result.milliseconds)
    said = [
        f"{min(times)} to {max(times)} ms {word}"
        for word, times in (("warm", taken[False]), ("cold", taken[True]))
        if times
    ]
    return f"Guard on after {', '.join(said)}." if said else ""


_TOLD = "Who has no MFA device must carry the guard: a policy that denies what is done without MFA."
_NEXT = {
    False: "The rows marked ✗ say what was expected, and what came.",
    True: """\
make sandbox   leaves such an account running, to try your own calls on
README.md      “Deploy it for real”: in your account it observes until told to enforce""",
}


if __name__ == "__main__":
    sys.exit(main())
