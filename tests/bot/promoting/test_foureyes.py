"""Four eyes: who may decide, who can't, and the sentence that says why."""

from __future__ import annotations

import pytest

from bot.domain import Person
from bot.promoting.evidence import Approver, Barred
from bot.promoting.foureyes import barred, holds, may_decide, members, needed, why_approvers
from tests.bot.promoting.kit import EVIDENCE, changed

OMAR, DANA, NOOR = (Person(id=f"U0{name.upper()}", name=name) for name in ("Omar", "Dana", "Noor"))
GUEST = Person(id="U0OMAR", name="Omar", outsider=True)
TRAINED = Barred(person="U0DANA", name="Dana", why="started the run that made it")


def test_an_approver_who_did_not_train_it_may_decide() -> None:
    """And is told why: by their group, or by name."""
    assert may_decide(EVIDENCE, OMAR, ["S0MLLEADS"]) == (
        True,
        "You can decide because you are in <!subteam^S0MLLEADS> and did not train or propose it.",
    )
    own = changed(approvers=(Approver(member="U0OMAR", own=True),))
    assert may_decide(own, OMAR, members(own)).why.startswith("You can decide because you are an approver of delays")


@pytest.mark.parametrize(
    "why",
    [
        "started the run that made it",
        "retried the run that made it",
        "cloned a run to make it",
        "made or changed the schedule that ran it",
        "asked for this promotion",
    ],
)
def test_who_had_a_hand_in_it_is_barred(why: str) -> None:
    """Whatever the group they are in."""
    mine = changed(barred=(Barred(person="U0DANA", name="Dana", why=why),))
    assert may_decide(mine, DANA, ["S0MLLEADS"]) == (False, f"You {why}, so somebody else has to decide.")


def test_who_is_no_approver_is_told_who_is() -> None:
    """Membership counts as of now: whoever has left the group is found in no entry."""
    allowed, why = may_decide(EVIDENCE, NOOR, [])
    assert not allowed
    assert why == "<!subteam^S0MLLEADS> and <@U0OMAR> can decide on this; you are not among them."


def test_an_entry_that_is_no_longer_the_models_counts_for_nothing() -> None:
    """What a person is found in is held against the evidence's own approvers."""
    assert not may_decide(EVIDENCE, NOOR, ["S0OTHERS"]).allowed


def test_outsiders_never_decide() -> None:
    """Not even where the configuration lists them."""
    assert not may_decide(EVIDENCE, GUEST, ["U0OMAR"]).allowed


def test_a_small_team_may_switch_four_eyes_off() -> None:
    """Then the one who trained it may decide, and it is said."""
    allowed, why = may_decide(changed(four_eyes=False), DANA, ["S0MLLEADS"])
    assert allowed
    assert why.endswith("four eyes is switched off for this model.")


def test_an_unknown_origin_needs_two_approvals_and_four_eyes() -> None:
    """Whatever the configuration says."""
    assert [needed(each, "") for each in (1, 3)] == [1, 3]
    assert [needed(each, "nobody knows") for each in (1, 2, 3)] == [2, 2, 3]
    assert [holds(False, ""), holds(True, ""), holds(False, "nobody knows")] == [False, True, True]


def test_each_person_is_barred_once_with_every_reason() -> None:
    """The same reason twice is one."""
    proposed = TRAINED.model_copy(update={"why": "asked for this promotion"})
    assert barred([TRAINED, TRAINED, proposed]) == (
        Barred(person="U0DANA", name="Dana", why="started the run that made it and asked for this promotion"),
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "<!subteam^S0MLLEADS> and <@U0OMAR> can decide, as approvers of the workspace; "
            "not Dana, who started the run that made it",
        ),
        (
            {"approvers": (Approver(member="U0OMAR", own=True),), "barred": ()},
            "<@U0OMAR> can decide, as approvers of delays",
        ),
        ({"approvers": (Approver(member="everyone", own=True),), "barred": ()}, "Everyone here can decide, as"),
        ({"approvers": ()}, "Nobody can decide: delays has no approvers in the configuration."),
        ({"four_eyes": False}, "four eyes is switched off, so who trained or proposed it may too"),
        (
            {"unknown": "its MLflow run is not there"},
            "Its origin is unknown (its MLflow run is not there), so two people have to approve it",
        ),
    ],
)
def test_the_card_says_who_can_decide_and_why(changes: dict[str, object], said: str) -> None:
    """For everyone to read, names escaped."""
    assert said in why_approvers(changed(**changes))


def test_a_name_is_no_mention() -> None:
    """What a person is called can't notify anybody."""
    found = why_approvers(changed(barred=(TRAINED.model_copy(update={"name": "<!channel>"}),)))
    assert "<!channel>" not in found
