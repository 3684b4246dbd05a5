"""How long a person waits who changes one issue while 500 events a second arrive.

    .venv/bin/python -m benchmarks.triage_latency --seconds 20

Starts ``tocsin serve``, sends 27 KB events at a steady rate over eight connections, and meanwhile changes one issue
after the other over HTTP. The baseline is the same loop of changes with no event arriving.
"""

import argparse
import http.client
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from benchmarks.server import Server, fresh_server

BODIES = ({"priority": "low"}, {"priority": "high"}, {"status": "resolved"}, {"status": "unresolved"})


def changes(server: Server, seconds: float) -> list[float]:
    """Return how long each change took, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {server.first['token']}", "Content-Type": "application/json"}
    ids = [issue["id"] for issue in json.loads(server.get("/api/0/organizations/acme/issues/?limit=50&query="))]
    until, taken = time.perf_counter() + seconds, []
    for number, issue_id in enumerate(cycle(ids)):
        if time.perf_counter() > until:
            return taken
        body = json.dumps(BODIES[number // len(ids) % len(BODIES)])
        started = time.perf_counter()
        connection.request("PUT", f"/api/0/organizations/acme/issues/{issue_id}/", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def figures(taken: list[float]) -> str:
    ordered = sorted(taken)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"{len(ordered)} changes, p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {ordered[-1]:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=500)
    options = parser.parse_args()
    sent = int(options.rate * (options.seconds + 2))
    with fresh_server() as server, ThreadPoolExecutor(1) as aside:
        server.start()
        server.load(200, 200)
        server.drain(200)
        print(f"at rest: {figures(changes(server, options.seconds / 2))}")
        loading = aside.submit(server.load, sent, 200, options.rate)
        # The load tools make their corpus first.
        while not server.metric("tocsin_accepted_total") > 200:
            time.sleep(0.01)
        busy = changes(server, options.seconds)
        result = loading.result()
        print(f"while {result['accepted_per_s']} events/s arrive: {figures(busy)}")
        server.drain(200 + sent)
        issues = json.loads(server.get("/api/0/organizations/acme/issues/?limit=100&query="))
        print(f"{sum(int(issue['count']) for issue in issues)} events counted of {200 + sent}")


if __name__ == "__main__":
    main()
