"""JavaScript: bundles, browsers, Node, React Native."""

from typing import Any

from tests.corpus.grouping.events import EXPRESS, Frame, event, js, mapped, message, node, node_core, node_lib, raised
from tests.corpus.grouping.pair import Event, Pair, differ, same

NEXT = "https://shop.example.com/_next/static/chunks/pages/"


def failed(*frames: Frame, type_: str = "TypeError", value: str = "x is undefined", **rest: Any) -> Event:
    return event("javascript", raised(type_, value, *frames), **rest)


def in_node(*frames: Frame, type_: str = "TypeError", value: str = "x is undefined", **rest: Any) -> Event:
    return event("node", raised(type_, value, *frames), **rest)


def synthetic(value: str, *frames: Frame, type_: str | None = None) -> Event:
    return event(
        "javascript", raised(type_, value, *frames, mechanism={"type": "generic", "handled": True, "synthetic": True})
    )


def bundle(*functions: str, file: str = "main.8f3a2c1b.js") -> list[Frame]:
    return [js(function, file, colno=100 + n) for n, function in enumerate(functions)]


ROUTE = node("routes", "checkout", "  const sum = total(cart)", 31)
SUM = node("cart", "total", "  return cart.items.length", 7)
CLICK = mapped("button", "onClick", "  computeTotal(cart)")
TOTAL = mapped("cart", "computeTotal", "  return cart.total")
REACT = [
    mapped("../node_modules/react-dom/cjs/react-dom.production.min", name)
    for name in ("callCallback", "invokeGuardedCallback", "processDispatchQueue")
]

CHROME = "Cannot read properties of undefined (reading 'total')"
FIREFOX = 'can\'t access property "total", cart is undefined'
SAFARI = "undefined is not an object (evaluating 'cart.total')"

