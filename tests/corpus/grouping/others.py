"""C#, Go, Ruby, PHP, Dart, Elixir."""

from typing import Any

from tests.corpus.grouping.events import Frame, cs, dart, event, ex, go, go_lib, php, php_lib, raised, rb, rb_gem
from tests.corpus.grouping.pair import Event, Pair, differ, same


def of(platform: str, *frames: Frame, type_: str = "ShopError", value: str = "x", **rest: Any) -> Event:
    return event(platform, raised(type_, value, *frames), **rest)


CS_CONTROLLER = cs("Shop.CartController", "async Task<IActionResult> CartController.Checkout(int id)", lineno=31)
CS_TOTAL = cs("Shop.Cart", "decimal Cart.Total()")
MVC = cs("Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker", "Awaited", in_app=False)
GO_HTTP = go_lib("net/http", "HandlerFunc.ServeHTTP", "server.go", 2109)
GIN = go_lib("github.com/gin-gonic/gin", "(*Context).Next", "context.go", 173, "/go/pkg/mod")
GO_CHECKOUT = go("shop/web", "(*Server).Checkout", "web/server.go", "\tsum, err := cart.Total()")
GO_TOTAL = go("shop/cart", "(*Cart).Total", "cart/cart.go", "\treturn 0, errEmpty")
RACK = rb_gem("rack-2.2.7", "rack/etag.rb", "call", "      status, headers, body = @app.call(env)\n")
RB_SHOW = rb("app/controllers/carts_controller.rb", "show", "    @sum = cart.total\n")
RB_TOTAL = rb("app/models/cart.rb", "total", "    items.sum(&:price)\n")
LARAVEL = php_lib(
    "Illuminate\\Pipeline\\Pipeline::then",
    "laravel/framework/src/Illuminate/Pipeline/Pipeline.php",
    "        return $pipeline($this->passable);",
)
PHP_SHOW = php("App\\Http\\CartController::show", "app/Http/CartController.php", "        $sum = $cart->total();")
PHP_TOTAL = php("App\\Cart::total", "app/Cart.php", "        return $sum / $count;")
FLUTTER = dart("src/widgets/framework.dart", "ComponentElement.performRebuild", package="flutter", in_app=False)
DART_BUILD = dart("cart_page.dart", "_CartPageState.build")
EX_SHOW = ex("Shop.CartController", "show/2", "lib/shop/cart_controller.ex", "    sum = Cart.total(cart)")
EX_TOTAL = ex("Shop.Cart", "total/1", "lib/shop/cart.ex")

