"""Where messages go: channels, direct messages and group direct messages."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["public_channel", "private_channel", "im", "mpim"]
_FAMILIES: dict[Kind, str] = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


class Conversation(BaseModel):
    """A channel, a direct message between the bot and `im_with`, or a group's direct message (`is_mpim`)."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    members: frozenset[str]
    topic: str = ""
    im_with: str | None = None
    is_private: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    shared_with: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What `conversations.list` calls its type."""
        if self.im_with is not None:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "private_channel" if self.is_private else "public_channel"

    def scope(self, right: str) -> str:
        """The scope that a right such as `read` or `history` needs here."""
        return f"{_FAMILIES[self.kind]}:{right}"

    def visible_to(self, user: str) -> bool:
        """Whether that user can know of it at all."""
        return self.kind == "public_channel" or user in self.members

    def to_slack(self, user: str, *, with_count: bool = False) -> dict[str, Any]:
        """The conversation as `conversations.info` gives it to that user."""
        if self.im_with is not None:
            return {"id": self.id, "is_im": True, "is_channel": False, "is_archived": False, "user": self.im_with}
        body: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_mpim,
            "is_group": self.is_mpim,
            "is_im": False,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private or self.is_mpim,
            "is_archived": self.is_archived,
            "is_shared": bool(self.shared_with),
            "is_ext_shared": bool(self.shared_with),
            "is_org_shared": False,
            "shared_team_ids": list(self.shared_with),
            "is_member": user in self.members,
            "topic": {"value": self.topic},
            "purpose": {"value": ""},
        }
        return body | ({"num_members": len(self.members)} if with_count else {})
