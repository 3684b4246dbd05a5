"""Processor time that scrubbing takes per event, and how it compares with normalising the same events.

.venv/bin/python -m benchmarks.scrub --events 400
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks.corpus import envelopes
from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.normalise import normalise
from tocsin.domain.privacy import Privacy, Scrubber
from tocsin.domain.privacy.options import privacy_options

RULES = (
    "[Mask] [Email addresses] from [$string]\n[Remove] [Anything] from [$user.email]\n[Hash] [Anything] from [order_id]"
)
ADVANCED = Privacy(rules=(privacy_options({"relayPiiConfig": RULES})["relayPiiConfig"],))
SCRUBBERS = {
    "scrub by default": Scrubber(Privacy()),
    "scrub addresses too": Scrubber(Privacy(scrubs_addresses=True)),
    "scrub with three rules too": Scrubber(ADVANCED),
}


def microseconds(make: Callable[[], list[Any]], do: Callable[[Any], object], runs: int) -> float:
    """Return the median processor time of doing it to one of what *make* returns anew for each run."""
    figures = []
    for _ in range(runs):
        each = make()
        start = time.process_time()
        for one in each:
            do(one)
        figures.append((time.process_time() - start) / len(each) * 1e6)
    return statistics.median(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    arrival = Arrival(project_id=1, event_id="a" * 32, received=datetime.now(UTC))
    bodies = [body.split(b"\n")[2] for _, body in envelopes(options.events)]
    encoded = [msgspec.json.encode(normalise(decode_event(body), arrival)) for body in bodies]

    base = microseconds(lambda: list(map(decode_event, bodies)), lambda raw: normalise(raw, arrival), options.runs)
    print(f"normalise: {base:.0f} µs an event of {sum(map(len, bodies)) / len(bodies):.0f} bytes")
    for name, scrubber in SCRUBBERS.items():
        figure = microseconds(lambda: list(map(msgspec.json.decode, encoded)), scrubber.scrub, options.runs)
        print(f"{name}: {figure:.0f} µs an event, {figure / base:.2f} of normalising")


if __name__ == "__main__":
    main()
