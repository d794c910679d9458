"""The environment that clients of the sandbox run in, built from an allow-list.

A variable that is not named here does not get through: that is what keeps `chalice deploy`, the AWS
CLI and everything they start away from a real account.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Finding programs, and letting pip find packages: a new HOME would hide a person's pip.conf.
_LET_THROUGH = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
)


def client_environment(
    *,
    url: str,
    region: str,
    home: Path,
    credentials: Mapping[str, str],
    inherited: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Everything a client needs, and nothing else of `inherited` than what is let through.

    `credentials` are access_key_id, secret_access_key and, of a session, session_token.
    """
    environment = {name: inherited[name] for name in _LET_THROUGH if name in inherited}
    environment |= _pip(inherited)
    environment |= {
        "HOME": str(home),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": credentials["secret_access_key"],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    if "session_token" in credentials:
        environment["AWS_SESSION_TOKEN"] = credentials["session_token"]
    return environment


def _pip(inherited: Mapping[str, str]) -> dict[str, str]:
    """Pip's cache, and the person's own configuration unless another is named."""
    home = Path(inherited.get("HOME", "/nonexistent"))
    cache = inherited.get("PIP_CACHE_DIR") or str(home / ".cache" / "pip")
    found = {"PIP_CACHE_DIR": cache, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if "PIP_CONFIG_FILE" not in inherited:
        for own in (home / ".config" / "pip" / "pip.conf", home / ".pip" / "pip.conf"):
            if own.exists():
                found["PIP_CONFIG_FILE"] = str(own)
                break
    return found
