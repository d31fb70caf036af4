"""What the bot remembers: one database, SQLite by default or PostgreSQL, every query of the bot behind a named method.

```python
store = await Store.open("sqlite:///stationmaster.db")
async with store.write() as tx:                      # one transaction, all or nothing
    await store.runs.add(run, tx)
    await store.audit.append(entry, tx)
followed = await store.runs.followed()               # reads never wait for a writer
```
Every writing method takes an open transaction as `tx`; without one it makes its own. Durable work on the same
database is in `bot.jobs`.
"""

from bot.store.audit import AuditEntry, AuditRow
from bot.store.backfills import KeptBackfill
from bot.store.catalogue import CatalogueEntry, CatalogueRow
from bot.store.charges import Charge, ChargeState
from bot.store.database import Database, Transaction
from bot.store.decisions import Decision
from bot.store.drafts import Draft
from bot.store.durations import Duration
from bot.store.ledger import How, Move, MoveState
from bot.store.looks import Look
from bot.store.posts import Post
from bot.store.promotions import Promotion, PromotionState
from bot.store.questions import AskedQuestion
from bot.store.runs import FollowedRun, RunChanges
from bot.store.schedules import KeptSchedule
from bot.store.store import Store

__all__ = [
    "AskedQuestion",
    "AuditEntry",
    "AuditRow",
    "CatalogueEntry",
    "CatalogueRow",
    "Charge",
    "ChargeState",
    "Database",
    "Decision",
    "Draft",
    "Duration",
    "FollowedRun",
    "How",
    "KeptBackfill",
    "KeptSchedule",
    "Look",
    "Move",
    "MoveState",
    "Post",
    "Promotion",
    "PromotionState",
    "RunChanges",
    "Store",
    "Transaction",
]
