"""Who may do what, against the table of the product's own words."""

from __future__ import annotations

from itertools import chain, combinations, product

import pytest

from bot.access import Decision, Right, Role, decide

# One row a right; the columns are those of the roles below. "–" is never, the rest as `may` reads it.
TABLE = """
                 viewer | runner                          | owner            | approver | admin            | auditor
read             yes    | yes                             | yes              | yes      | yes              | yes
logs             –      | own runs                        | yes              | yes      | yes              | –
run              –      | within the contract             | yes              | –        | yes              | –
steer            –      | own runs                        | yes              | –        | yes              | –
schedule         –      | own schedules, within the contract | yes           | –        | yes              | –
propose          –      | yes                             | yes              | yes      | yes              | –
decide           –      | –                               | if also approver | yes      | if also approver | –
rollback         –      | –                               | yes              | –        | yes              | –
digest           own    | own                             | yes              | own      | yes              | –
audit            own    | own rows                        | own model's rows | own rows | yes              | yes
"""
ROLES = [Role.VIEWER, Role.RUNNER, Role.OWNER, Role.APPROVER, Role.ADMIN, Role.AUDITOR]


def rows() -> dict[tuple[Right, Role], str]:
    found: dict[tuple[Right, Role], str] = {}
    for line in TABLE.strip().splitlines()[1:]:
        name, _, cells = line.partition(" ")
        found |= {(Right(name), role): cell.strip() for role, cell in zip(ROLES, cells.split("|"), strict=True)}
    return found


CELLS = rows()
OWN = "You may do this to what is your own; for the rest ask the owners of delays."


def may(cell: str, *, own: bool, in_contract: bool) -> bool:
    """What a cell allows to someone who has this role alone."""
    return {
        "yes": True,
        "own model's rows": True,  # an owner is owner of this model only
        "own": own,
        "own rows": own,
        "own runs": own,
        "within the contract": in_contract,
        "own schedules, within the contract": own and in_contract,
        "if also approver": False,
        "–": False,
    }[cell]


def test_the_table_is_whole() -> None:
    """Every right and every role has its cell: a new one can't go untested."""
    assert set(CELLS) == set(product(Right, Role))


CASES = list(product(Right, [True, False], [True, False]))


@pytest.mark.parametrize(("right", "own", "in_contract"), CASES)
def test_the_matrix(right: Right, own: bool, in_contract: bool) -> None:
    """Every set of roles: allowed exactly where one of them allows it, and a refusal always says why."""
    for roles in chain.from_iterable(combinations(ROLES, size) for size in range(1, len(ROLES) + 1)):
        decision = decide(right, roles, "delays", own=own, in_contract=in_contract)
        expected = any(may(CELLS[right, role], own=own, in_contract=in_contract) for role in roles)
        assert decision.allowed is expected, roles
        assert bool(decision.why) is not expected


@pytest.mark.parametrize("right", Right)
def test_without_a_role_nothing_is_allowed(right: Right) -> None:
    """Default deny, even for what is one's own, in one polite sentence."""
    assert decide(right, (), "delays", own=True) == Decision(
        False, "I don't know you here: ask an admin of Stationmaster to let you in."
    )


@pytest.mark.parametrize(
    ("right", "role", "own", "in_contract", "why"),
    [
        (Right.RUN, Role.VIEWER, False, True, "Only runners, owners and admins of delays may start runs."),
        (Right.LOGS, Role.RUNNER, False, True, OWN),
        (Right.RUN, Role.RUNNER, False, False, "This is outside what the owners of delays let others do."),
        (Right.SCHEDULE, Role.RUNNER, True, False, "This is outside what the owners of delays let others do."),
        (Right.SCHEDULE, Role.RUNNER, False, True, OWN),
        (Right.DECIDE, Role.OWNER, False, True, "Only approvers of delays may decide on a promotion."),
        (Right.ROLLBACK, Role.APPROVER, False, True, "Only owners and admins of delays may roll back."),
    ],
)  # fmt: skip
def test_a_refusal_tells_who_may(right: Right, role: Role, own: bool, in_contract: bool, why: str) -> None:
    """The sentence fits what stood in the way, so that the person knows whom to ask."""
    assert decide(right, {role}, "delays", own=own, in_contract=in_contract).why == why


def test_without_a_model_the_refusal_names_none() -> None:
    """Rights that concern the whole workspace."""
    assert decide(Right.RUN, {Role.VIEWER}).why == "Only runners, owners and admins may start runs."
