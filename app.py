"""The Chalice app: wiring only, one short function a trigger. reactor.runtime does the work.

Chalice imports this module twice over: where it deploys from (with the stage's settings in the
environment, so that a wrong one stops the deployment), and in Lambda.
"""

from pathlib import Path
from typing import Any

from chalice.app import BaseLambdaEvent, Chalice, Rate

from reactor import runtime
from reactor.triggers.catalogue import rule_pattern

# Powertools writes the log; Chalice's own handler would write each line a second time.
app = Chalice(app_name="mfa-reactor", configure_logs=False)
reactor = runtime.start_or_exit(Path(__file__).parent)


class RawEvent(BaseLambdaEvent):
    """An event as it came: Chalice's own classes fail on a payload that lacks a member."""

    context: Any

    def _extract_attributes(self, event_dict: Any) -> None:
        """Take nothing out; reactor.triggers reads it."""


@app.on_cw_event(rule_pattern())
def react(event: RawEvent) -> None:
    """React to an IAM event that can weaken MFA."""
    reactor.react(event.to_dict(), event.context)


@app.schedule(Rate(reactor.settings.sweep_minutes, unit=Rate.MINUTES))
def sweep(event: RawEvent) -> None:
    """Look at every user: what no event brought is found here."""
    reactor.sweep(event.context)


@app.lambda_function()
def keeper(event: object, context: Any) -> dict[str, object]:
    """Bring the guard into order; the other functions ask for it."""
    return reactor.keep(event, context)


react.event_class = sweep.event_class = RawEvent
