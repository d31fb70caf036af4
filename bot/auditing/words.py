"""What `stationmaster audit verify` says."""

from __future__ import annotations

from collections.abc import Iterator

from bot.auditing.verify import Report
from bot.messages.phrases import count


def told(report: Report) -> Iterator[str]:
    """A line for each thing to know, the verdict first."""
    if report.bad:
        yield f"✗ The trail is not what was written. First: {report.bad}"
        yield f"  {count(report.sealed, 'row')} before that are as they were written."
    else:
        yield f"✓ {count(report.sealed, 'sealed row')}: as they were written, in their order, none missing"
        if report.last:
            yield f"  The chain ends at place {report.sealed} with {report.last}"
    if report.heads:
        yield f"✓ compared with {count(report.heads, 'published head')}"
    else:
        yield (
            "! no published head was given: rows that were removed from the end don't show. "
            "Set AUDIT_HEAD_FILE or AUDIT_HEAD_S3, or give --head from the log"
        )
    if report.unsealed:
        waiting = f"the oldest for {report.waiting:.0f} s"
        yield f"! {count(report.unsealed, 'row')} unsealed, {waiting}: whether they were changed can't be told"
    if report.widest is not None:
        yield f"  The longest that a row waited for its seal: {report.window:.1f} s (row {report.widest})"
