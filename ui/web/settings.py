"""Settings of the web server."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingest.values import as_access


def _network(text: str) -> str:
    return str(ip_network(text.strip(), strict=False))


def _label(text: str) -> str:
    label = as_access(text)
    if label is None:
        raise ValueError(f"{text!r} is not an access label")
    return label


Network = Annotated[str, AfterValidator(_network)]
Label = Annotated[str, AfterValidator(_label)]


class ServeSettings(BaseModel):
    """Where the web server listens, who may use it, and the examples shown while the conversation is empty.

    `people` is the file that says who may do what. `user_header` names the header in which one of `trusted_proxies`
    (addresses or networks) says who has signed in. `collections` gives a collection's name the label that its records
    carry, and `open_labels` are those that everybody may see. A session ends after `session_hours` without use, a
    conversation is forgotten `history_days` after its last question.
    `allowed_hosts` are the names under which the server is reached; with none, every name where the address is not
    this machine's own. `secure_cookies`: with None, exactly for requests that came by https.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=7860, ge=0, le=65535)
    examples: tuple[str, ...] = Field(default=(), max_length=6)
    people: Path | None = None
    user_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    trusted_proxies: tuple[Network, ...] = ("127.0.0.1", "::1")
    collections: dict[str, Label] = {}
    open_labels: tuple[Label, ...] = ("public", "unclassified", "tlp:clear", "tlp:white")
    session_hours: int = Field(default=12, ge=1, le=168)
    history_days: int = Field(default=365, ge=1, le=36_500)
    most_upload_mb: int = Field(default=200, ge=1)
    allowed_hosts: tuple[str, ...] = ()
    secure_cookies: bool | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def has_sign_in(self) -> bool:
        """Whether one has to say who one is; without, everybody who reaches the server may do everything."""
        return not self.is_local or self.people is not None or self.user_header is not None

    @property
    def takes_passwords(self) -> bool:
        """Whether one signs in at this server, and not at a proxy."""
        return self.people is not None and self.user_header is None
