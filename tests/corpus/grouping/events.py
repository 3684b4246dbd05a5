"""Events as the SDKs of each platform send them, of few words each."""

from typing import Any

from tests.corpus.grouping.pair import Event

Frame = dict[str, Any]


def event(platform: str, *raised: dict[str, Any], **rest: Any) -> Event:
    return {"platform": platform, "release": "shop@1.0", "exception": {"values": list(raised)}} | rest


def raised(type_: str | None, value: str, *frames: Frame, **rest: Any) -> dict[str, Any]:
    exception: dict[str, Any] = {"type": type_, "value": value, "mechanism": {"type": "generic", "handled": True}}
    if frames:
        exception["stacktrace"] = {"frames": list(frames)}
    return exception | rest


def message(text: str, **rest: Any) -> Event:
    return {"platform": "python", "level": "error", "logger": "shop", "logentry": {"formatted": text}} | rest


def _frame(**parts: Any) -> Frame:
    return {name: value for name, value in parts.items() if value not in (None, "")}


# Python


def py(module: str, function: str, line: str = "", lineno: int = 10, root: str = "/srv/app", **rest: Any) -> Frame:
    filename = module.replace(".", "/") + ".py"
    return _frame(
        module=module, function=function, filename=filename, abs_path=f"{root}/{filename}", context_line=line,
        lineno=lineno, in_app=True, pre_context=["# before"], post_context=["# after"], vars={"self": "<Cart>"},
    ) | rest  # fmt: skip


def py_lib(
    module: str, function: str, line: str = "", lineno: int = 10, venv: str = "/opt/venv/lib/python3.11"
) -> Frame:
    return py(module, function, line, lineno, f"{venv}/site-packages", in_app=False)


def py_std(module: str, function: str, line: str = "", lineno: int = 10, python: str = "/usr/lib/python3.11") -> Frame:
    frame = py(module, function, line, lineno, python)
    del frame["in_app"]
    return frame


DJANGO = (
    py_lib("django.core.handlers.exception", "inner", "    response = get_response(request)", 55),
    py_lib(
        "django.core.handlers.base", "_get_response", "    response = wrapped_callback(request, *args, **kwargs)", 197
    ),
)
FLASK = (
    py_lib("flask.app", "wsgi_app", "    response = self.full_dispatch_request()", 1511),
    py_lib("flask.app", "full_dispatch_request", "    rv = self.dispatch_request()", 919),
    py_lib(
        "flask.app",
        "dispatch_request",
        "    return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)",
        902,
    ),
)
CELERY = (
    py_lib("celery.app.trace", "trace_task", "    R = retval = fun(*args, **kwargs)", 477),
    py_lib("celery.app.trace", "__protected_call__", "    return self.run(*args, **kwargs)", 760),
)
FASTAPI = (
    py_lib("starlette.middleware.exceptions", "__call__", "    await self.app(scope, receive, sender)", 68),
    py_lib("starlette.routing", "handle", "    await self.app(scope, receive, send)", 276),
    py_lib("fastapi.routing", "app", "    raw_response = await run_endpoint_function(", 237),
    py_lib("fastapi.routing", "run_endpoint_function", "    return await dependant.call(**values)", 163),
)


# JavaScript


def js(function: str, file: str = "main.8f3a2c1b.js", lineno: int = 1, colno: int = 2345, **rest: Any) -> Frame:
    host = "" if "://" in file or file.startswith(("<", "[")) else "https://shop.example.com/static/js/"
    return _frame(function=function, filename=host + file, lineno=lineno, colno=colno, in_app=True) | rest


def mapped(module: str, function: str, line: str = "", lineno: int = 10, **rest: Any) -> Frame:
    """Return a frame that a build with source maps names, as `webpack:///./src/cart.ts`."""
    path = f"webpack:///./src/{module}.ts"
    return _frame(
        function=function, filename=path, abs_path=path, context_line=line, lineno=lineno, colno=7, in_app=True
    ) | rest  # fmt: skip


def node(module: str, function: str, line: str = "", lineno: int = 10, root: str = "/srv/app", **rest: Any) -> Frame:
    return _frame(
        module=module, function=function, filename=f"{root}/src/{module}.js", context_line=line, lineno=lineno, colno=9, in_app=True,
    ) | rest  # fmt: skip


def node_lib(package: str, file: str, function: str, line: str = "", lineno: int = 10, root: str = "/srv/app") -> Frame:
    return _frame(
        module=f"{package}.{file}:{file}", function=function, filename=f"{root}/node_modules/{package}/{file}.js", context_line=line,
        lineno=lineno, colno=9, in_app=False,
    )  # fmt: skip


