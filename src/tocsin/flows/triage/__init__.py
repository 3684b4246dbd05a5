"""Triage: what people command, done to one issue or to a hundred thousand, and undone (spec/mutation.md)."""

from tocsin.flows.triage.carry_out import Acting, Asked, Outcome, Triage
from tocsin.flows.triage.hashes import Hashes
from tocsin.flows.triage.undo import Undone

__all__ = ["Acting", "Asked", "Hashes", "Outcome", "Triage", "Undone"]
