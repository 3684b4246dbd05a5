"""Python: frameworks, decorators, environments, chains and groups."""

from typing import Any

from tests.corpus.grouping.events import CELERY, DJANGO, FASTAPI, FLASK, Frame, event, py, py_lib, py_std, raised
from tests.corpus.grouping.pair import Event, Pair, differ, same

VIEW = py("shop.views", "checkout", "    total = cart.total()", 31)
TOTAL = py("shop.cart", "total", "    return sum(prices)", 12)
MIDDLEWARE = py("shop.middleware.audit", "__call__", "        response = self.get_response(request)", 20)
OTHER_MIDDLEWARE = py("shop.middleware.timing", "__call__", "        return self.get_response(request)", 9)
ASYNC_MIDDLEWARE = py("shop.middleware", "dispatch", "        response = await call_next(request)", 9)
DECORATOR = py("shop.permissions", "wrapper", "        return func(*args, **kwargs)", 7)
RETRY = py("shop.retrying", "wrapped", "            return function(*args, **kwargs)", 7)
TASK = py("shop.tasks", "send_mail", "    deliver(mail)", 17)
REDIS = py_lib("redis.connection", "connect", "            raise ConnectionError(self._error_message(e))")
DELIVER = py("shop.mail", "deliver", "    raise MailError(code)", 40)


def failed(*frames: Frame, type_: str = "ValueError", value: str = "no price", **rest: Any) -> Event:
    return event("python", raised(type_, value, *frames), **rest)


def chained(*exceptions: dict[str, Any]) -> Event:
    return event("python", *exceptions)


def group(*leaves: dict[str, Any], value: str = "2 failed") -> Event:
    """Return an exception group as the SDK sends it: the leaves first, the group last."""
    parent = raised("ExceptionGroup", value, py("shop.jobs", "run_all", "    async with TaskGroup() as group:"))
    parent["mechanism"] = {"type": "generic", "handled": True, "exception_id": 0, "is_exception_group": True}
    ids = range(len(leaves), 0, -1)
    for number, leaf in zip(ids, reversed(leaves), strict=True):
        leaf["mechanism"] = {
            "type": "chained",
            "handled": True,
            "exception_id": number,
            "parent_id": 0,
            "source": f"exceptions[{number - 1}]",
        }
    return event("python", *leaves[::-1], parent)


KEY = raised("KeyError", "'usd'", py("shop.money", "rate", "    return RATES[currency]"))
ZERO = raised("ZeroDivisionError", "division by zero", py("shop.money", "share", "    return total / count"))
PAYMENT = raised("PaymentError", "cannot pay", VIEW, py("shop.pay", "charge", "    raise PaymentError from error"))
SHIPPING = raised("ShippingError", "cannot ship", VIEW, py("shop.ship", "send", "    raise ShippingError from error"))
LOST = raised(
    "OperationalError",
    "server closed the connection 17",
    py_lib("psycopg.cursor", "execute", "        raise ex.with_traceback(None)"),
)
WRAPPED = raised(
    "OperationalError",
    "(psycopg.OperationalError) server closed the connection 17",
    TOTAL,
    py_lib("sqlalchemy.engine.base", "execute", "    self._handle_dbapi_exception(e)"),
)
FETCH = raised("TimeoutError", "", py("shop.jobs", "fetch", "    return await client.get(url)"))
PARSE = raised(
    "ValueError",
    "bad json at 17",
    py("shop.jobs", "parse", "    return json.loads(text)"),
    py_std("json.decoder", "decode", "        obj, end = self.raw_decode(s)"),
)

SHELL = (py("__main__", "<module>", "    main()", filename="manage.py", abs_path="/srv/app/manage.py"),)

