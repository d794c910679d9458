"""What feeds functions: an event source mapping of a queue; and who may publish to a topic."""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import override

from sandbox.cloudformation.intrinsics import Made
from sandbox.cloudformation.kind import Clients, Kind, Properties, gone


class EventSourceMapping(Kind):
    """AWS::Lambda::EventSourceMapping. Its numbers may be texts, as parameters are."""

    fixed = frozenset({"EventSourceArn"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        made = clients("lambda").create_event_source_mapping(**self._typed(properties))
        return Made(made["UUID"], {"Id": made["UUID"]})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        changeable = {n: v for n, v in self._typed(properties).items() if n not in self.fixed}
        clients("lambda").update_event_source_mapping(UUID=made.physical_id, **changeable)
        return made

    @override
    def delete(self, clients: Clients, made: Made, _: Properties) -> None:
        with gone("ResourceNotFoundException", "404"):
            clients("lambda").delete_event_source_mapping(UUID=made.physical_id)

    def _typed(self, properties: Properties) -> Properties:
        typed: dict[str, Any] = dict(properties)
        if "BatchSize" in typed:
            typed["BatchSize"] = int(typed["BatchSize"])
        if most := (typed.get("ScalingConfig") or {}).get("MaximumConcurrency"):
            typed["ScalingConfig"] = {"MaximumConcurrency": int(most)}
        return typed


class TopicPolicy(Kind):
    """AWS::SNS::TopicPolicy."""

    fixed = frozenset({"Topics"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        document = json.dumps(properties["PolicyDocument"])
        for arn in properties["Topics"]:
            clients("sns").set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=document
            )
        return Made(name, {"Id": name})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        return self.create(clients, made.physical_id, properties)

    @override
    def delete(self, clients: Clients, made: Made, _: Properties) -> None:
        """Leaves it to its topic, which goes with it; AWS puts the default policy back."""
