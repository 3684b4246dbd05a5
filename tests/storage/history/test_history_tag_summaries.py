import msgspec
import pytest

from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Selection
from tocsin.storage.history.tags import top_tag_values, users_behind


@pytest.fixture
def issue(history, make_event, noon, project_id, hash_of):
    def of(number, minutes, email):
        user = f"id:{number}"
        payload = msgspec.json.encode({"user": {"id": number, "email": email}} if email else {})
        return make_event(minutes=minutes, tags={"user": user, "level": "error"}, user=user, payload=payload)

    events = [
        of("1", -30, "old@acme.io"),
        of("1", -20, "new@acme.io"),
        of("2", -10, ""),
        make_event(group="other", tags={"user": "id:1"}, user="id:1", payload=b'{"user":{"id":"1"}}'),
    ]
    insert(history, f"summaries-{project_id}", events, noon)
    return IssueScope(project_id, ((hash_of("a"), None),))


def test_the_most_frequent_values_of_every_key_come_at_once(history, issue):
    top = top_tag_values(history, issue, EVERYTHING, each_max=1)
    assert {key: [(value.value, value.events) for value in found] for key, found in top.items()} == {
        "level": [("error", 3)],
        "user": [("id:1", 2)],
    }
    assert [value.value for value in top_tag_values(history, issue, each_max=9)["user"]] == ["id:1", "id:2"]


def test_a_user_is_what_their_latest_selected_event_says(history, issue, noon):
    found = users_behind(history, issue, EVERYTHING, ["id:1", "id:2", "id:3"])
    assert found == {"id:1": {"id": "1", "email": "new@acme.io"}}
    first = Selection(end=msgspec.structs.replace(EVERYTHING, end=noon).end.replace(hour=11, minute=35))
    assert users_behind(history, issue, first, ["id:1"])["id:1"]["email"] == "old@acme.io"
    assert users_behind(history, issue, EVERYTHING, []) == {}
