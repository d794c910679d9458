"""The function `notify`: gives what the others hand over to the channels that the settings name."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from reactor.aws.findings import AwsFindings
from reactor.aws.notices import PartlyTaken, Publication, account_alias, publish, put_events
from reactor.aws.secrets import read_secret
from reactor.errors import Permanent, ReactorError, Unsettled
from reactor.invocation import Invocation
from reactor.notify import slack
from reactor.notify.delivery import (
    FINDINGS,
    MOST_HANDED_ON,
    Delivered,
    Message,
    alarms,
    deliver,
    is_to_be_tried_again,
    left_over,
    one_by_one,
)
from reactor.notify.findings import Site, changes
from reactor.notify.kept import REMEMBERED_SECONDS, Kept
from reactor.notify.mail import subject_of, text_of
from reactor.notify.notices import Notice
from reactor.notify.outbox import not_handed_over
from reactor.notify.repeats import is_repeat
from reactor.notify.reports import Stand
from reactor.notify.webhook import Busy, Webhook

RESERVE_SECONDS = 10.0  # of the function's time: to record what became of it
SLACK_SECONDS = 60.0  # for all messages of an invocation, with all further tries
MOST_MESSAGES = 20  # to Slack in one invocation: it takes about one a second
ALIAS_SECONDS = 5.0  # that is waited for the account's alias
MOST_BY_ID = 500  # findings that are asked about one by one; of more, all that are open are read
_SLACK_IS_BUSY = "slack is busy"


@dataclass(frozen=True, slots=True)
class Notifying:
    """One invocation of it. `kept` outlives it; `urls` are the webhooks that it may call."""

    invocation: Invocation
    kept: Kept
    urls: re.Pattern[str]

    def run(self, payload: object) -> None:
        """Tell everybody who is to be told, and record what became of it.

        What only some channels took is handed on to another invocation, for the others.
        Raises Unsettled when nobody was told anything, and another try may help.
        """
        inv, message = self.invocation, self._news(Message.of(payload))
        with inv.flushing():
            delivered = deliver(
                self._channels(message),
                inv.session.begin,
                lambda: inv.seconds_left() - RESERVE_SECONDS,
            )
            inv.journal.told({name: each.describe() for name, each in delivered.items()})
            handed_on = self._hand_on(message, left_over(delivered))
            lost = {name: each for name, each in delivered.items() if name not in handed_on}
            found = alarms(lost)
            for alarm in found:
                inv.journal.alarm(alarm)
        if is_to_be_tried_again(delivered):
            raise Unsettled(found[0].what)

    def _news(self, message: Message) -> Message:
        """Return it without what says again what was just told."""
        news = tuple(each for each in message.notices if not is_repeat(each, self.kept))
        return replace(message, notices=news)

    def _hand_on(self, message: Message, left: Mapping[str, Sequence[int]]) -> set[str]:
        """Have what channels left over told by other invocations; return which channels'."""
        inv, handed_on = self.invocation, set[str]()
        if message.handed_on == MOST_HANDED_ON:
            return handed_on
        for channel, positions in left.items():
            try:
                inv.hand_over(json.dumps(message.rest(channel, positions, inv.run)).encode())
            except ReactorError as error:
                inv.journal.alarm(not_handed_over(error))
            else:
                handed_on.add(channel)
        return handed_on

    def _channels(self, message: Message) -> dict[str, Callable[[], Delivered]]:
        """Return what gives each channel of the stage what it is to be given, by its name."""
        settings, channels = self.invocation.settings, dict[str, Callable[[], Delivered]]()
        if message.notices and settings.sends_notices:
            notices = self._ours(message.notices)
            if settings.slack_webhook:
                channels["slack"] = lambda: self._slack(notices)
            if settings.notice_topic:
                channels["sns"] = lambda: one_by_one(notices, self._publish)
            if settings.notice_bus:
                channels["eventbridge"] = lambda: self._put_events(notices)
        stand = message.stand
        if stand is not None and settings.security_hub:
            channels[FINDINGS] = lambda: self._security_hub(stand)
        asked = channels.keys() if message.channels is None else message.channels
        return {name: give for name, give in channels.items() if name in asked}

    def _ours(self, notices: Sequence[Notice]) -> list[Notice]:
        """Return notices as of this account and stage, whatever they say; with its alias."""
        inv = self.invocation
        asked = inv.session.begin(
            lambda: self.kept.get("alias", lambda: account_alias(inv.session.iam))
        )
        # Who has none, or cannot be asked, is told by its number.
        found = asked(ALIAS_SECONDS)
        alias = found if isinstance(found, str) else ""
        home = inv.home
        return [
            replace(each, account=home.account, region=home.region, stage=inv.stage, alias=alias)
            for each in notices
        ]

    def _slack(self, notices: Sequence[Notice]) -> Delivered:
        inv = self.invocation
        reference = inv.settings.slack_webhook
        if self.kept.known(_SLACK_IS_BUSY) is not None:
            return Delivered(len(notices), 0, Busy("Slack wants to be left alone for longer"))
        try:
            url = self.kept.get(reference, lambda: read_secret(inv.session, reference))
            seconds = min(SLACK_SECONDS, inv.seconds_left() - 2 * RESERVE_SECONDS)
            webhook = Webhook(url, seconds=seconds, taken=self.urls)
        except ReactorError as error:
            self.kept.forget(reference)
            return Delivered(len(notices), 0, error)
        messages = [slack.message(each) for each in notices[:MOST_MESSAGES]]
        if len(notices) > MOST_MESSAGES:
            messages.append(slack.more(len(notices) - MOST_MESSAGES))
        sent = one_by_one(messages, webhook.send)
        if isinstance(sent.error, Permanent):
            self.kept.forget(reference)  # it may have been put in order by now
        if isinstance(sent.error, Busy):
            # Whoever renewed the URL need not wait for as long as Slack can say.
            self.kept.keep(_SLACK_IS_BUSY, "", min(sent.error.seconds, REMEMBERED_SECONDS))
        # The message about the others stands for them.
        return replace(sent, left=range(min(sent.done, MOST_MESSAGES), len(notices)))

    def _publish(self, notice: Notice) -> None:
        publish(
            self.invocation.session.sns,
            self.invocation.settings.notice_topic,
            Publication(notice.kind, subject_of(notice), text_of(notice), notice.describe()),
        )

    def _put_events(self, notices: Sequence[Notice]) -> Delivered:
        entries = [(slack.title(each), json.dumps(each.describe())) for each in notices]
        bus = self.invocation.settings.notice_bus
        try:
            return Delivered(len(notices), put_events(self.invocation.session.events, bus, entries))
        except PartlyTaken as error:
            taken = len(notices) - len(error.left)
            return Delivered(len(notices), taken, error, left=error.left)
        except ReactorError as error:
            return Delivered(len(notices), 0, error)

    def _security_hub(self, stand: Stand) -> Delivered:
        """Bring the findings up to date. To do it twice does no harm."""
        inv = self.invocation
        # A forged stand of next year would make findings that no honest one is younger than.
        stand = replace(stand, at=min(stand.at, inv.clock()))
        site = Site(inv.home.partition, inv.home.region, inv.home.account, inv.stage)
        hub = AwsFindings(inv.session.security_hub, site)
        ids = [site.finding_id(each.type, each.id) for each in stand.reports]
        ids += [site.finding_id(*each) for each in sorted(stand.to_close)]
        try:
            known = hub.known(ids, all_open=stand.whole or len(ids) > MOST_BY_ID)
        except ReactorError as error:
            return Delivered(len(ids), 0, error)
        wanted = changes(site, stand, known)
        brought = hub.bring(wanted.imports)
        # What was refused of the one is no reason to leave the other.
        resolved = hub.resolve(wanted.resolved)
        return Delivered(
            brought.of + resolved.of,
            brought.done + resolved.done,
            brought.error or resolved.error,
        )
