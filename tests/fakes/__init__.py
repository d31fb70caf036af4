"""The services in memory, behaving as the real ones do: `tests/contract` runs the same cases on both."""

from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.registry import FakeRegistry
from tests.fakes.service import Call
from tests.fakes.specs import FakeSpecs

__all__ = ["Call", "FakeOrchestrator", "FakeRegistry", "FakeSpecs"]