PAIRS: list[Pair] = [
    same("C#", "a middleware was added", of("csharp", MVC, CS_CONTROLLER, CS_TOTAL), of("csharp", cs("Microsoft.AspNetCore.Authorization.AuthorizationMiddleware", "Invoke", in_app=False), MVC, CS_CONTROLLER, CS_TOTAL)),
    same("C#", "an own middleware was added", of("csharp", MVC, CS_CONTROLLER, CS_TOTAL), of("csharp", cs("Shop.AuditMiddleware", "async Task AuditMiddleware.InvokeAsync(HttpContext context)"), MVC, CS_CONTROLLER, CS_TOTAL)),
    same("C#", "another version of an assembly", of("csharp", CS_CONTROLLER, CS_TOTAL), of("csharp", CS_CONTROLLER, CS_TOTAL | {"package": "Shop, Version=2.0.0.0, Culture=neutral, PublicKeyToken=null"})),
    same("C#", "with and without symbols", of("csharp", CS_CONTROLLER, CS_TOTAL), of("csharp", CS_CONTROLLER | {"filename": "C:\\src\\Shop\\CartController.cs", "lineno": 12}, CS_TOTAL | {"filename": "/src/Shop/Cart.cs"})),
    same("C#", "arguments in parentheses after a blank", of("csharp", cs("Shop.Cart", "Total (System.Int32 a)")), of("csharp", cs("Shop.Cart", "Total (System.Int32 a, System.Int32 b)"))),
    same("C#", "in the frames of Unity", of("csharp", cs("Cart", "Total", "Assets/Scripts/Cart.cs"), cs("UnityEngine.Debug", "LogError", in_app=False)), of("csharp", cs("Cart", "Total", "Assets/Scripts/Cart.cs", 99), cs("UnityEngine.Debug", "LogError", in_app=False))),
    same("C#", "a lambda is renumbered", of("csharp", cs("Shop.Cart+<>c__DisplayClass5_0", "<Total>b__0"), CS_TOTAL), of("csharp", cs("Shop.Cart+<>c__DisplayClass7_0", "<Total>b__1"), CS_TOTAL)),
    same("C#", "an async method is renumbered", of("csharp", cs("Shop.Cart+<Total>d__5", "MoveNext")), of("csharp", cs("Shop.Cart+<Total>d__11", "MoveNext"))),
    differ("C#", "two async methods", of("csharp", cs("Shop.Cart+<Total>d__5", "MoveNext")), of("csharp", cs("Shop.Cart+<Weight>d__6", "MoveNext"))),
    differ("C#", "another method", of("csharp", MVC, CS_CONTROLLER, CS_TOTAL), of("csharp", MVC, CS_CONTROLLER, cs("Shop.Cart", "decimal Cart.Weight()"))),
    differ("C#", "another class", of("csharp", cs("Shop.Cart", "Total")), of("csharp", cs("Shop.Basket", "Total"))),
    same("C#", "an aggregate of one", event("csharp", raised("ShopError", "x", CS_TOTAL), raised("System.AggregateException", "One or more errors occurred. (cart 17)", CS_CONTROLLER)), event("csharp", raised("ShopError", "x", CS_TOTAL), raised("System.AggregateException", "One or more errors occurred. (cart 4)", CS_CONTROLLER))),
    same("Go", "a middleware of gin was added", of("go", GO_HTTP, GIN, GO_CHECKOUT, GO_TOTAL), of("go", GO_HTTP, GIN, go_lib("github.com/gin-contrib/cors", "(*cors).applyCors", "config.go", 3, "/go/pkg/mod"), GIN, GO_CHECKOUT, GO_TOTAL)),
    same("Go", "a module was updated", of("go", GIN | {"abs_path": "/go/pkg/mod/github.com/gin-gonic/gin@v1.8.0/context.go"}, GO_TOTAL), of("go", GIN | {"abs_path": "/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go"}, GO_TOTAL)),
    same("Go", "modules in the vendor folder", of("go", GIN, GO_TOTAL), of("go", GIN | {"abs_path": "/build/vendor/github.com/gin-gonic/gin/context.go"}, GO_TOTAL)),
    same("Go", "a newer Go", of("go", GO_HTTP, GO_TOTAL), of("go", GO_HTTP | {"abs_path": "/usr/lib/go-1.22/src/net/http/server.go", "lineno": 2136}, GO_TOTAL)),
    same("Go", "another build folder", of("go", GO_CHECKOUT, GO_TOTAL), of("go", *[frame | {"abs_path": frame["abs_path"].replace("/build", "/home/ci/src")} for frame in (GO_CHECKOUT, GO_TOTAL)])),
    same("Go", "goroutine bases", of("go", GO_TOTAL), of("go", go_lib("runtime", "goexit", "asm_amd64.s"), GO_TOTAL)),
    same("Go", "a panic's frames", of("go", GO_TOTAL, go_lib("runtime", "gopanic", "panic.go"), go_lib("runtime", "panicIndex", "panic.go")), of("go", GO_TOTAL)),
    same("Go", "a recovering middleware is on the stack", of("go", GO_HTTP, GO_TOTAL), of("go", GO_HTTP, GO_TOTAL, go_lib("runtime", "gopanic", "panic.go"), go_lib("github.com/gin-gonic/gin", "CustomRecoveryWithWriter.func1.1", "recovery.go", 5, "/go/pkg/mod"))),
    same("Go", "closures are renumbered", of("go", go("shop/web", "(*Server).Routes.func1", "web/server.go", "\ts.handle(w, r)"), GO_TOTAL), of("go", go("shop/web", "(*Server).Routes.func3", "web/server.go", "\ts.handle(w, r)"), GO_TOTAL)),
    differ("Go", "another method", of("go", GO_HTTP, GO_CHECKOUT, GO_TOTAL), of("go", GO_HTTP, GO_CHECKOUT, go("shop/cart", "(*Cart).Weight", "cart/cart.go"))),
    differ("Go", "another package", of("go", go("shop/cart", "Load", "load.go")), of("go", go("shop/mail", "Load", "load.go"))),
    same("Go", "a type parameter", of("go", go("shop/cart", "Sum[...]", "sum.go")), of("go", go("shop/cart", "Sum[...]", "sum.go", lineno=99))),
    same("Ruby", "a middleware of Rack was added", of("ruby", RACK, RB_SHOW, RB_TOTAL), of("ruby", rb_gem("rack-cors-2.0.1", "rack/cors.rb", "call", "      @app.call(env)\n"), RACK, RB_SHOW, RB_TOTAL)),
    same("Ruby", "a gem was updated", of("ruby", RACK, RB_SHOW, RB_TOTAL), of("ruby", RACK | {"abs_path": "/usr/local/bundle/gems/rack-3.0.1/lib/rack/etag.rb", "context_line": "      status, headers, body = response = @app.call(env)\n"}, RB_SHOW, RB_TOTAL)),
    same("Ruby", "a block and another level", of("ruby", RB_SHOW, rb("app/models/cart.rb", "block in total", "    sum { |i| i.price }\n")), of("ruby", RB_SHOW, rb("app/models/cart.rb", "block (2 levels) in total", "    sum { |i| i.price }\n"))),
    same("Ruby", "names of methods in Ruby 3.4", of("ruby", RB_SHOW, RB_TOTAL), of("ruby", RB_SHOW | {"function": "CartsController#show"}, RB_TOTAL | {"function": "Cart#total"})),
    same("Ruby", "a compiled template", of("ruby", rb("app/views/carts/show.html.erb", "_app_views_carts_show_html_erb__1234567890_4711", "  <%= @sum.to_s %>\n")), of("ruby", rb("app/views/carts/show.html.erb", "_app_views_carts_show_html_erb___991872635_2200", "  <%= @sum.to_s %>\n"))),
    same("Ruby", "another folder of a release", of("ruby", RB_SHOW, RB_TOTAL), of("ruby", *[frame | {"abs_path": frame["abs_path"].replace("/srv/app", "/var/www/shop/releases/20261120184448")} for frame in (RB_SHOW, RB_TOTAL)])),
    same("Ruby", "run by Sidekiq", of("ruby", RB_TOTAL), of("ruby", rb_gem("sidekiq-7.1.0", "sidekiq/processor.rb", "execute_job", "      inst.perform(*cloned_args)\n"), RB_TOTAL)),
    differ("Ruby", "two controllers", of("ruby", RACK, RB_SHOW), of("ruby", RACK, rb("app/controllers/mails_controller.rb", "show", "    @sum = cart.total\n"))),
    differ("Ruby", "another method", of("ruby", RB_SHOW, RB_TOTAL), of("ruby", RB_SHOW, rb("app/models/cart.rb", "weight", "    items.sum(&:weight)\n"))),
    same("PHP", "a middleware of Laravel was added", of("php", LARAVEL, PHP_SHOW, PHP_TOTAL), of("php", LARAVEL, php_lib("Illuminate\\Session\\Middleware\\StartSession::handle", "laravel/framework/src/StartSession.php", "            return $next($request);"), LARAVEL, PHP_SHOW, PHP_TOTAL)),
    same("PHP", "an own middleware of Laravel was added", of("php", LARAVEL, PHP_SHOW, PHP_TOTAL), of("php", LARAVEL, php("App\\Http\\Middleware\\Audit::handle", "app/Http/Middleware/Audit.php", "        return $next($request);"), LARAVEL, PHP_SHOW, PHP_TOTAL)),
    same("PHP", "another document root", of("php", PHP_SHOW, PHP_TOTAL), of("php", *[frame | {"abs_path": frame["abs_path"].replace("/var/www", "/home/forge/shop")} for frame in (PHP_SHOW, PHP_TOTAL)])),
    same("PHP", "closures of PHP 8.3 and 8.4", of("php", php("App\\Cart::App\\{closure}", "app/Cart.php", "        return $item->price;")), of("php", php("App\\Cart::{closure:/var/www/app/Cart.php:12}", "app/Cart.php", "        return $item->price;"))),
    same("PHP", "an anonymous class", of("php", php("class@anonymous\x00/var/www/app/Cart.php:12$0::total", "app/Cart.php", "        return 1 / $n;")), of("php", php("class@anonymous\x00/srv/www/app/Cart.php:17$3::total", "app/Cart.php", "        return 1 / $n;"))),
    same("PHP", "a compiled template", of("php", LARAVEL, php("", "storage/framework/views/8f3a2c1b8f3a2c1b8f3a2c1b8f3a2c1b.php", "<?php echo e($cart->total); ?>")), of("php", LARAVEL, php("", "storage/framework/views/8f3a2c1b8f3a2c1b8f3a2c1b8f3a2c1b.php", "<?php echo e($cart->total); ?>", 99))),
    differ("PHP", "another method", of("php", PHP_SHOW, PHP_TOTAL), of("php", PHP_SHOW, php("App\\Cart::weight", "app/Cart.php", "        return $grams / $count;"))),
    differ("PHP", "another line of one method", of("php", php("App\\Cart::total", "app/Cart.php", "        return $sum / $count;")), of("php", php("App\\Cart::total", "app/Cart.php", "        $rate = 1 / $this->rate;"))),
    same("Dart", "Flutter was updated", of("dart", FLUTTER, DART_BUILD), of("dart", dart("src/widgets/framework.dart", "StatefulElement.performRebuild", 99, package="flutter", in_app=False), FLUTTER, DART_BUILD)),
    same("Dart", "a closure", of("dart", dart("cart.dart", "Cart.total.<fn>")), of("dart", dart("cart.dart", "Cart.total.<fn>", 99))),
    same("Dart", "after a pause", of("dart", DART_BUILD), of("dart", {"abs_path": "<asynchronous suspension>", "filename": "<asynchronous suspension>", "in_app": False}, DART_BUILD)),
    differ("Dart", "another page", of("dart", FLUTTER, DART_BUILD), of("dart", FLUTTER, dart("mail_page.dart", "_MailPageState.build"))),
    same("Elixir", "a plug was added", of("elixir", EX_SHOW, EX_TOTAL), of("elixir", ex("Plug.Parsers", "call/2", "lib/plug/parsers.ex", in_app=False), EX_SHOW, EX_TOTAL)),
    same("Elixir", "an unnamed function", of("elixir", EX_SHOW, ex("Shop.Cart", "-total/1-fun-0-", "lib/shop/cart.ex")), of("elixir", EX_SHOW, ex("Shop.Cart", "-total/1-fun-0-", "lib/shop/cart.ex", lineno=88))),
    same("Elixir", "a process exits with another id", event("elixir", raised("ErlangError", "no process: #PID<0.1234.0>")), event("elixir", raised("ErlangError", "no process: #PID<0.99.0>"))),
    differ("Elixir", "another clause by its number of arguments", of("elixir", EX_SHOW, EX_TOTAL), of("elixir", EX_SHOW, ex("Shop.Cart", "total/2", "lib/shop/cart.ex"))),
    differ("Elixir", "another function", of("elixir", EX_SHOW, EX_TOTAL), of("elixir", EX_SHOW, ex("Shop.Cart", "weight/1", "lib/shop/cart.ex"))),
    same("Windows and other paths", "of a file without a module", of("other", {"function": "total", "filename": "C:\\shop\\src\\Cart.lua", "in_app": True}), of("other", {"function": "total", "filename": "/srv/shop/src/cart.lua", "in_app": True})),
    differ("Windows and other paths", "another file", of("other", {"function": "total", "filename": "C:\\shop\\src\\Cart.lua", "in_app": True}), of("other", {"function": "total", "filename": "C:\\shop\\src\\Mail.lua", "in_app": True})),
    differ("C#", "two middlewares fail", of("csharp", cs("Shop.AuditMiddleware", "InvokeAsync")), of("csharp", cs("Shop.LoginMiddleware", "InvokeAsync"))),
    differ("PHP", "two middlewares fail", of("php", LARAVEL, php("App\\Http\\Middleware\\Audit::handle", "app/Http/Middleware/Audit.php", "        log($user->name);")), of("php", LARAVEL, php("App\\Http\\Middleware\\Login::handle", "app/Http/Middleware/Login.php", "        check($user->name);"))),
    differ("Ruby", "two classes in Ruby 3.4", of("ruby", rb("app/models/cart.rb", "Cart#total")), of("ruby", rb("app/models/mail.rb", "Mail#total"))),
    differ("Ruby", "two services whose entry is call", of("ruby", rb("app/services/pay.rb", "call", "    gateway.charge(card)\n"), rb("app/lib/gateway.rb", "charge", "    raise Declined\n")), of("ruby", rb("app/services/refund.rb", "call", "    gateway.charge(card)\n"), rb("app/lib/gateway.rb", "charge", "    raise Declined\n"))),
]  # fmt: skip
