"""What must not be kept is taken out of events before anything is stored or derived (spec/ingest.md 3.13)."""

from tocsin.domain.privacy.privacy import Privacy as Privacy
from tocsin.domain.privacy.privacy import privacy_of as privacy_of
from tocsin.domain.privacy.scrubber import DEFAULT_SCRUBBER as DEFAULT_SCRUBBER
from tocsin.domain.privacy.scrubber import Scrubber as Scrubber
from tocsin.domain.privacy.scrubber import scrubber_for as scrubber_for
