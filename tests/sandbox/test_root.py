"""The root user, as GetAccountSummary tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_the_root_user_has_what_the_control_says(sandbox: Sandbox, iam: Any) -> None:
    """At first MFA and a password; the rest of the summary is the account's own."""
    before = iam.get_account_summary()["SummaryMap"]
    assert (before["AccountMFAEnabled"], before["AccountPasswordPresent"]) == (1, 1)
    assert (before["AccountAccessKeysPresent"], before["UsersQuota"]) == (0, 5000)
    sandbox.control.set_root(mfa=False, password=False, access_keys=True)
    after = iam.get_account_summary()["SummaryMap"]
    sandbox.control.set_root(mfa=True, password=True, access_keys=False)
    assert (after["AccountMFAEnabled"], after["AccountPasswordPresent"]) == (0, 0)
    assert after["AccountAccessKeysPresent"] == 1
