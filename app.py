"""The Chalice app: wiring only, one short function a trigger. reactor.handlers does the work.

Chalice imports this module twice over: where it deploys from (with the stage's settings in the
environment, so that a wrong one stops the deployment), and in Lambda.
"""

from pathlib import Path
from typing import Any

from chalice.app import BaseLambdaEvent, Chalice, Rate

from reactor.functions import functions_of
from reactor.names import Function
from reactor.start import start_or_exit
from reactor.triggers.rules import (
    compliance_pattern,
    keeper_pattern,
    react_pattern,
    review_pattern,
)
from reactor.watch.patterns import watch_pattern

# Powertools writes the log; Chalice's own handler would write each line a second time.
app = Chalice(app_name="mfa-reactor", configure_logs=False)
reactor = start_or_exit(Path(__file__).parent)


class RawEvent(BaseLambdaEvent):
    """An event as it came: Chalice's own classes fail on a payload that lacks a member."""

    context: Any

    def _extract_attributes(self, event_dict: Any) -> None:
        """Take nothing out; reactor.triggers reads it."""


@app.on_cw_event(react_pattern(reactor.settings))
def react(event: RawEvent) -> None:
    """React to what takes the guard or an MFA device off somebody, and to new users."""
    reactor.react(event.to_dict(), event.context)


@app.on_cw_event(review_pattern(reactor.settings))
def review(event: RawEvent) -> None:
    """React to what merely might matter; apart, so that it holds up nothing that does."""
    reactor.react(event.to_dict(), event.context)


@app.on_cw_event(watch_pattern(reactor.settings))
def watch(event: RawEvent) -> None:
    """Raise alarms: abuse, and changes of the guard, the reactor and the trail."""
    reactor.watch(event.to_dict(), event.context)


@app.schedule(Rate(reactor.settings.sweep_minutes, unit=Rate.MINUTES))
def sweep(event: RawEvent) -> None:
    """Look at every user: what no event brought is found here. The others ask for it, too."""
    reactor.sweep(event.to_dict(), event.context)


@app.on_cw_event(keeper_pattern(reactor.settings))
def keeper(event: RawEvent) -> dict[str, object]:
    """Bring the guard into order: on events about it, and when the other functions ask."""
    return reactor.keep(event.to_dict(), event.context)


@app.lambda_function()
def config(event: Any, context: Any) -> None:
    """Evaluate for a rule of AWS Config, which invokes it itself; change nothing."""
    reactor.evaluate(event, context)


if Function.BUCKETS in functions_of(reactor.settings):
    from reactor.buckets.events import buckets_pattern

    @app.on_cw_event(buckets_pattern(reactor.settings))
    def buckets(event: RawEvent) -> None:
        """Set buckets to private whose ACL grants something to everybody."""
        reactor.buckets(event.to_dict(), event.context)

    buckets.event_class = RawEvent


if Function.COMPLIANCE in functions_of(reactor.settings):

    @app.on_cw_event(compliance_pattern(reactor.settings))
    def compliance(event: RawEvent) -> dict[str, object]:
        """Act on what rules of AWS Config found: events, and the notices of a topic or a queue.

        No on_sqs_message: Chalice's event source mappings cannot have ReportBatchItemFailures, and
        without it Lambda deletes what we give back. infra/notifications.yaml makes the mapping.
        """
        return reactor.comply(event.to_dict(), event.context)

    compliance.event_class = RawEvent


if Function.NOTIFY in functions_of(reactor.settings):

    @app.lambda_function()
    def notify(event: Any, context: Any) -> None:
        """Tell people and tools what the others hand over."""
        reactor.notify(event, context)


for function in (react, review, watch, sweep, keeper):
    function.event_class = RawEvent
