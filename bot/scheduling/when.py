"""When a schedule fires: read from words or a cron expression, and said again in words. Pure.

    every monday at 06:00 · every weekday at 7 · mondays and thursdays at 06:00 · daily at 23:30 · hourly
    every 6 hours · every 15 minutes · every 3 days at 06:00 · every 2 weeks on friday at 18:00
    on the 1st of every month at 04:00 · on the last day of every month at 4 · on the first monday of every month at 6
    every 3 months on the 1st at 04:00 · every year on 1 march at 04:00 · 0 6 * * 1 · @weekly

What is ambiguous, or never comes, is a Refusal with what to say instead.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from bot.domain import Record
from bot.errors import Refusal
from bot.scheduling import grammar, wording
from bot.scheduling.cron import EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY, Cron, read_cron

MONDAY = 1  # of date.isoweekday
_DAYS = {"days": 1, "weeks": 7}


class Cycle(Record):
    """Of the cron's times, only those in every so-manieth day or week (from Monday), counted from `anchor`'s.

    Without an anchor the schedule has not begun: `bot.scheduling.clock.anchored` gives it one.
    """

    every: Annotated[int, Field(ge=2, le=366)]
    unit: Literal["days", "weeks"]
    anchor: date | None = None

    @property
    def window(self) -> int:
        """The days that a turn lasts; of `period` days, those from `anchor` on."""
        return _DAYS[self.unit]

    @property
    def period(self) -> int:
        """The days from one turn to the next."""
        return self.window * self.every

    def on(self, day: date) -> Cycle:
        """This cycle with a turn in which that day falls."""
        back = day.isoweekday() - MONDAY if self.unit == "weeks" else 0
        return self.model_copy(update={"anchor": day - timedelta(days=back)})

    def has(self, day: date) -> bool:
        """Whether that day is one of a turn; every day, while nothing is anchored."""
        return self.anchor is None or (day - self.anchor).days % self.period < self.window


class When(Record):
    """When a schedule fires, on a clock whose zone is told elsewhere. `cron` is in its one plain form."""

    cron: str
    cycle: Cycle | None = None

    @field_validator("cron")
    @classmethod
    def _plain(cls, cron: str) -> str:
        try:
            return read_cron(cron).text
        except Refusal as refusal:
            raise ValueError(refusal.sentence) from refusal

    @model_validator(mode="after")
    def _comes_round(self) -> When:
        """A cycle of days takes every day, one of weeks the same days of each week; else it might never fire."""
        found = self.fields
        other_weekdays = self.cycle and self.cycle.unit == "days" and found.weekdays != EVERY_WEEKDAY
        if self.cycle and (other_weekdays or (found.days, found.months, found.nth) != (EVERY_DAY, EVERY_MONTH, ())):
            raise ValueError("a cycle counts days, or weeks: it takes no other choice of days and months")
        return self

    @property
    def fields(self) -> Cron:
        """The cron expression, read."""
        return read_cron(self.cron)

    @property
    def words(self) -> str:
        """Such as `every Monday at 06:00`."""
        return wording.words(self.fields, *self._turns())

    @property
    def short(self) -> str:
        """Such as `Mondays 06:00`."""
        return wording.short(self.fields, *self._turns())

    def _turns(self) -> tuple[int, str]:
        return (self.cycle.every, self.cycle.unit) if self.cycle else (1, "")


def read_when(text: str) -> When:
    """What these words, or this cron expression, mean. Refusal, with what to say instead."""
    plain = grammar.plain(text)
    if grammar.is_cron(plain):
        return When(cron=read_cron(plain).text)
    cron, every, unit = grammar.read(plain)
    return When(cron=cron.text, cycle=Cycle(every=every, unit=unit) if every > 1 else None)
