import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tocsin.domain.errors import NotFound
from tocsin.storage.blobs import BlobStore

HASH = hashlib.sha256(b"content").hexdigest()


class S3Protocol(BaseHTTPRequestHandler):
    """The four requests of the S3 protocol that blobs need, over a directory of real files."""

    def do_PUT(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200)

    def do_GET(self):
        if self.file.is_file():
            self.answer(200, self.file.read_bytes())
        else:
            self.answer(404)

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        assert self.path == "/bucket?delete"
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall("<Key>(.*?)</Key>", asked)
        for key in keys:
            (self.server.directory / "bucket" / key).unlink(missing_ok=True)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    @property
    def file(self):
        return self.server.directory / self.path.lstrip("/")

    def answer(self, status, content=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sat, 31 Jan 2026 10:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def s3_url(tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), S3Protocol)
    server.directory = tmp_path
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield "s3://bucket/pre/fix"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["file", "s3"])
def blobs(request, tmp_path):
    return BlobStore(request.getfixturevalue("s3_url") if request.param == "s3" else f"file://{tmp_path}/new/blobs")


@pytest.mark.parametrize("content", [b"content", b"", bytes(range(256)) * 10_000], ids=["short", "empty", "long"])
def test_what_is_put_is_got_by_its_hash(blobs, content):
    content_hash = blobs.put(content)
    assert content_hash == hashlib.sha256(content).hexdigest()
    assert blobs.get(content_hash) == content


def test_the_same_content_is_kept_once(blobs, tmp_path):
    assert blobs.put(b"content") == blobs.put(b"content") == HASH
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.relative_to(tmp_path).parts[-2:] for path in files] == [(HASH[:2], HASH[2:])]


def test_content_never_put_is_not_found(blobs):
    assert not blobs.exists(HASH)
    with pytest.raises(NotFound, match=HASH):
        blobs.get(HASH)


def test_deleted_content_is_gone_and_can_be_deleted_again(blobs):
    blobs.put(b"content")
    assert blobs.exists(HASH)
    blobs.delete(HASH)
    blobs.delete(HASH)
    assert not blobs.exists(HASH)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", HASH.upper(), HASH + "\n", HASH[:-1]])
def test_what_is_no_content_hash_reaches_no_file(blobs, name):
    assert not blobs.exists(name)
    blobs.delete(name)
    with pytest.raises(NotFound):
        blobs.get(name)


def test_blobs_lie_under_the_prefix_of_the_url(s3_url, tmp_path):
    BlobStore(s3_url).put(b"content")
    assert (tmp_path / "bucket/pre/fix" / HASH[:2] / HASH[2:]).read_bytes() == b"content"


def test_blobs_outlive_the_store_that_wrote_them(tmp_path):
    BlobStore(f"file://{tmp_path}/a%20b").put(b"content")
    assert BlobStore(f"file://{tmp_path}/a%20b").get(HASH) == b"content"
