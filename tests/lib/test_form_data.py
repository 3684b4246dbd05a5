import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.form_data import TooManyPartsError, UnreadableFormError, form_parts

TYPE = "multipart/form-data; boundary=xyz"


def form(parts):
    lines = [
        b'--xyz\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), data)
        for name, data in parts
    ]
    return b"".join(lines) + b"--xyz--\r\n"


@given(st.lists(st.tuples(st.text("abc[]_", max_size=9), st.binary(max_size=400)), max_size=9))
def test_every_part_comes_out_as_it_was_put_in(parts):
    parts = [(name, data) for name, data in parts if b"--xyz" not in data]
    found = form_parts(form(parts), TYPE, parts_max=9)
    assert [(part.name, part.data, part.filename) for part in found] == [(name, data, None) for name, data in parts]


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_are_a_form_or_said_to_be_none(body, content_type):
    for sent in (TYPE, content_type):
        try:
            parts = form_parts(body, sent, parts_max=3)
        except (UnreadableFormError, TooManyPartsError):
            continue
        assert len(parts) <= 3


def test_files_have_names_and_types():
    body = form([]).replace(
        b"--xyz--",
        b'--xyz\r\nContent-Disposition: form-data; name="a"; filename="\xc3\xa9.txt"\r\nContent-Type: text/plain\r\n\r\nx'
        b"\r\n--xyz--",
    )
    (part,) = form_parts(body, TYPE, parts_max=9)
    assert (part.name, part.filename, part.content_type, part.text) == ("a", "é.txt", "text/plain", "x")


def test_more_parts_than_allowed_are_refused():
    with pytest.raises(TooManyPartsError):
        form_parts(form([("a", b"")] * 4), TYPE, parts_max=3)