PAIRS: list[Pair] = [
    same("bundle rebuilt", "another hash", failed(*bundle("onClick", "computeTotal")), failed(*bundle("onClick", "computeTotal", file="main.99aab.js"))),
    same("bundle rebuilt", "a hash of Vite", failed(*bundle("onClick", "computeTotal", file="index-D4bK3xYz.js")), failed(*bundle("onClick", "computeTotal", file="index-BqW9_aLm.js"))),
    same("bundle rebuilt", "a chunk of Next.js", failed(js("onClick", NEXT + "cart-8f3a2c1b.js"), js("computeTotal", NEXT + "_app-1111aaaa.js")), failed(js("onClick", NEXT + "cart-9f00aa11.js"), js("computeTotal", NEXT + "_app-2222bbbb.js"))),
    same("bundle rebuilt", "from another host", failed(*bundle("onClick", "computeTotal")), failed(js("onClick", "https://cdn.example.com/v2/main.1.js"), js("computeTotal", "https://cdn.example.com/v2/main.1.js"))),
    same("bundle rebuilt", "another query", failed(*bundle("onClick", "computeTotal", file="main.js?v=1")), failed(*bundle("onClick", "computeTotal", file="main.js?v=2"))),
    same("bundle rebuilt", "split into two", failed(*bundle("onClick", "computeTotal")), failed(js("onClick", "main.1.js"), js("computeTotal", "cart.2.js"))),
    same("bundle rebuilt", "minified names change", failed(*bundle("t.onClick", "e")), failed(*bundle("n.onClick", "r", file="main.99aab.js"))),
    same("bundle rebuilt", "minified classes change, methods stay", failed(*bundle("t.onClick", "e.computeTotal")), failed(*bundle("n.onClick", "qe.computeTotal", file="main.99aab.js"))),
    same("bundle rebuilt", "all functions unnamed", failed(*bundle("?", "?"), value="cart is undefined"), failed(*bundle("?", "?", file="main.99aab.js"), value="cart is undefined")),
    differ("bundle rebuilt", "all functions unnamed, another message", failed(*bundle("?", "?"), value="cart is undefined"), failed(*bundle("?", "?"), value="user is undefined")),
    same("bundle rebuilt", "a worker from a blob", failed(js("run", "blob:https://shop.example.com/5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11")), failed(js("run", "blob:https://shop.example.com/00c0ffee-7f42-4e3c-9a7b-0c9b6a2f1d11"))),
    same("bundle rebuilt", "a bundle of React Native", failed(js("render", "app:///index.android.bundle"), js("total", "app:///index.android.bundle")), failed(js("render", "app:///index.android.bundle", 1, 99), js("total", "app:///index.android.bundle", 1, 8812))),
    same("bundle rebuilt", "React Native updated over the air", failed(js("render", "app:///main.jsbundle"), js("total", "app:///main.jsbundle")), failed(js("render", "app:///main.jsbundle"), js("total", "app:///main.jsbundle", 2, 4))),
    differ("bundle rebuilt", "another function", failed(*bundle("onClick", "computeTotal")), failed(*bundle("onClick", "computeTaxes", file="main.99aab.js"))),
    differ("bundle rebuilt", "another handler", failed(*bundle("onClick", "computeTotal")), failed(*bundle("onHover", "computeTotal", file="main.99aab.js"))),
    same("browsers", "Chrome and Firefox", failed(*bundle("onClick", "computeTotal"), value=CHROME), failed(*bundle("onClick", "computeTotal"), value=FIREFOX)),
    same("browsers", "Chrome and Safari", failed(*bundle("onClick", "computeTotal"), value=CHROME), failed(*bundle("onClick", "computeTotal"), value=SAFARI)),
    same("browsers", "the receiver's class in Chrome", failed(*bundle("Cart.render", "Cart.computeTotal"), value=CHROME), failed(*bundle("render", "computeTotal"), value=FIREFOX)),
    same("browsers", "a constructor in Chrome", failed(*bundle("onClick", "new Cart"), value=CHROME), failed(*bundle("onClick", "Cart"), value=FIREFOX)),
    same("browsers", "an async function in Chrome", failed(*bundle("async load", "computeTotal"), value=CHROME), failed(*bundle("load", "computeTotal"), value=SAFARI)),
    same("browsers", "an async method in Chrome", failed(*bundle("async Cart.load", "computeTotal"), value=CHROME), failed(*bundle("load", "computeTotal"), value=SAFARI)),
    same("browsers", "an async caller in Firefox", failed(*bundle("load", "computeTotal"), value=CHROME), failed(*bundle("async*load", "computeTotal"), value=FIREFOX)),
    same("browsers", "a timer in Firefox", failed(*bundle("start", "computeTotal"), value=CHROME), failed(*bundle("setTimeout handler*start", "computeTotal"), value=FIREFOX)),
    same("browsers", "an unnamed function in Firefox", failed(*bundle("render", "?", "computeTotal"), value=CHROME), failed(*bundle("render", "render/<", "computeTotal"), value=FIREFOX)),
    same("browsers", "an unnamed listener", failed(*bundle("HTMLButtonElement.<anonymous>", "computeTotal"), value=CHROME), failed(*bundle("?", "computeTotal"), value=SAFARI)),
    same("browsers", "code outside of functions", failed(*bundle("?", "computeTotal"), value=CHROME), failed(*bundle("global code", "computeTotal"), value=SAFARI)),
    same("browsers", "code outside of functions, of a module", failed(*bundle("?", "computeTotal"), value=CHROME), failed(*bundle("module code", "computeTotal"), value=SAFARI)),
    same("browsers", "an array's method", failed(*bundle("onClick"), js("Array.map", "<anonymous>"), *bundle("computeTotal"), value=CHROME), failed(*bundle("onClick"), js("map", "[native code]"), *bundle("computeTotal"), value=SAFARI)),
    same("browsers", "an array's method that Firefox does not show", failed(*bundle("onClick"), js("Array.forEach", "<anonymous>"), *bundle("computeTotal"), value=CHROME), failed(*bundle("onClick", "computeTotal"), value=FIREFOX)),
    same("browsers", "waiting for several promises", failed(js("async Promise.all", "index 0"), *bundle("computeTotal"), value=CHROME), failed(js("async Promise.all", "index 3"), *bundle("computeTotal"), value=CHROME)),
    same("browsers", "waiting for promises, not shown by Safari", failed(*bundle("load"), js("async Promise.all", "index 1"), *bundle("computeTotal"), value=CHROME), failed(*bundle("load", "computeTotal"), value=SAFARI)),
    same("browsers", "a method by another name", failed(*bundle("Object.onClick [as handler]", "computeTotal"), value=CHROME), failed(*bundle("onClick", "computeTotal"), value=FIREFOX)),
    same("browsers", "an alias with a dot", failed(*bundle("onClick", "Cart.computeTotal [as total.compute]"), value=CHROME), failed(*bundle("onClick", "computeTotal"), value=FIREFOX)),
    same("browsers", "no stack, two wordings", failed(value=CHROME), failed(value=FIREFOX)),
    same("browsers", "code that was evaluated", failed(*bundle("onClick"), js("eval", "https://shop.example.com/static/js/main.8f3a2c1b.js"), *bundle("computeTotal")), failed(*bundle("onClick"), js("eval code", "[native code]"), *bundle("computeTotal"))),
    same("browsers", "old Safari calls it anonymous", failed(*bundle("Anonymous function", "computeTotal")), failed(*bundle("?", "computeTotal"))),
    differ("browsers", "another property, Chrome twice, no names", failed(*bundle("?"), value=CHROME), failed(*bundle("?"), value="Cannot read properties of undefined (reading 'items')")),
    same("source maps", "line moved", failed(CLICK, TOTAL), failed(CLICK | {"lineno": 3}, TOTAL | {"lineno": 91, "colno": 2})),
    same("source maps", "another folder of the build", failed(*[frame | {"filename": f"app:///src/{frame['filename'].rpartition('/')[2]}", "abs_path": f"app:///src/{frame['filename'].rpartition('/')[2]}"} for frame in (CLICK, TOTAL)]), failed(CLICK, TOTAL)),
    same("source maps", "with and without a query of webpack", failed(CLICK, TOTAL), failed(CLICK, TOTAL | {"filename": "webpack:///./src/cart.ts?3f2a", "abs_path": "webpack:///./src/cart.ts?3f2a"})),
    same("source maps", "react-dom was updated", failed(*REACT, CLICK, TOTAL), failed(REACT[0], REACT[2], CLICK, TOTAL)),
    same("source maps", "helpers of the compiler", failed(CLICK, TOTAL), failed(CLICK, mapped("../node_modules/@babel/runtime/helpers/asyncToGenerator", "asyncGeneratorStep"), mapped("../node_modules/regenerator-runtime/runtime", "tryCatch"), TOTAL)),
    same("source maps", "helpers of TypeScript", failed(CLICK, TOTAL), failed(CLICK, mapped("../node_modules/tslib/tslib.es6", "__awaiter"), TOTAL)),
    differ("source maps", "another file", failed(CLICK, TOTAL), failed(CLICK, mapped("taxes", "computeTotal", "  return cart.total"))),
    differ("source maps", "another line of the function", failed(CLICK, TOTAL), failed(CLICK, mapped("cart", "computeTotal", "  return cart.items[0].price"))),
    same("framework noise", "the SDK's wrapper", failed(*bundle("onClick", "computeTotal")), failed(*bundle("sentryWrapped", "onClick", "computeTotal"))),
    same("framework noise", "a tracker of another host", failed(*bundle("onClick", "computeTotal")), failed(js("nrWrapper", "https://js-agent.newrelic.com/nr-1.js"), *bundle("onClick", "computeTotal"))),
    same("framework noise", "a session recorder", failed(*bundle("onClick", "computeTotal")), failed(js("wrapped", "https://cdn.logrocket.io/LogRocket.min.js"), *bundle("onClick", "computeTotal"))),
    same("framework noise", "jQuery from a public host", failed(js("dispatch", "https://cdnjs.cloudflare.com/ajax/libs/jquery/3.6.0/jquery.min.js"), *bundle("onClick", "computeTotal")), failed(js("handle", "https://code.jquery.com/jquery-3.7.1.min.js"), *bundle("onClick", "computeTotal"))),
    same("framework noise", "a middleware of Express", in_node(*EXPRESS, ROUTE, SUM), in_node(*EXPRESS, node_lib("cors", "lib/index", "corsMiddleware", "    next();"), EXPRESS[3], ROUTE, SUM)),
    same("framework noise", "an own middleware of Express", in_node(*EXPRESS, ROUTE, SUM), in_node(*EXPRESS, node("middleware/audit", "audit", "  next()"), *EXPRESS[2:], ROUTE, SUM)),
    same("framework noise", "Express was updated", in_node(*EXPRESS, ROUTE, SUM), in_node(*EXPRESS[:2], node_lib("router", "lib/layer", "handleRequest", "    fn(req, res, next)"), ROUTE, SUM)),
    same("framework noise", "from Express to Fastify", in_node(*EXPRESS, ROUTE, SUM), in_node(node_lib("fastify", "lib/handleRequest", "preHandlerCallback", "      result = context.handler(request, reply)"), ROUTE, SUM)),
    same("framework noise", "instrumented by OpenTelemetry", in_node(*EXPRESS, ROUTE, SUM), in_node(*EXPRESS, node_lib("@opentelemetry/api", "build/src/api/context", "ContextAPI.with"), node_core("async_hooks", "AsyncLocalStorage.run"), ROUTE, SUM)),
    same("framework noise", "a worker of a queue", in_node(ROUTE, SUM), in_node(node_lib("bullmq", "dist/cjs/classes/worker", "Worker.processJob"), ROUTE, SUM)),
    same("async frames", "after a tick of Node", in_node(ROUTE, SUM), in_node(node_core("internal/process/task_queues", "process.processTicksAndRejections", 95), ROUTE, SUM)),
    same("async frames", "from a timer", in_node(node_core("internal/timers", "listOnTimeout"), node_core("internal/timers", "process.processTimers"), ROUTE, SUM), in_node(ROUTE, SUM)),
    same("async frames", "only Node's own frames", in_node(node_core("net", "TCPConnectWrap.afterConnect [as oncomplete]", 1141), type_="Error", value="connect ECONNREFUSED 10.0.0.1:5432"), in_node(node_core("net", "TCPConnectWrap.afterConnect [as oncomplete]", 1555), type_="Error", value="connect ECONNREFUSED 10.0.0.9:5432")),
    same("environment changed", "Node was updated, only Node's own frames", in_node(node_core("internal/process/task_queues", "process.processTicksAndRejections", 95), node_core("dns", "GetAddrInfoReqWrap.onlookup [as oncomplete]", 71), type_="Error", value="getaddrinfo ENOTFOUND db.example.com"), in_node(node_core("dns", "GetAddrInfoReqWrap.onlookup [as oncomplete]", 107), type_="Error", value="getaddrinfo ENOTFOUND db.example.com")),
    differ("async frames", "two failures of Node itself", in_node(node_core("net", "TCPConnectWrap.afterConnect [as oncomplete]"), type_="Error", value="connect ECONNREFUSED 10.0.0.1:5432"), in_node(node_core("dns", "GetAddrInfoReqWrap.onlookup [as oncomplete]"), type_="Error", value="getaddrinfo ENOTFOUND db.example.com")),
    same("environment changed", "another folder", in_node(ROUTE, SUM), in_node(*[frame | {"filename": frame["filename"].replace("/srv/app", "/usr/src/app")} for frame in (ROUTE, SUM)])),
    same("environment changed", "modules in pnpm's store", in_node(*EXPRESS, ROUTE, SUM), in_node(*[frame | {"filename": frame["filename"].replace("node_modules/express", "node_modules/.pnpm/express@4.18.2/node_modules/express")} for frame in EXPRESS], ROUTE, SUM)),
    same("environment changed", "in a function of AWS", in_node(ROUTE, SUM), in_node(node_core("events", "emit"), *[frame | {"filename": frame["filename"].replace("/srv/app", "/var/task")} for frame in (ROUTE, SUM)])),
    same("environment changed", "a desktop program in another folder", failed(js("render", "app:///C:/Users/jane/shop/main.js"), js("total", "app:///C:/Users/jane/shop/main.js")), failed(js("render", "app:///C:/Users/bob/AppData/main.js"), js("total", "app:///C:/Users/bob/AppData/main.js"))),
    same("chained exceptions", "a cause in Node", event("node", raised("TypeError", "x", SUM), raised("PaymentError", "order 17", ROUTE)), event("node", raised("TypeError", "y", SUM), raised("PaymentError", "order 4", ROUTE))),
    differ("chained exceptions", "another cause in Node", event("node", raised("TypeError", "x", SUM), raised("PaymentError", "order 17", ROUTE)), event("node", raised("RangeError", "x", node("money", "rate", "  throw new RangeError()")), raised("PaymentError", "order 17", ROUTE))),
    same("unnamed functions", "of a mapped file, moved", failed(CLICK, mapped("cart", "<anonymous>", "  items.map((item) => item.price)")), failed(CLICK, mapped("cart", "<anonymous>", "  items.map((item) => item.price)", 99))),
    differ("unnamed functions", "two in one mapped file", failed(CLICK, mapped("cart", "<anonymous>", "  items.map((item) => item.price)")), failed(CLICK, mapped("cart", "<anonymous>", "  items.map((item) => item.weight)"))),
    same("unnamed functions", "of Node, moved", in_node(ROUTE, node("cart", "<anonymous>", "  items.map((item) => item.price)")), in_node(ROUTE, node("cart", "?", "  items.map((item) => item.price)", 44))),
    same("synthetic exceptions", "a message with a stack, sent again", synthetic("cart 17 is odd", *bundle("onClick", "check")), synthetic("cart 4 is odd", *bundle("onClick", "check"))),
    differ("synthetic exceptions", "messages of two functions", synthetic("cart is odd", *bundle("onClick", "check")), synthetic("cart is odd", *bundle("onClick", "validate"))),
    differ("synthetic exceptions", "two messages of one function", synthetic("cart is odd", *bundle("onClick", "check")), synthetic("no user is logged in", *bundle("onClick", "check"))),
    same("synthetic exceptions", "an object was thrown", synthetic("Object captured as exception with keys: code, message", *bundle("load", "request"), type_="Error"), synthetic("Object captured as exception with keys: code, detail", *bundle("load", "request"), type_="Error")),
    same("synthetic exceptions", "a promise was rejected with an object", failed(type_="UnhandledRejection", value="Object captured as promise rejection with keys: code, message"), failed(type_="UnhandledRejection", value="Object captured as promise rejection with keys: code, message")),
    differ("synthetic exceptions", "promises were rejected with two values", failed(type_="UnhandledRejection", value="Non-Error promise rejection captured with value: Timeout"), failed(type_="UnhandledRejection", value="Non-Error promise rejection captured with value: Forbidden")),
    same("synthetic exceptions", "a failed request", failed(type_="Event", value="Event `Event` (type=error) captured as promise rejection"), failed(type_="Event", value="Event `Event` (type=error) captured as promise rejection")),
    same("chunks that do not load", "two chunks", failed(*bundle("a.f.j"), type_="ChunkLoadError", value="Loading chunk 17 failed.\n(error: https://shop.example.com/17.8f3a.js)"), failed(*bundle("o.f.j", "e"), type_="ChunkLoadError", value="Loading chunk 4 failed.\n(error: https://shop.example.com/4.99aa.js)")),
    same("chunks that do not load", "a module of Vite", failed(value="Failed to fetch dynamically imported module: https://shop.example.com/assets/Cart-8f3a2c1b.js"), failed(value="Failed to fetch dynamically imported module: https://shop.example.com/assets/Mail-99aa11bb.js")),
    same("messages", "a console message with a stack", message("cart 17", platform="javascript"), message("cart 99", platform="javascript")),
    same("scripts of other hosts", "that say nothing", failed(type_="Error", value="Script error."), failed(type_="Error", value="Script error.", release="shop@2.0")),
    same("stack cut short", "50 calls deep, Node", in_node(*[node_core("internal/modules/cjs/loader", f"f{n}") for n in range(40)], ROUTE, SUM), in_node(*[node_core("internal/modules/cjs/loader", f"f{n}") for n in range(12, 40)], ROUTE, SUM)),
    same("stack cut short", "10 calls deep, own frames are gone", in_node(*[node("tree", f"level{n}", "  next()") for n in range(9)], ROUTE, SUM), in_node(*[node("tree", f"level{n}", "  next()") for n in range(4, 9)], ROUTE, SUM)),
    same("source context present or absent", "no source maps for one release", failed(CLICK, TOTAL), failed(*bundle("onClick", "computeTotal"))),
    differ("async frames", "two promises of one list", failed(js("async Promise.all", "index 0"), *bundle("loadCart")), failed(js("async Promise.all", "index 1"), *bundle("loadUser"))),
    differ("framework noise", "two middlewares of Express fail", in_node(*EXPRESS, node("middleware/audit", "audit", "  log(user.name)")), in_node(*EXPRESS, node("middleware/login", "login", "  check(user.name)"))),
    differ("framework noise", "two middlewares of Express fail in a library", in_node(*EXPRESS, node("middleware/audit", "audit", "  redis.incr(key)"), node_lib("ioredis", "built/redis", "Redis.sendCommand")), in_node(*EXPRESS, node("middleware/login", "login", "  redis.get(key)"), node_lib("ioredis", "built/redis", "Redis.sendCommand"))),
    differ("async frames", "two modules that are missing", in_node(node_core("internal/modules/cjs/loader", "Module._resolveFilename"), node_core("internal/modules/cjs/loader", "Module._load"), type_="Error", value="Cannot find module 'left-pad'"), in_node(node_core("internal/modules/cjs/loader", "Module._resolveFilename"), node_core("internal/modules/cjs/loader", "Module._load"), type_="Error", value="Cannot find module 'right-pad'")),
    differ("browsers", "two constructors", failed(*bundle("onClick", "new Cart")), failed(*bundle("onClick", "new Basket"))),
    differ("browsers", "two timers", failed(*bundle("setTimeout handler*start", "tick")), failed(*bundle("setTimeout handler*stop", "tick"))),
    differ("chunks that do not load", "a chunk and an error in one", failed(*bundle("a.f.j"), type_="ChunkLoadError", value="Loading chunk 17 failed."), failed(*bundle("a.f.j"), type_="TypeError", value="x is undefined")),
]  # fmt: skip
