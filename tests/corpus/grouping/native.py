"""C++, Rust, Swift, Objective-C: addresses, clones, templates, and how a program ends."""

from typing import Any

from tests.corpus.grouping.events import Frame, event, native, raised, rust, swift, system
from tests.corpus.grouping.pair import Event, Pair, differ, same

SIGNAL = {"type": "signalhandler", "handled": False, "meta": {"signal": {"number": 11, "name": "SIGSEGV"}}}
START = (system("__libc_start_main"), native("main"))
RUN = native("shop::Checkout::run(int)")
TOTAL = "shop::Cart::total(int)"
UIKIT = "/System/Library/PrivateFrameworks/UIKitCore.framework/UIKitCore"


def crashed(
    *frames: Frame, type_: str = "SIGSEGV", value: str = "Segfault", platform: str = "native", **rest: Any
) -> Event:
    return event(platform, raised(type_, value, *frames, mechanism=SIGNAL, **rest))


def at(function: str, **rest: Any) -> Event:
    return crashed(*START, RUN, native(function, **rest))


def panicked(*frames: Frame, value: str = "index 7 out of range") -> Event:
    return event("native", raised("panic", value, *frames))


ALLOC = (system("operator new(unsigned long)", "/lib/libstdc++.so.6"), system("malloc"), system("__libc_malloc"))
ABORT = (system("__assert_fail"), system("abort"), system("raise"))
RUST_MAIN = rust("shop::main::h1123456789abcdef", "main.rs")
RUST_TOTAL = rust("shop::cart::total::h2123456789abcdef", "cart.rs")
RUST_PANIC = (
    rust("core::panicking::panic_bounds_check", in_app=False),
    rust("core::panicking::panic_fmt", in_app=False),
    rust("rust_begin_unwind", in_app=False),
)
NS = {"type": "nserror", "handled": True, "meta": {"ns_error": {"domain": "NSURLErrorDomain", "code": -1001}}}
OTHER_NS = {"type": "nserror", "handled": True, "meta": {"ns_error": {"domain": "NSURLErrorDomain", "code": -1009}}}