def node_core(module: str, function: str, lineno: int = 10) -> Frame:
    return _frame(
        module=f"node:{module}", function=function, filename=f"node:{module}", lineno=lineno, colno=9, in_app=False
    )


EXPRESS = (
    node_core("_http_server", "parserOnIncoming", 1121),
    node_core("events", "Server.emit", 517),
    node_lib("express", "router/index", "Function.process_params", "    return done();", 346),
    node_lib("express", "router/layer", "Layer.handle [as handle_request]", "    fn(req, res, next);", 95),
)


# The JVM


def java(module: str, function: str, file: str = "", lineno: int = 10, *, in_app: bool | None = True) -> Frame:
    name = module.rpartition(".")[2].partition("$")[0]
    return _frame(module=module, function=function, filename=file or f"{name}.java", lineno=lineno, in_app=in_app)


def java_lib(module: str, function: str, lineno: int = 10) -> Frame:
    return java(module, function, lineno=lineno, in_app=False)


SPRING = (
    java_lib("java.lang.Thread", "run", 829),
    java_lib("org.apache.catalina.core.StandardWrapperValve", "invoke", 167),
    java_lib("org.springframework.web.servlet.DispatcherServlet", "doDispatch", 1072),
    java_lib("org.springframework.web.method.support.InvocableHandlerMethod", "doInvoke", 205),
)


# Everything else


def cs(module: str, function: str, file: str = "", lineno: int = 10, *, in_app: bool = True, **rest: Any) -> Frame:
    assembly = module.partition(".")[0]
    return _frame(
        module=module, function=function, filename=file, lineno=lineno, in_app=in_app,
        package=f"{assembly}, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null",
    ) | rest  # fmt: skip


def go(module: str, function: str, file: str, line: str = "", lineno: int = 10, **rest: Any) -> Frame:
    return _frame(
        module=module, function=function, filename=file, abs_path=f"/build/{file}", context_line=line, lineno=lineno, in_app=True,
    ) | rest  # fmt: skip


def go_lib(module: str, function: str, file: str, lineno: int = 10, root: str = "/usr/local/go/src") -> Frame:
    return go(module, function, file, lineno=lineno, abs_path=f"{root}/{module}/{file}", in_app=False)


def rb(file: str, function: str, line: str = "", lineno: int = 10, root: str = "/srv/app", **rest: Any) -> Frame:
    return _frame(
        filename=file, abs_path=f"{root}/{file}", function=function, context_line=line, lineno=lineno, in_app=True, project_root=root,
    ) | rest  # fmt: skip


def rb_gem(gem: str, file: str, function: str, line: str = "", lineno: int = 10) -> Frame:
    return rb(file, function, line, lineno, f"/usr/local/bundle/gems/{gem}/lib", in_app=False)


def php(function: str, file: str, line: str = "", lineno: int = 10, root: str = "/var/www", **rest: Any) -> Frame:
    return _frame(
        function=function, raw_function=function, filename=f"/{file}", abs_path=f"{root}/{file}", context_line=line, lineno=lineno,
        in_app=True,
    ) | rest  # fmt: skip


def php_lib(function: str, file: str, line: str = "", lineno: int = 10) -> Frame:
    return php(function, f"vendor/{file}", line, lineno, in_app=False)


def native(
    function: str, package: str = "/usr/bin/shop", addr: str = "0x55d0c1a2b3c4", *, in_app: bool = True, **rest: Any
) -> Frame:
    return (
        _frame(function=function, package=package, instruction_addr=addr, image_addr="0x55d0c1a00000", in_app=in_app)
        | rest
    )


def system(function: str, package: str = "/lib/x86_64-linux-gnu/libc.so.6", addr: str = "0x7f10deadbeef") -> Frame:
    return native(function, package, addr, in_app=False)


def swift(
    function: str, addr: str = "0x104f1c2d4", uuid: str = "1F4F3E9C-7C11-4E1B-9B5C-0C1D2E3F4A5B", **rest: Any
) -> Frame:
    return native(function, f"/private/var/containers/Bundle/Application/{uuid}/Shop.app/Shop", addr, **rest)


def dart(file: str, function: str, lineno: int = 10, *, package: str = "shop", in_app: bool = True) -> Frame:
    return _frame(
        function=function, filename=file.rpartition("/")[2], abs_path=f"package:{package}/{file}", package=package, lineno=lineno,
        colno=5, in_app=in_app,
    )  # fmt: skip


def ex(module: str, function: str, file: str, line: str = "", lineno: int = 10, *, in_app: bool = True) -> Frame:
    return _frame(
        module=module, function=f"{module}.{function}", filename=file, lineno=lineno, context_line=line, in_app=in_app, vars={}
    )  # fmt: skip


