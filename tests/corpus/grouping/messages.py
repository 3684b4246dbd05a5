"""Messages, and exceptions that have nothing but a message."""

from tests.corpus.grouping.events import event, message, raised
from tests.corpus.grouping.pair import Pair, differ, same

SAME = {
    "uuids": [
        ("order 5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11 is gone", "order 00000000-7f42-4e3c-9a7b-aaaaaaaaaaaa is gone"),
        ("order 5F0C6A52-7F42-4E3C-9A7B-0C9B6A2F1D11 is gone", "order AAAAAAAA-7F42-4E3C-9A7B-0C9B6A2F1D11 is gone"),
        ("order 5f0c6a527f424e3c9a7b0c9b6a2f1d11 is gone", "order 00000000bf424e3c9a7baaaaaaaaaaaa is gone"),
        ("no session {5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11}", "no session {00c0ffee-7f42-4e3c-9a7b-aaaaaaaaaaaa}"),
        ("urn:uuid:5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11 rejected", "urn:uuid:10000000-7f42-4e3c-9a7b-aaaaaaaaaaaa rejected"),
    ],
    "ids": [
        ("user 17 not found", "user 99812 not found"),
        ("user #17 not found", "user #99812 not found"),
        ("order_17 not found", "order_99812 not found"),
        ("order id=17 failed", "order id=4 failed"),
        ("task[4711] died", "task[12] died"),
        ("customer cus_9s6XKzkNRiz8i3 has no card", "customer cus_8fKQ0aPmXb21Lk has no card"),
        ("object ObjectId('507f1f77bcf86cd799439011') is gone", "object ObjectId('507f191e810c19729de860ea') is gone"),
        ("account 123456789012 is closed", "account 210987654321 is closed"),
        ("tweet 1795200294798801920 was deleted", "tweet 1695200294798801921 was deleted"),
        ("Timeout of job i-0abcd1234efab5678", "Timeout of job i-0ffee1234aabb5678"),
        ("queue worker-7d4b9c6f5d-x2k8p restarts", "queue worker-5c8f7b9d4c-q9w7z restarts"),
    ],
    "emails": [
        ("cannot send to jane@example.com", "cannot send to bob.smith+shop@mail.example.org"),
        ("550 <jane@example.com>: no such user", "550 <b@shop.de>: no such user"),
        ("duplicate key (jane@example.com)", "duplicate key (j.d@sub.domain.co.uk)"),
    ],
    "urls": [
        ("GET https://api.example.com/users/17 timed out", "GET https://api.example.com/users/99?x=1#y timed out"),
        ("cannot open http://10.0.0.3:8080/health", "cannot open http://10.0.0.4:8081/health"),
        ("wss://live.example.com/socket/9 closed", "wss://live.example.com/socket/71 closed"),
        ("upload to s3://bucket/2026/11/a.png failed", "upload to s3://bucket/2026/12/b.png failed"),
        ("redis://cache-1.example.com:6379/0 refused", "redis://cache-2.example.com:6379/1 refused"),
        ("could not connect to postgres://shop@db1.example.com:5432/shop", "could not connect to postgres://shop@db2.example.com:5432/shop"),
    ],
    "hosts and addresses": [
        ("connection to 10.1.2.3 refused", "connection to 192.168.0.77 refused"),
        ("connection to 10.1.2.3:5432 refused", "connection to 192.168.0.77:61234 refused"),
        ("bad peer ::1", "bad peer 2001:db8::8a2e:370:7334"),
        ("bad peer [2001:db8::1]:443", "bad peer [fe80::1]:8443"),
        ("no route to api.eu.example.com", "no route to api.us.example.com"),
        ("getaddrinfo ENOTFOUND db-1.internal", "getaddrinfo ENOTFOUND db-2.internal"),
        ("device 00:11:22:aa:bb:cc left", "device 0a:1b:2c:3d:4e:5f left"),
        ("connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.2.3.4:5432"),
    ],
    "dates": [
        ("backup of 2026-11-20 failed", "backup of 2025-01-02 failed"),
        ("late since 2026-11-20T18:44:48.542554Z", "late since 2026-11-21T08:00:00+01:00"),
        ("late since 2026-11-20 18:44:48,123", "late since 2026-11-21 08:00:00,999"),
        ("late since Fri, 20 Nov 2026 18:44:48 GMT", "late since Sat, 21 Nov 2026 08:00:00 GMT"),
        ("late since Fri Nov 20 2026 18:44:48 GMT+0100 (Central European Standard Time)", "late since Sat Nov 21 2026 08:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("report 20.11.2026 is empty", "report 03.12.2025 is empty"),
        ("report 11/20/2026 is empty", "report 12/3/2025 is empty"),
        ("report 2026/11/20 is empty", "report 2025/12/03 is empty"),
        ("not open at 18:44", "not open at 9:05"),
        ("not open at 6:44 PM", "not open at 9:05 AM"),
        ("file 20261120-184448 is empty", "file 20251231-000001 is empty"),
        ("rate limited until 1795200294", "rate limited until 1795209999"),
        ("rate limited until 1795200294.798801", "rate limited until 1795209999.1"),
    ],
    "durations": [
        ("timed out after 30s", "timed out after 5s"),
        ("timed out after 1500ms", "timed out after 20ms"),
        ("timed out after 1.5s", "timed out after 12.25s"),
        ("timed out after 30 seconds", "timed out after 5 seconds"),
        ("query took 1m30s", "query took 2m5s"),
        ("lock held for 0:01:30.123", "lock held for 0:12:01.9"),
        ("context deadline exceeded after 1m30.5s", "context deadline exceeded after 59.9s"),
    ],
    "hex": [
        ("segfault at 0x7ffee4b2", "segfault at 0xDEADBEEF"),
        ("<Cart object at 0x7f4aeaaded10> is closed", "<Cart object at 0x7f10beef0010> is closed"),
        ("checksum a94a8fe5ccb19ba61c4c0873d391e987982fbbd3 differs", "checksum da39a3ee5e6b4b0d3255bfef95601890afd80709 differs"),
        ("etag 098f6bcd4621d373cade4e832627b4f6 differs", "etag d41d8cd98f00b204e9800998ecf8427e differs"),
        ("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 not found", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 not found"),
        ("deploy of 3f2a9bc failed", "deploy of 0d1e2f3 failed"),
        ("trace 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 lost", "trace 00-1bf7651916cd43dd8448eb211c80319c-c7ad6b7169203331-00 lost"),
    ],
    "paths": [
        ("cannot read /var/spool/shop/17/mail.txt", "cannot read /var/spool/shop/99/mail.txt"),
        ("[Errno 2] No such file or directory: '/tmp/tmp8x2k1q/report.pdf'", "[Errno 2] No such file or directory: '/tmp/tmpzz91ab/report.pdf'"),
        ("ENOENT: no such file or directory, open '/srv/uploads/17.png'", "ENOENT: no such file or directory, open '/srv/uploads/4.png'"),
        ("Could not find file 'C:\\Temp\\17.tmp'.", "Could not find file 'C:\\Temp\\2204.tmp'."),
    ],
    "quoted values": [
        ("unexpected value name='Jane'", "unexpected value name='Bob B.'"),
        ('unexpected value name="Jane"', 'unexpected value name="Bob B."'),
        ("no user named 'jane'", "no user named 'bob'"),
        ('no user named "jane"', 'no user named "bob"'),
        ("flag=true is not allowed", "flag=False is not allowed"),
    ],
    "numbers with units": [
        ("17 items left", "4 items left"),
        ("body of 1024 bytes is too large", "body of 88 bytes is too large"),
        ("disk is 93% full", "disk is 99% full"),
        ("disk is 93.5% full", "disk is 99.1% full"),
        ("used 512MB of 1024MB", "used 700MB of 2048MB"),
        ("used 1.5 GB", "used 11.25 GB"),
        ("used 512KiB", "used 7KiB"),
        ("retry 1/5 failed", "retry 4/5 failed"),
        ("temperature is -12.5", "temperature is 31.0"),
        ("offset is -17", "offset is 5"),
        ("value 1e-05 is too small", "value 2.5e-07 is too small"),
        ("array index 7 out of bounds for length 3", "array index 12 out of bounds for length 12"),
        ("1,234,567 rows skipped", "12,001 rows skipped"),
    ],
    "prices": [
        ("card was charged $12.99 twice", "card was charged $8.00 twice"),
        ("card was charged 12.99 EUR twice", "card was charged 8.50 EUR twice"),
        ("card was charged €12.99 twice", "card was charged €199.00 twice"),
        ("card was charged £5 twice", "card was charged £45 twice"),
    ],
    "SQL values": [
        ("syntax error in SELECT * FROM cart WHERE id = 17", "syntax error in SELECT * FROM cart WHERE id = 8"),
        ("syntax error in SELECT * FROM cart WHERE owner='jane' AND id=17", "syntax error in SELECT * FROM cart WHERE owner='bob' AND id=3"),
        ("syntax error in SELECT * FROM cart WHERE owner = 'jane'", "syntax error in SELECT * FROM cart WHERE owner = 'bob'"),
        ('duplicate key value violates unique constraint "cart_pkey"\nDETAIL:  Key (id)=(17) already exists.', 'duplicate key value violates unique constraint "cart_pkey"\nDETAIL:  Key (id)=(88) already exists.'),
        ("Lock wait timeout exceeded; try restarting transaction (1205, thread 17)", "Lock wait timeout exceeded; try restarting transaction (1205, thread 991)"),
        ("INSERT INTO cart VALUES (1, 2.5, '2026-11-20') failed", "INSERT INTO cart VALUES (44, 10.0, '2025-11-20') failed"),
    ],
    "HTTP": [
        ("upstream answered 502 for GET /cart/17", "upstream answered 503 for GET /cart/4"),
        ("HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=5)", "HTTPSConnectionPool(host='api2.example.com', port=443): Read timed out. (read timeout=30)"),
        ("Request failed: POST /api/carts/5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11/items", "Request failed: POST /api/carts/00c0ffee-7f42-4e3c-9a7b-0c9b6a2f1d11/items"),
    ],
    "unicode": [
        ("заказ 17 не найден", "заказ 9 не найден"),
        ("注文 17 が見つかりません", "注文 9 が見つかりません"),
        ("🛒 17 is empty 😢", "🛒 4 is empty 😢"),
        ("Größe 17 fehlt für müller@exämple.de", "Größe 4 fehlt für schulz@exämple.de"),
        ("naïve café 17", "naïve café 18"),
    ],
    "long texts": [
        ("cannot parse\nline 17\nof a file", "cannot parse\nline 4\nof another document"),
        ("cannot parse:\n\n\n  17", "cannot parse:\n\n\n  99"),
        ("bad value 17\r\nat 9", "bad value 3\r\nat 12"),
    ],
}  # fmt: skip

DIFFERENT = {
    "words": [
        ("user 17 not found", "order 17 not found"),
        ("cannot read 17 bytes", "cannot write 17 bytes"),
        ("payment declined", "payment expired"),
        ("connection refused", "connection reset by peer"),
        ("timed out after 5s", "failed after 5s"),
        ("user.id is null", "user.name is null"),
        ("no such column: price", "no such column: weight"),
        ("no such table: cart", "no such table: customer"),
        ("Cannot read properties of undefined (reading 'total')", "Cannot read properties of undefined (reading 'items')"),
        ("foo is not defined", "bar is not defined"),
        ("x.map is not a function", "x.filter is not a function"),
        ("invalid literal for int()", "invalid literal for float()"),
        ("permission denied for table cart", "permission denied for table audit"),
        ('null value in column "price" violates not-null constraint', 'null value in column "weight" violates not-null constraint'),
        ("No module named shop.cart", "No module named shop.mail"),
        ("column cart.total does not exist", "column cart.owner does not exist"),
        ("cart is empty\nof 17", "cart is full\nof 17"),
        ("заказ не найден", "заказ уже оплачен"),
        ("Missing required field: email", "Missing required field: phone"),
        ("template 'cart.html' not found", "template 'mail.html' not found"),
    ],
    "HTTP": [
        ("Request failed with status code 404", "Request failed with status code 500"),
        ("Request failed with status code 401", "Request failed with status code 429"),
        ("GET returned 404 Not Found", "GET returned 403 Forbidden"),
    ],
    "kinds of values": [
        ("bad value None", "bad value 17"),
        ("expected a number, got 'abc'", "expected a number, got 17"),
        ("exit code 1", "exit code: killed"),
    ],
}  # fmt: skip


def _failed(text: str, *, number: int) -> dict[str, object]:
    """Return the text as SDKs send it: of a logger, of a capture, or of an exception that was never raised."""
    return (
        message(text),
        {"platform": "node", "level": "error", "message": text},
        event("python", raised("ShopError", text)),
        event("go", raised("*errors.errorString", text)),
    )[number % 4]


def _template(template: str, params: list[object], text: str, **rest: object) -> dict[str, object]:
    return message(text, **rest) | {"logentry": {"message": template, "params": params, "formatted": text}}


PAIRS: list[Pair] = [
    *(
        same(f"variable in the message: {kind}", one, _failed(one, number=number), _failed(other, number=number))
        for kind, texts in SAME.items()
        for number, (one, other) in enumerate(texts)
    ),
    *(
        differ(f"other message: {kind}", one, _failed(one, number=number), _failed(other, number=number))
        for kind, texts in DIFFERENT.items()
        for number, (one, other) in enumerate(texts)
    ),
    same(
        "message with parameters", "words differ",
        _template("user %s has no %s", ["jane", "cart"], "user jane has no cart"),
        _template("user %s has no %s", ["bob", "address"], "user bob has no address"),
    ),
    same(
        "message with parameters", "numbers differ",
        _template("cart {} of {}", [17, 4], "cart 17 of 4"), _template("cart {} of {}", [1, 2], "cart 1 of 2"),
    ),
    same(
        "message with parameters", "names of parameters",
        _template("%(who)s left", {"who": "jane"}, "jane left"), _template("%(who)s left", {"who": "bob"}, "bob left"),
    ),
    same(
        "message with parameters", "formatted by the server",
        {"platform": "python", "logentry": {"message": "user %s left", "params": ["jane"]}},
        {"platform": "python", "logentry": {"message": "user %s left", "params": ["bob"]}},
    ),
    differ(
        "message with parameters", "other template, same text",
        _template("%s left", ["jane"], "jane left"), _template("jane %s", ["left"], "jane left"),
    ),
    differ(
        "message with parameters", "other template",
        _template("user %s has no cart", ["jane"], "user jane has no cart"),
        _template("user %s has no address", ["jane"], "user jane has no address"),
    ),
    same("same message, other logger", "a module was renamed", message("card declined for 17", logger="shop.billing"), message("card declined for 4", logger="shop.payments")),
    same("same message, other logger", "the root logger", message("no space left on device", logger="root"), message("no space left on device", logger="shop")),
    differ("same message, other logger", "generic words", message("connection lost", logger="shop.db"), message("connection lost", logger="mail.imap")),
    same("level changed", "of a message", message("card declined"), message("card declined", level="warning")),
    same("white space around a message", "of a message", message("card declined"), message("  card declined\n")),
    same("value changed, no stack", "Go's wrapped errors", event("go", raised("*errors.errorString", "no rows"), raised("*fmt.wrapError", "load cart 17: no rows")), event("go", raised("*errors.errorString", "no rows"), raised("*fmt.wrapError", "load cart 99: no rows"))),
    differ("other cause, no stack", "Go's wrapped errors", event("go", raised("*errors.errorString", "no rows"), raised("*fmt.wrapError", "load cart 17: no rows")), event("go", raised("*errors.errorString", "bad connection"), raised("*fmt.wrapError", "load cart 17: bad connection"))),
    differ("other type, no stack", "same value", event("python", raised("KeyError", "'total'")), event("python", raised("AttributeError", "'total'"))),
]  # fmt: skip
