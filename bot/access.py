"""Who may do what: pure decisions over roles. Default deny.

The matrix is a table in code, one row a right, so that it can be read beside the one in `docs/access.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is, to one model. OWNER is of that model; the rest hold for the workspace."""

    VIEWER = "viewer"
    RUNNER = "runner"
    OWNER = "owner"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What can be done. A command declares the one that it needs."""

    READ = "read"
    LOGS = "logs"
    RUN = "run"
    STEER = "steer"  # cancel, retry
    SCHEDULE = "schedule"
    PROPOSE = "propose"
    DECIDE = "decide"
    ROLLBACK = "rollback"
    DIGEST = "digest"
    AUDIT = "audit"


class Scope(StrEnum):
    """How far a right reaches."""

    ALL = "all"
    OWN = "own"  # only what the person started or made
    CONTRACT = "contract"  # only within the contract that the model's owner has set
    OWN_IN_CONTRACT = "own, in contract"
    IF_APPROVER = "if also approver"


_ALL, _OWN, _CONTRACT = Scope.ALL, Scope.OWN, Scope.CONTRACT

MATRIX: dict[Right, dict[Role, Scope]] = {
    Right.READ: dict.fromkeys(Role, _ALL),
    Right.LOGS: {Role.RUNNER: _OWN, Role.OWNER: _ALL, Role.APPROVER: _ALL, Role.ADMIN: _ALL},
    Right.RUN: {Role.RUNNER: _CONTRACT, Role.OWNER: _ALL, Role.ADMIN: _ALL},
    Right.STEER: {Role.RUNNER: _OWN, Role.OWNER: _ALL, Role.ADMIN: _ALL},
    Right.SCHEDULE: {Role.RUNNER: Scope.OWN_IN_CONTRACT, Role.OWNER: _ALL, Role.ADMIN: _ALL},
    Right.PROPOSE: {Role.RUNNER: _ALL, Role.OWNER: _ALL, Role.APPROVER: _ALL, Role.ADMIN: _ALL},
    Right.DECIDE: {Role.OWNER: Scope.IF_APPROVER, Role.APPROVER: _ALL, Role.ADMIN: Scope.IF_APPROVER},
    Right.ROLLBACK: {Role.OWNER: _ALL, Role.ADMIN: _ALL},
    Right.DIGEST: {
        Role.VIEWER: _OWN, Role.RUNNER: _OWN, Role.OWNER: _ALL, Role.APPROVER: _OWN, Role.ADMIN: _ALL,
    },
    Right.AUDIT: {
        Role.VIEWER: _OWN, Role.RUNNER: _OWN, Role.OWNER: _ALL, Role.APPROVER: _OWN, Role.ADMIN: _ALL,
        Role.AUDITOR: _ALL,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not. Where it is not, `why` is the sentence for the person."""

    allowed: bool
    why: str = ""


def decide(
    right: Right,
    roles: Collection[Role],
    about: str = "",
    *,
    own: bool = False,
    in_contract: bool = True,
    named: Collection[str] | None = None,
) -> Decision:
    """May someone with these roles use this right on the model `about`?

    `own`: the subject (a run, a schedule, an audit row) is the person's. `in_contract`: what is asked stays within
    what the model's owner lets others do. `named`: the roles that the model's configuration gives this right to, in
    place of the matrix.
    """
    if not roles:
        return Decision(False, "I don't know you here: ask an admin of Stationmaster to let you in.")
    of = f" of {about}" if about else ""
    if named is not None:
        allowed = bool({str(role) for role in roles} & set(named))
        return Decision(allowed, "" if allowed else f"Only {_listed(named) or 'nobody'}{of} may {_VERBS[right]}.")
    scopes = {MATRIX[right][role] for role in roles if role in MATRIX[right]}
    if _ALL in scopes:
        return Decision(True)
    reach = {_OWN: own, _CONTRACT: in_contract, Scope.OWN_IN_CONTRACT: own and in_contract}
    if any(reach.get(scope, False) for scope in scopes):
        return Decision(True)
    return Decision(False, _why(right, scopes, of, own))


def _why(right: Right, scopes: Set[Scope], of: str, own: bool) -> str:
    if _CONTRACT in scopes or (Scope.OWN_IN_CONTRACT in scopes and own):
        return f"This is outside what the owners{of} let others do."
    if scopes & {_OWN, Scope.OWN_IN_CONTRACT}:
        return f"You may do this to what is your own; for the rest ask the owners{of}."
    able = [str(role) for role, scope in MATRIX[right].items() if scope != Scope.IF_APPROVER]
    return f"Only {_listed(able)}{of} may {_VERBS[right]}."


_VERBS = {
    Right.READ: "read this", Right.LOGS: "read logs", Right.RUN: "start runs", Right.STEER: "cancel or retry runs",
    Right.SCHEDULE: "schedule runs", Right.PROPOSE: "ask for a promotion", Right.DECIDE: "decide on a promotion",
    Right.ROLLBACK: "roll back", Right.DIGEST: "set up digests", Right.AUDIT: "read the audit trail",
}  # fmt: skip


def _listed(names: Collection[str]) -> str:
    plural = [f"{name}s" for name in names]
    if not plural:
        return ""
    return plural[0] if len(plural) == 1 else f"{', '.join(plural[:-1])} and {plural[-1]}"
