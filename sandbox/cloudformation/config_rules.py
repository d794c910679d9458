"""A rule of AWS Config, and the permission by which it may invoke its function."""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import override

from sandbox.cloudformation.intrinsics import Made
from sandbox.cloudformation.kind import Clients, Kind, Properties, gone


class Permission(Kind):
    """AWS::Lambda::Permission. There is no call that changes one."""

    fixed = frozenset({"FunctionName", "Action", "Principal", "SourceAccount", "SourceArn"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        clients("lambda").add_permission(StatementId=name, **properties)
        return Made(name, {"Id": name})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        raise ValueError(f"all of {made.physical_id} is fixed: {properties}, {clients}")

    @override
    def delete(self, clients: Clients, made: Made, properties: Properties) -> None:
        with gone("ResourceNotFoundException"):
            clients("lambda").remove_permission(
                FunctionName=properties["FunctionName"], StatementId=made.physical_id
            )


class ConfigRule(Kind):
    """AWS::Config::ConfigRule. Its parameters are an object here, and a text in the API."""

    fixed = frozenset({"ConfigRuleName"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        config, name = clients("config"), properties.get("ConfigRuleName") or name
        parameters = properties.get("InputParameters")
        told = {} if not parameters else {"InputParameters": json.dumps(parameters)}
        config.put_config_rule(ConfigRule={**properties, **told, "ConfigRuleName": name})
        [rule] = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
        return Made(name, {"Arn": rule["ConfigRuleArn"], "ConfigRuleId": rule["ConfigRuleId"]})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        return self.create(clients, made.physical_id, properties)

    @override
    def delete(self, clients: Clients, made: Made, _: Any) -> None:
        with gone("NoSuchConfigRuleException"):
            clients("config").delete_config_rule(ConfigRuleName=made.physical_id)