PAIRS: list[Pair] = [
    same("framework noise", "a Django middleware of a package was added", failed(*DJANGO, VIEW, TOTAL), failed(DJANGO[0], py_lib("corsheaders.middleware", "__call__", "        result = self.get_response(request)"), *DJANGO, VIEW, TOTAL)),
    same("framework noise", "an own Django middleware was added", failed(*DJANGO, VIEW, TOTAL), failed(DJANGO[0], MIDDLEWARE, *DJANGO, VIEW, TOTAL)),
    same("framework noise", "another own Django middleware was added", failed(DJANGO[0], MIDDLEWARE, *DJANGO, VIEW, TOTAL), failed(DJANGO[0], MIDDLEWARE, DJANGO[0], OTHER_MIDDLEWARE, *DJANGO, VIEW, TOTAL)),
    same("framework noise", "an own ASGI middleware was added", failed(*FASTAPI, VIEW, TOTAL), failed(FASTAPI[0], ASYNC_MIDDLEWARE, *FASTAPI, VIEW, TOTAL)),
    differ("framework noise", "the middleware itself fails", failed(*DJANGO, MIDDLEWARE), failed(*DJANGO, OTHER_MIDDLEWARE)),
    same("framework noise", "Django was updated", failed(*DJANGO, VIEW, TOTAL), failed(py_lib("django.core.handlers.exception", "inner", "                response = get_response(request)", 42), py_lib("django.core.handlers.base", "_get_response_async", "    response = await wrapped_callback("), VIEW, TOTAL)),
    same("framework noise", "Flask was updated", failed(*FLASK, VIEW, TOTAL), failed(FLASK[0], FLASK[2], VIEW, TOTAL)),
    same("framework noise", "from Flask to gunicorn with gevent", failed(*FLASK, VIEW, TOTAL), failed(py_lib("gunicorn.workers.ggevent", "handle_request", "    super().handle_request("), *FLASK, VIEW, TOTAL)),
    same("framework noise", "Celery in eager mode", failed(*CELERY, TASK, DELIVER), failed(py_lib("celery.app.task", "apply", "    ret = tracer(task_id, args, kwargs)"), *CELERY, TASK, DELIVER)),
    same("framework noise", "Celery wraps with autoretry", failed(*CELERY, TASK, DELIVER), failed(*CELERY, py_lib("celery.app.autoretry", "run", "    return task._orig_run(*args, **kwargs)"), TASK, DELIVER)),
    same("framework noise", "the SDK's own wrappers", failed(*CELERY, TASK, DELIVER), failed(CELERY[0], py_lib("sentry_sdk.integrations.celery", "_inner", "    reraise(*exc_info)"), CELERY[1], TASK, DELIVER)),
    same("framework noise", "a decorator was added", failed(*DJANGO, VIEW, TOTAL), failed(*DJANGO, DECORATOR, VIEW, TOTAL)),
    same("framework noise", "a second decorator was added", failed(*DJANGO, DECORATOR, VIEW, TOTAL), failed(*DJANGO, DECORATOR, RETRY, VIEW, TOTAL)),
    same("framework noise", "a decorator of a package was added", failed(*DJANGO, VIEW, TOTAL), failed(*DJANGO, py_lib("django.contrib.auth.decorators", "_wrapper_view", "    return view_func(request, *args, **kwargs)"), VIEW, TOTAL)),
    differ("framework noise", "the decorator itself fails", failed(*DJANGO, DECORATOR), failed(*DJANGO, RETRY)),
    differ("framework noise", "the decorator fails, not the view", failed(*DJANGO, VIEW, TOTAL), failed(*DJANGO, DECORATOR)),
    differ("framework noise", "two views behind one decorator", failed(*DJANGO, DECORATOR, VIEW), failed(*DJANGO, DECORATOR, py("shop.views", "search", "    return find(text)"))),
    same("framework noise", "only framework frames, line moved", failed(*CELERY), failed(*[frame | {"lineno": 3} for frame in CELERY])),
    same("framework noise", "run by another server", failed(py_lib("uvicorn.protocols.http.h11_impl", "run_asgi", "    result = await app("), *FASTAPI, VIEW, TOTAL), failed(py_lib("hypercorn.asyncio.task_group", "_handle", "    await invoke_asgi(app)"), *FASTAPI, VIEW, TOTAL)),
    differ("other cause, same handler", "another function of the view", failed(*DJANGO, VIEW, TOTAL), failed(*DJANGO, VIEW, py("shop.cart", "weight", "    return sum(weights)"))),
    differ("other cause, same handler", "another line of the same function", failed(*DJANGO, py("shop.views", "checkout", "    user = request.user.profile", 20), type_="AttributeError"), failed(*DJANGO, py("shop.views", "checkout", "    price = prices[name].amount", 28), type_="AttributeError")),
    differ("other cause, same handler", "another exception in the same line", failed(*DJANGO, VIEW, TOTAL), failed(*DJANGO, VIEW, TOTAL, type_="TypeError", value="unsupported operand")),
    differ("other cause, same handler", "a helper module", failed(*DJANGO, VIEW, py("shop.tax", "total", "    return sum(prices)")), failed(*DJANGO, VIEW, TOTAL)),
    differ("same type, other function", "in another module of the same name", failed(py("shop.views", "detail", "    obj = get(pk)")), failed(py("blog.views", "detail", "    obj = get(pk)"))),
    differ("same type, other function", "methods of two views", failed(py("shop.views", "get", "    return render(request)")), failed(py("shop.views", "post", "    return render(request)"))),
    differ("same type, other function", "two Celery tasks", failed(*CELERY, TASK), failed(*CELERY, py("shop.tasks", "send_bill", "    deliver(bill)"))),
    same("environment changed", "another virtual environment", failed(*DJANGO, VIEW, TOTAL), failed(*[frame | {"abs_path": frame["abs_path"].replace("/opt/venv", "/home/bob/.virtualenvs/shop")} for frame in DJANGO], VIEW, TOTAL)),
    same("environment changed", "another home folder", failed(VIEW, TOTAL), failed(*[frame | {"abs_path": f"/home/jane/shop/{frame['filename']}"} for frame in (VIEW, TOTAL)])),
    same("environment changed", "in a container", failed(*DJANGO, VIEW, TOTAL), failed(*[frame | {"abs_path": "/app/" + frame["filename"]} for frame in (*DJANGO, VIEW, TOTAL)])),
    same("environment changed", "in a virtual environment within the project", failed(*DJANGO, VIEW, TOTAL), failed(*[py_lib(f["module"], f["function"], f["context_line"], venv="/srv/app/.venv/lib/python3.12") | {"in_app": True} for f in DJANGO], VIEW, TOTAL)),
    same("environment changed", "another Python", failed(VIEW, py_std("json.decoder", "decode", "        obj, end = self.raw_decode(s)")), failed(VIEW, py_std("json.decoder", "decode", "        obj, end = self.raw_decode(s)", 340, "/usr/local/lib/python3.12"))),
    same("environment changed", "another Python with more calls", failed(py_std("asyncio.runners", "run", "    return loop.run_until_complete(main)"), VIEW, TOTAL), failed(py_std("asyncio.runners", "run", "    return runner.run(main)", python="/usr/lib/python3.12"), py_std("asyncio.runners", "run", "    return self._loop.run_until_complete(task)", python="/usr/lib/python3.12"), VIEW, TOTAL)),
    same("environment changed", "another operating system", failed(*SHELL, VIEW, TOTAL), failed(py("__main__", "<module>", "    main()", filename="manage.py", abs_path="C:\\shop\\manage.py"), *[frame | {"filename": frame["filename"].replace("/", "\\"), "abs_path": "C:\\shop\\" + frame["filename"]} for frame in (VIEW, TOTAL)])),
    same("environment changed", "a Lambda of AWS", failed(VIEW, TOTAL), failed(py_std("bootstrap", "handle_event_request", "    response = request_handler(event, lambda_context)", python="/var/runtime"), VIEW, TOTAL)),
    same("environment changed", "a pyenv interpreter", failed(py_std("threading", "run", "        self._target(*self._args, **self._kwargs)"), TASK, DELIVER), failed(py_std("threading", "run", "        self._target(*self._args, **self._kwargs)", 982, "/home/jane/.pyenv/versions/3.12.1/lib/python3.12"), TASK, DELIVER)),
    same("environment changed", "a script in another folder", failed(py("__main__", "main", "    load(path)", filename="job.py", abs_path="/srv/a/job.py")), failed(py("__main__", "main", "    load(path)", filename="job.py", abs_path="/srv/b/job.py"))),
    same("environment changed", "a temporary notebook cell", failed(py("__main__", "<module>", "load(path)", filename="/tmp/ipykernel_17/991.py", abs_path="/tmp/ipykernel_17/991.py")), failed(py("__main__", "<module>", "load(path)", filename="/tmp/ipykernel_4/12.py", abs_path="/tmp/ipykernel_4/12.py"))),
    same("async frames", "awaited in a task", failed(VIEW, TOTAL), failed(py_std("asyncio.tasks", "__step", "        result = coro.send(None)"), VIEW, TOTAL)),
    same("async frames", "run in a thread pool", failed(VIEW, TOTAL), failed(py_std("concurrent.futures.thread", "run", "            result = self.fn(*self.args, **self.kwargs)"), VIEW, TOTAL)),
    same("async frames", "anyio's worker thread", failed(*FASTAPI, VIEW, TOTAL), failed(*FASTAPI, py_lib("starlette.concurrency", "run_in_threadpool", "    return await anyio.to_thread.run_sync(func)"), py_lib("anyio._backends._asyncio", "run", "    result = context.run(func, *args)"), VIEW, TOTAL)),
    same("unnamed functions", "a lambda in another place", failed(VIEW, py("shop.cart", "<lambda>", "    key=lambda item: item.price", 17)), failed(VIEW, py("shop.cart", "<lambda>", "    key=lambda item: item.price", 92))),
    differ("unnamed functions", "two lambdas", failed(VIEW, py("shop.cart", "<lambda>", "    key=lambda item: item.price", 17)), failed(VIEW, py("shop.cart", "<lambda>", "    key=lambda item: item.weight", 18))),
    same("unnamed functions", "a comprehension that Python 3.12 inlines", failed(VIEW, TOTAL, py("shop.cart", "<listcomp>", "    return [item.price for item in items]")), failed(VIEW, TOTAL, py("shop.cart", "<listcomp>", "    return [item.price for item in items]", 77))),
    same("recursion depth", "two functions that call each other", failed(*[py("shop.tree", "walk", "    visit(child)"), py("shop.tree", "visit", "    walk(node)")] * 10, TOTAL), failed(*[py("shop.tree", "walk", "    visit(child)"), py("shop.tree", "visit", "    walk(node)")] * 30, TOTAL)),
    same("recursion depth", "until Python refuses", failed(VIEW, *[TOTAL] * 200, type_="RecursionError"), failed(VIEW, *[TOTAL] * 240, type_="RecursionError")),
    same("source context present or absent", "sources are not on the server", failed(VIEW, TOTAL), failed(*[{k: v for k, v in f.items() if not k.endswith(("context", "context_line"))} for f in (VIEW, TOTAL)])),
    same("stack cut short", "by the SDK, framework frames are gone", failed(*DJANGO * 6, VIEW, TOTAL), failed(VIEW, TOTAL)),
    same("stack cut short", "by the server's limit", failed(*[py_lib("lib.deep", f"f{n}") for n in range(100)], VIEW, TOTAL), failed(*[py_lib("lib.deep", f"f{n}") for n in range(300)], VIEW, TOTAL)),
    same("chained exceptions", "the same twice, other values", chained(KEY, PAYMENT), chained(KEY | {"value": "'eur'"}, PAYMENT | {"value": "cannot pay 17"})),
    differ("chained exceptions", "the same cause in another wrapper", chained(KEY, PAYMENT), chained(KEY, SHIPPING)),
    differ("chained exceptions", "another cause in the same wrapper", chained(KEY, PAYMENT), chained(ZERO, PAYMENT)),
    differ("chained exceptions", "cause and effect exchanged", chained(KEY, ZERO), chained(ZERO, KEY)),
    same("chained exceptions", "a driver's error in that of the library", chained(LOST, WRAPPED), chained(LOST | {"value": "server closed the connection 4"}, WRAPPED | {"value": "(psycopg.OperationalError) server closed the connection 4"})),
    differ("chained exceptions", "the same error of the library in two queries", chained(LOST, WRAPPED), chained(LOST, raised("OperationalError", "x", py("shop.stock", "count", "    return query.count()"), py_lib("sqlalchemy.engine.base", "execute", "    self._handle_dbapi_exception(e)")))),
    same("exception groups", "one kind of leaf, once and three times", group(FETCH), group(FETCH, FETCH | {"value": "x"}, FETCH | {"value": "y"}, value="3 failed")),
    same("exception groups", "two kinds in another order", group(FETCH, PARSE), group(PARSE, FETCH)),
    same("exception groups", "values differ", group(FETCH, PARSE), group(FETCH, PARSE | {"value": "bad json at 99"}, value="2 of 9 failed")),
    differ("exception groups", "another leaf", group(FETCH), group(PARSE)),
    differ("exception groups", "one more kind of leaf", group(FETCH), group(FETCH, PARSE)),
    same("local variables changed", "one frame more has variables", failed(VIEW, TOTAL), failed(VIEW, TOTAL | {"vars": {"prices": ["1", "2"], "items": {"a": ["b"]}}})),
    same("source context changed", "lines around the failing one", failed(VIEW, TOTAL), failed(VIEW, TOTAL | {"pre_context": ["def total(self):", "    # new"], "post_context": []})),
    same("parallel workers", "a spawned process has another pipe", failed(py_std("multiprocessing.spawn", "spawn_main", "    exitcode = _main(fd, parent_sentinel)"), py("__main__", "<module>", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)", filename="<string>", abs_path="<string>"), TASK), failed(py_std("multiprocessing.spawn", "spawn_main", "    exitcode = _main(fd, parent_sentinel)"), py("__main__", "<module>", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=9, pipe_handle=21)", filename="<string>", abs_path="<string>"), TASK)),
    same("framework noise", "SQLAlchemy was updated", failed(VIEW, py_lib("sqlalchemy.orm.query", "first", "    return self.limit(1)._iter().first()"), type_="NoResultFound"), failed(VIEW, py_lib("sqlalchemy.orm.query", "first", "        return self._limit(1)"), py_lib("sqlalchemy.engine.result", "first", "    return self._only_one_row("), type_="NoResultFound")),
    same("framework noise", "gRPC's interceptors", failed(py_lib("grpc._server", "_call_behavior", "    response_or_iterator = behavior(argument, context)"), TASK, DELIVER), failed(py_lib("grpc._server", "_call_behavior", "    response_or_iterator = behavior(argument, context)"), py_lib("sentry_sdk.integrations.grpc.server", "behavior", "    return handler.unary_unary(request, context)"), TASK, DELIVER)),
    same("framework noise", "pytest runs it", failed(VIEW, TOTAL), failed(py_lib("_pytest.python", "pytest_pyfunc_call", "    result = testfunction(**testargs)"), VIEW, TOTAL)),
    differ("framework noise", "two middlewares fail in a library", failed(DJANGO[0], py("shop.middleware.audit", "__call__", "        self.redis.incr(key)"), REDIS), failed(DJANGO[0], py("shop.middleware.timing", "__call__", "        self.redis.get(key)"), REDIS)),
    differ("framework noise", "two decorators fail in a library", failed(*DJANGO, py("shop.cache", "wrapper", "        cached = redis.get(key)"), REDIS), failed(*DJANGO, py("shop.limits", "wrapper", "        count = redis.get(key)"), REDIS)),
    differ("framework noise", "the middleware's own code fails below it", failed(DJANGO[0], MIDDLEWARE, py("shop.audit", "note", "    raise ValueError(user)")), failed(DJANGO[0], MIDDLEWARE, *DJANGO, VIEW, py("shop.audit", "check", "    raise ValueError(user)"))),
    differ("other cause, same handler", "two calls of one library", failed(*DJANGO, py("shop.views", "cart", "    redis.get(key)"), REDIS), failed(*DJANGO, py("shop.views", "mail", "    redis.get(key)"), REDIS)),
    differ("other cause, same handler", "two tasks whose connection is lost", failed(*CELERY, TASK, REDIS), failed(*CELERY, py("shop.tasks", "clean", "    redis.delete(key)"), REDIS)),
    differ("async frames", "two tasks that time out", failed(py("shop.jobs", "fetch", "    return await client.get(url)"), py_std("asyncio.tasks", "wait_for", "    raise TimeoutError()"), type_="TimeoutError"), failed(py("shop.jobs", "store", "    await client.put(url)"), py_std("asyncio.tasks", "wait_for", "    raise TimeoutError()"), type_="TimeoutError")),
]  # fmt: skip
