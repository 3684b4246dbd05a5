from pathlib import Path

import pytest

from tocsin.lib.file_url import path_of


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///var/lib/tocsin", "/var/lib/tocsin"),
        ("file:/var/lib/tocsin", "/var/lib/tocsin"),
        ("file:///with%20space/%C3%A9", "/with space/é"),
        ("file:///", "/"),
    ],
)
def test_a_file_url_names_a_path(url, path):
    assert path_of(url) == Path(path)


@pytest.mark.parametrize("url", ["", "/var/lib", "file:relative", "file://host/path", "s3://bucket/prefix", "file:"])
def test_any_other_url_names_none(url):
    with pytest.raises(ValueError, match="file:///path"):
        path_of(url)
