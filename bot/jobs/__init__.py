"""Durable work: what was accepted is done, once its process is back or another has taken over.

Five verbs: `submit` a job, remember its `step`s, `signal` one that waits, fire it by `schedule`, `hold` what only one
process may do. A job is a row and an async function:

```python
jobs = Jobs(store)

@jobs.handler("run.start")
async def start(ctx: JobContext, args: dict[str, Any]) -> str:
    run_id = await ctx.step("trigger", trigger, args["model"], ctx.key("run"))   # done again only if not remembered
    answer = await ctx.wait("approval", timeout=3600)                            # costs nothing while it waits
    return run_id

await jobs.start()
accepted = await jobs.submit("T1:4711", "run.start", {"model": "delays"})        # durable when it returns
```
A handler may be run again from its top after any crash: whatever it does to the outside belongs in a step, a step's
effect must be harmless to repeat (`ctx.key` gives the id for that), and steps and waits are found again by name.
"""

from bot.jobs.context import JobContext
from bot.jobs.engine import Jobs
from bot.jobs.errors import Fenced, Permanent, RetryLater
from bot.jobs.overview import Gauges, JobRow
from bot.jobs.schedules import Schedule, next_fire

__all__ = [
    "Fenced",
    "Gauges",
    "JobContext",
    "JobRow",
    "Jobs",
    "Permanent",
    "RetryLater",
    "Schedule",
    "next_fire",
]
