"""Triage: what people command, done to one issue or to a hundred thousand (spec/mutation.md)."""

from tocsin.flows.triage.carry_out import Acting, Outcome, Triage
from tocsin.flows.triage.hashes import Hashes

__all__ = ["Acting", "Hashes", "Outcome", "Triage"]