def rust(
    function: str, file: str = "", lineno: int = 10, addr: str = "0x55d0c1a2b3c4", *, in_app: bool = True
) -> Frame:
    return _frame(function=function, filename=file, abs_path=f"/build/src/{file}" if file else None, lineno=lineno,
                  instruction_addr=addr, in_app=in_app)  # fmt: skip


SAMPLES: dict[str, Event] = {
    "python": event(
        "python",
        raised(
            "ValueError", "price of 17 is missing", *DJANGO,
            py("shop.views", "checkout", "    total = cart.total()", 31), py("shop.cart", "total", "    return sum(prices)", 12),
        ),
    ),
    "browser": event("javascript", raised("TypeError", "Cannot read properties of undefined (reading 'total')", js("onClick"), js("computeTotal"))),
    "source maps": event(
        "javascript",
        raised("TypeError", "cart is undefined", mapped("button", "onClick", "  computeTotal(cart)", 5), mapped("cart", "computeTotal", "  return cart.total")),
    ),
    "node": event(
        "node",
        raised("RangeError", "bad price", *EXPRESS, node("routes", "checkout", "  const sum = total(cart)", 31), node("cart", "total", "  throw new RangeError('bad price')", 7)),
    ),
    "react native": event("javascript", raised("TypeError", "null is not an object", js("render", "app:///index.android.bundle"), js("computeTotal", "app:///index.android.bundle"))),
    "java": event("java", raised("IllegalStateException", "cart 5 is empty", *SPRING, java("com.shop.CartController", "checkout"), java("com.shop.Cart", "total"), module="java.lang")),
    "csharp": event(
        "csharp",
        raised(
            "System.InvalidOperationException", "Sequence contains no elements", cs("Shop.CartController", "Checkout", lineno=31), cs("Shop.Cart", "Total"),
            cs("System.Linq.ThrowHelper", "ThrowNoElementsException", in_app=False),
        ),
    ),
    "go": event("go", raised("*errors.errorString", "empty cart", go_lib("net/http", "HandlerFunc.ServeHTTP", "server.go", 2109), go("shop/web", "(*Server).Checkout", "web/server.go", "\tsum, err := cart.Total()"), go("shop/cart", "(*Cart).Total", "cart/cart.go", "\treturn 0, errEmpty"))),
    "ruby": event(
        "ruby",
        raised("NoMethodError", "undefined method `price' for nil:NilClass", rb_gem("actionpack-7.0.4", "action_controller/metal.rb", "dispatch", "      process(name)\n", 188), rb("app/controllers/carts_controller.rb", "show", "    @sum = cart.total\n"), rb("app/models/cart.rb", "total", "    items.sum(&:price)\n")),
    ),
    "php": event("php", raised("DivisionByZeroError", "Division by zero", php_lib("Illuminate\\Routing\\Controller::callAction", "laravel/framework/src/Illuminate/Routing/Controller.php", "        return $this->{$method}(...$parameters);", 54), php("App\\Http\\CartController::show", "app/Http/CartController.php", "        $sum = $cart->total();"), php("App\\Cart::total", "app/Cart.php", "        return $sum / $count;"))),
    "native": event("native", raised("SIGSEGV", "Segfault", system("__libc_start_main"), native("main"), native("shop::Checkout::run(int)"), native("shop::Cart::total(std::vector<int> const&)"), mechanism={"type": "signalhandler", "handled": False})),
    "rust": event("native", raised("panic", "index out of bounds: the len is 3 but the index is 7", rust("std::rt::lang_start::h0123456789abcdef", in_app=False), rust("shop::main::h1123456789abcdef", "main.rs"), rust("shop::cart::total::h2123456789abcdef", "cart.rs"))),
    "swift": event("cocoa", raised("NSRangeException", "index 7 beyond bounds", system("UIApplicationMain", "/System/Library/PrivateFrameworks/UIKitCore.framework/UIKitCore"), swift("CartViewController.checkout()"), swift("Cart.total()"))),
    "dart": event("dart", raised("StateError", "Bad state: No element", dart("src/framework.dart", "StatefulElement.build", package="flutter", in_app=False), dart("cart_page.dart", "_CartPageState.build"), dart("cart.dart", "Cart.total"))),
    "elixir": event("elixir", raised("KeyError", "key :price not found in: %{}", ex("Plug.Router", "dispatch/2", "lib/plug/router.ex", in_app=False), ex("Shop.CartController", "show/2", "lib/shop/cart_controller.ex"), ex("Shop.Cart", "total/1", "lib/shop/cart.ex"))),
}  # fmt: skip
"""One event of each platform: a framework, a handler of the shop, and the call in it that fails."""
