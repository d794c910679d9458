"""Telling people and tools what the reactor did: Slack, SNS, EventBridge, Security Hub.

    records -> outbox -> one invocation of `notify` -> channels

An outbox hears what an invocation records, after it has; at the invocation's end it hands over what
there is to tell, and waits for nobody. `notify` alone can reach the channels. What it is handed
may be forged by whoever may invoke it, so it is read with suspicion, and nothing but messages comes
of it. docs/notices.md says what each channel gets.
"""