PAIRS: list[Pair] = [
    same("addresses", "another load address", crashed(native("main", addr="0x55d0c1a2b3c4"), native(TOTAL, addr="0x55d0c1a2c000")), crashed(native("main", addr="0x7fd0c1a2b3c4"), native(TOTAL, addr="0x7fd0c1a2c000"))),
    same("addresses", "another place of the program", at(TOTAL), at(TOTAL, package="/opt/shop/bin/shop")),
    same("addresses", "another library version of the system", crashed(system("__libc_start_main@@GLIBC_2.34"), native("main"), native(TOTAL)), crashed(system("__libc_start_main@GLIBC_2.17"), native("main"), native(TOTAL))),
    same("function names", "arguments are not always known", at(TOTAL), at("shop::Cart::total")),
    same("function names", "a const method", at("shop::Cart::total(int) const"), at(TOTAL)),
    same("function names", "with a return type", at("int shop::Cart::total(int)"), at(TOTAL)),
    same("function names", "a template's type", at("shop::List<int>::total(int)"), at("shop::List<std::string>::total(int)")),
    same("function names", "a template's nested type", at("shop::List<std::vector<int, std::allocator<int> > >::total()"), at("shop::List<int>::total()")),
    same("function names", "a cold clone", at(TOTAL), at(TOTAL + " [clone .cold]")),
    same("function names", "a clone by its symbol", at("shop::Cart::total"), at("shop::Cart::total.isra.0")),
    same("function names", "a constant propagated", at("total_of_cart"), at("total_of_cart.constprop.2")),
    same("function names", "a part", at("total_of_cart"), at("total_of_cart.part.0.cold")),
    same("function names", "an LTO clone", at("total_of_cart"), at("total_of_cart.llvm.8812773612")),
    same("function names", "stdcall", at("_total@12"), at("_total@16")),
    same("unnamed functions", "a lambda of gcc and clang", at("shop::Cart::total(int)::{lambda(int)#1}::operator()(int) const"), at("shop::Cart::total(int)::{lambda(int)#3}::operator()(int) const")),
    same("unnamed functions", "an anonymous namespace", at("(anonymous namespace)::total(int)"), at("`anonymous namespace'::total(int)")),
    same("unnamed functions", "a lambda of MSVC", at("<lambda_1a2b3c>::operator()"), at("<lambda_ffee00>::operator()")),
    differ("same type, other function", "overloads of two classes", at(TOTAL), at("shop::Basket::total(int)")),
    differ("same type, other function", "operators", at("shop::operator<<(std::ostream&, int)"), at("shop::operator>>(std::istream&, int)")),
    differ("same type, other function", "two methods", at(TOTAL), at("shop::Cart::weight(int)")),
    same("how a program ends", "an assertion, with and without the C library", crashed(*START, RUN, native(TOTAL), *ABORT, type_="SIGABRT"), crashed(*START, RUN, native(TOTAL), system("abort"), type_="SIGABRT")),
    same("how a program ends", "two C libraries", crashed(*START, RUN, native(TOTAL), *ABORT, type_="SIGABRT"), crashed(*START, RUN, native(TOTAL), system("abort", "/lib/ld-musl-x86_64.so.1"), system("pthread_kill", "/lib/ld-musl-x86_64.so.1"), type_="SIGABRT")),
    same("how a program ends", "own frames unknown", crashed(*[frame | {"in_app": None} for frame in (*START, RUN, native(TOTAL), *ABORT)], type_="SIGABRT"), crashed(*[frame | {"in_app": None} for frame in (system("_start"), *START, RUN, native(TOTAL), system("abort"), system("pthread_kill"))], type_="SIGABRT")),
    same("how a program ends", "thread bases, own frames unknown", crashed(*[frame | {"in_app": None} for frame in (system("clone"), system("start_thread"), RUN, native(TOTAL))]), crashed(*[frame | {"in_app": None} for frame in (system("__clone3"), system("start_thread"), RUN, native(TOTAL))])),
    same("how a program ends", "out of memory in another allocator, own frames unknown", crashed(*[frame | {"in_app": None} for frame in (RUN, native(TOTAL), *ALLOC)]), crashed(*[frame | {"in_app": None} for frame in (RUN, native(TOTAL), system("operator new(unsigned long)", "/lib/libstdc++.so.6"), system("je_malloc", "/lib/libjemalloc.so.2"))])),
    same("how a program ends", "the crash reporter is on the stack", crashed(*START, RUN, native(TOTAL)), crashed(*START, RUN, native(TOTAL), system("google_breakpad::ExceptionHandler::SignalHandler", "/usr/bin/shop"), type_="SIGSEGV")),
    differ("how a program ends", "two functions abort", crashed(*START, RUN, native(TOTAL), *ABORT, type_="SIGABRT"), crashed(*START, RUN, native("shop::Cart::weight(int)"), *ABORT, type_="SIGABRT")),
    differ("how a program ends", "two functions abort, own frames unknown", crashed(*[frame | {"in_app": None} for frame in (*START, RUN, native(TOTAL), *ABORT)]), crashed(*[frame | {"in_app": None} for frame in (*START, RUN, native("shop::Cart::weight(int)"), *ABORT)])),
    same("Rust", "another hash", panicked(RUST_MAIN, RUST_TOTAL), panicked(rust("shop::main::hfffff56789abcdef", "main.rs"), rust("shop::cart::total::haaaaa56789abcdef", "cart.rs"))),
    same("Rust", "without hashes", panicked(RUST_MAIN, RUST_TOTAL), panicked(rust("shop::main", "main.rs"), rust("shop::cart::total", "cart.rs"))),
    same("Rust", "a closure", panicked(RUST_MAIN, rust("shop::cart::total::{{closure}}::h2123456789abcdef", "cart.rs")), panicked(RUST_MAIN, rust("shop::cart::total::{{closure}}::hffff456789abcdef", "cart.rs"))),
    same("Rust", "frames of the panic", panicked(RUST_MAIN, RUST_TOTAL), panicked(RUST_MAIN, RUST_TOTAL, *RUST_PANIC)),
    same("Rust", "another runtime", panicked(rust("std::rt::lang_start::{{closure}}", in_app=False), RUST_MAIN, RUST_TOTAL), panicked(rust("std::rt::lang_start_internal", in_app=False), rust("std::panicking::try", in_app=False), RUST_MAIN, RUST_TOTAL)),
    same("Rust", "a trait's implementation, another hash", panicked(RUST_MAIN, rust("<shop::Cart as shop::Total>::total::h2123456789abcdef")), panicked(RUST_MAIN, rust("<shop::Cart as shop::Total>::total::h0000456789abcdef"))),
    same("Rust", "a generic function", panicked(RUST_MAIN, rust("shop::sum<u32>::h2123456789abcdef")), panicked(RUST_MAIN, rust("shop::sum<u64>::h0000456789abcdef"))),
    same("Rust", "tokio's frames", panicked(rust("tokio::runtime::task::harness::poll_future", in_app=False), RUST_TOTAL), panicked(rust("tokio::runtime::park::CachedParkThread::block_on", in_app=False), RUST_TOTAL)),
    differ("Rust", "another function", panicked(RUST_MAIN, RUST_TOTAL), panicked(RUST_MAIN, rust("shop::cart::weight::h2123456789abcdef", "cart.rs"))),
    differ("Rust", "two implementers", panicked(RUST_MAIN, rust("<shop::Cart as shop::Total>::total::h2123456789abcdef")), panicked(RUST_MAIN, rust("<shop::Basket as shop::Total>::total::h2123456789abcdef"))),
    same("Apple", "another container", crashed(swift("Cart.total()"), platform="cocoa"), crashed(swift("Cart.total()", "0x1088aa2d4", "AAAAAAAA-7C11-4E1B-9B5C-0C1D2E3F4A5B"), platform="cocoa")),
    same("Apple", "another iOS", crashed(system("start", "/usr/lib/dyld"), system("UIApplicationMain", UIKIT), swift("Cart.total()"), platform="cocoa"), crashed(system("start", "/usr/lib/dyld"), system("-[UIApplication _run]", UIKIT), system("UIApplicationMain", UIKIT), swift("Cart.total()"), platform="cocoa")),
    same("Apple", "a closure", crashed(swift("closure #1 in Cart.total()"), platform="cocoa"), crashed(swift("closure #1 in Cart.total()", "0x1088aa2d4"), platform="cocoa")),
    differ("Apple", "methods of Objective-C", crashed(swift("-[CartController total:]"), platform="cocoa"), crashed(swift("-[CartController weight:]"), platform="cocoa")),
    differ("Apple", "a class and an instance method", crashed(swift("-[Cart total]"), platform="cocoa"), crashed(swift("+[Cart total]"), platform="cocoa")),
    same("Apple", "an NSError, another text", event("cocoa", raised("NSURLErrorDomain", "Code: -1001, request 17", mechanism=NS)), event("cocoa", raised("NSURLErrorDomain", "Code: -1001, request 4", mechanism=NS))),
    differ("Apple", "another code of an NSError", event("cocoa", raised("NSURLErrorDomain", "Code: -1001", mechanism=NS)), event("cocoa", raised("NSURLErrorDomain", "Code: -1009", mechanism=OTHER_NS))),
    same("Apple", "exceptions raised by the runtime, own frames unknown", crashed(*[f | {"in_app": None} for f in (swift("Cart.total()"), system("-[__NSArrayM objectAtIndex:]", "CoreFoundation"), system("objc_exception_throw", "/usr/lib/libobjc.A.dylib"), system("__exceptionPreprocess", "CoreFoundation"))], platform="cocoa"), crashed(*[f | {"in_app": None} for f in (swift("Cart.total()"), system("-[__NSArrayM objectAtIndex:]", "CoreFoundation"), system("objc_exception_throw", "/usr/lib/libobjc.A.dylib"))], platform="cocoa")),
    same("recursion depth", "with other addresses", crashed(*START, *[native(TOTAL)] * 20), crashed(*START, *[native(TOTAL)] * 90)),
    same("Windows", "another debug runtime", crashed(system("BaseThreadInitThunk", "C:\\Windows\\System32\\kernel32.dll"), native(TOTAL, "C:\\shop\\shop.exe")), crashed(system("RtlUserThreadStart", "C:\\Windows\\System32\\ntdll.dll"), system("BaseThreadInitThunk", "C:\\Windows\\System32\\kernel32.dll"), native(TOTAL, "C:\\shop\\shop.exe"))),
    same("Windows", "thread bases, own frames unknown", crashed(native(TOTAL, "C:\\shop\\shop.exe") | {"in_app": None}), crashed(system("RtlUserThreadStart", "ntdll.dll") | {"in_app": None}, system("BaseThreadInitThunk", "kernel32.dll") | {"in_app": None}, native(TOTAL, "D:\\shop.exe") | {"in_app": None})),
    differ("how a program ends", "two functions corrupt the heap", crashed(*START, native(TOTAL), *ALLOC, *ABORT, type_="SIGABRT"), crashed(*START, native("shop::Cart::load(int)"), *ALLOC, *ABORT, type_="SIGABRT")),
    differ("Rust", "two functions panic, own frames unknown", panicked(*[f | {"in_app": None} for f in (RUST_MAIN, RUST_TOTAL, *RUST_PANIC)]), panicked(*[f | {"in_app": None} for f in (RUST_MAIN, rust("shop::mail::send::h2123456789abcdef"), *RUST_PANIC)])),
    differ("unnamed functions", "lambdas of two functions", at("shop::Cart::total(int)::{lambda(int)#1}::operator()(int) const"), at("shop::Cart::weight(int)::{lambda(int)#1}::operator()(int) const")),
    differ("Apple", "exceptions of two arrays, own frames unknown", crashed(*[f | {"in_app": None} for f in (swift("Cart.total()"), system("objc_exception_throw", "/usr/lib/libobjc.A.dylib"))], platform="cocoa"), crashed(*[f | {"in_app": None} for f in (swift("Mail.send()"), system("objc_exception_throw", "/usr/lib/libobjc.A.dylib"))], platform="cocoa")),
]  # fmt: skip
