"""Killed at any moment, Tocsin loses nothing that it answered with 200 and counts nothing twice."""

import random
import threading
import time
import uuid

import httpx
import msgspec
import pytest
from tests.running import Tocsin, wait_for

KILLS = 20
EVENTS_MIN = 2000
GROUPS = 25


class Load:
    """Sends events as fast as they are answered, and remembers which were."""

    def __init__(self, tocsin):
        self.tocsin = tocsin
        self.answered = {}
        self.sent = 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(seed,)) for seed in range(4)]

    def run(self, seed):
        chance = random.Random(seed)
        with httpx.Client(timeout=10) as client:
            while not self.stopping.is_set():
                event_id, group = uuid.UUID(int=chance.getrandbits(128), version=4).hex, chance.randrange(GROUPS)
                try:
                    answer = client.post(self.url, content=self.body(event_id, group))
                except httpx.TransportError:
                    # Nobody there just now: what was not answered may be lost.
                    time.sleep(0.02)
                    continue
                with self.lock:
                    self.sent += 1
                    if answer.status_code == 200:
                        self.answered[event_id] = group

    @property
    def url(self):
        key = self.tocsin.dsn.split("//")[1].split("@")[0]
        return f"{self.tocsin.url}/api/{self.tocsin.first['project_id']}/envelope/?sentry_key={key}"

    def body(self, event_id, group):
        event = {
            "event_id": event_id,
            "platform": "python",
            "exception": {"values": [{"type": f"Group{group}Error", "value": "boom"}]},
            "extra": {"ballast": event_id * 40},
        }
        return b'{"event_id":"%s"}\n{"type":"event"}\n%s\n' % (event_id.encode(), msgspec.json.encode(event))


@pytest.mark.timeout(600)
def test_twenty_kills_under_load_lose_nothing_and_count_nothing_twice(tmp_path):
    chance = random.Random()
    tocsin = Tocsin(tmp_path)
    load = Load(tocsin)
    try:
        tocsin.start()
        for thread in load.threads:
            thread.start()
        for _ in range(KILLS):
            before = len(load.answered)
            wait_for(lambda before=before: len(load.answered) > before + EVENTS_MIN / KILLS, "some answers", 60)
            time.sleep(chance.uniform(0, 0.6))
            tocsin.kill()
            tocsin.start()
        load.stopping.set()
        for thread in load.threads:
            thread.join()
        assert len(load.answered) >= EVENTS_MIN
        wait_for(tocsin.drained, "the digest of everything", 120)
        check(tocsin, load.answered)
    finally:
        load.stopping.set()
        tocsin.close()


def check(tocsin, answered):
    issues = tocsin.issues("", limit=100, statsPeriod="24h")
    stored = {}
    for issue in issues:
        events = list(every_event(tocsin, issue["id"]))
        assert len(events) == int(issue["lifetime"]["count"]) == int(issue["count"]), issue["title"]
        for event_id in events:
            assert event_id not in stored, "an event was stored twice"
            stored[event_id] = issue["metadata"]["type"]
    missing = set(answered) - set(stored)
    assert not missing, f"{len(missing)} of {len(answered)} answered events are lost"
    assert all(stored[event_id] == f"Group{group}Error" for event_id, group in answered.items())
    assert len(issues) == len(set(answered.values()))
    assert tocsin.metric("tocsin_spool_dead_letters") == 0


def every_event(tocsin, issue_id):
    offset = 0
    while True:
        page = tocsin.get(
            f"/organizations/acme/issues/{issue_id}/events/", per_page=100, cursor=f"0:{offset}:0", statsPeriod="24h"
        )
        yield from (event["id"] for event in page)
        if len(page) < 100:
            return
        offset += 100
