"""Java, Kotlin, Scala, Clojure and Android."""

from typing import Any

from tests.corpus.grouping.events import SPRING, Frame, event, java, java_lib, raised
from tests.corpus.grouping.pair import Event, Pair, differ, same


def failed(*frames: Frame, type_: str = "IllegalStateException", value: str = "empty", **rest: Any) -> Event:
    return event("java", raised(type_, value, *frames, module="java.lang"), **rest)


CONTROLLER = java("com.shop.CartController", "checkout", lineno=31)
TOTAL = java("com.shop.Cart", "total")
UNSURE = (java("com.shop.CartController", "checkout", in_app=None), java("com.shop.Cart", "total", in_app=None))
"""As sent by a program that never said which packages are its own."""
REFLECTED = (
    java_lib("java.lang.reflect.Method", "invoke"), java_lib("jdk.internal.reflect.DirectMethodHandleAccessor", "invoke"),
)  # fmt: skip
OLD_REFLECTED = (
    java_lib("java.lang.reflect.Method", "invoke"), java_lib("sun.reflect.DelegatingMethodAccessorImpl", "invoke"),
    java_lib("sun.reflect.NativeMethodAccessorImpl", "invoke"), java_lib("sun.reflect.NativeMethodAccessorImpl", "invoke0"),
)  # fmt: skip
FILTER = java_lib("org.apache.catalina.core.ApplicationFilterChain", "internalDoFilter")


def proxy(suffix: str) -> Frame:
    return java(f"com.shop.Cart{suffix}", "total", "<generated>")


PAIRS: list[Pair] = [
    same("generated classes", "CGLIB of old Spring", failed(CONTROLLER, proxy("$$EnhancerBySpringCGLIB$$1a2b3c4d"), TOTAL), failed(CONTROLLER, proxy("$$EnhancerBySpringCGLIB$$ffee0011"), TOTAL)),
    same("generated classes", "CGLIB's fast class", failed(CONTROLLER, proxy("$$FastClassBySpringCGLIB$$1a2b3c4d"), TOTAL), failed(CONTROLLER, proxy("$$FastClassBySpringCGLIB$$99"), TOTAL)),
    same("generated classes", "CGLIB of new Spring", failed(CONTROLLER, proxy("$$SpringCGLIB$$0"), TOTAL), failed(CONTROLLER, proxy("$$SpringCGLIB$$3"), TOTAL)),
    same("generated classes", "a proxy of the JDK", failed(CONTROLLER, java("com.sun.proxy.$Proxy117", "total", in_app=False), TOTAL), failed(CONTROLLER, java("com.sun.proxy.$Proxy9", "total", in_app=False), TOTAL)),
    same("generated classes", "a proxy of the JDK, own packages unknown", failed(UNSURE[0], java("jdk.proxy2.$Proxy117", "total", in_app=None), UNSURE[1]), failed(UNSURE[0], java("jdk.proxy3.$Proxy9", "total", in_app=None), UNSURE[1])),
    same("generated classes", "a proxy in an own package", failed(CONTROLLER, java("com.shop.$Proxy12", "total"), TOTAL), failed(CONTROLLER, java("com.shop.$Proxy7", "total"), TOTAL)),
    same("generated classes", "Javassist", failed(CONTROLLER, proxy("_$$_jvst1a2_0"), TOTAL), failed(CONTROLLER, proxy("_$$_jvst9f_12"), TOTAL)),
    same("generated classes", "Hibernate", failed(CONTROLLER, proxy("$HibernateProxy$aBcD1234"), TOTAL), failed(CONTROLLER, proxy("$HibernateProxy$Zz99Yy88"), TOTAL)),
    same("generated classes", "ByteBuddy's mocks", failed(CONTROLLER, proxy("$MockitoMock$1234567"), TOTAL), failed(CONTROLLER, proxy("$MockitoMock$99"), TOTAL)),
    same("generated classes", "Guice", failed(CONTROLLER, proxy("$$EnhancerByGuice$$1a2b3c"), TOTAL), failed(CONTROLLER, proxy("$$EnhancerByGuice$$77"), TOTAL)),
    same("generated classes", "an accessor", failed(java("sun.reflect.GeneratedMethodAccessor117", "invoke", in_app=False), CONTROLLER, TOTAL), failed(java("sun.reflect.GeneratedMethodAccessor3", "invoke", in_app=False), CONTROLLER, TOTAL)),
    same("generated classes", "an accessor, own packages unknown", failed(java("sun.reflect.GeneratedMethodAccessor117", "invoke", in_app=None), *UNSURE), failed(java("sun.reflect.GeneratedMethodAccessor3", "invoke", in_app=None), *UNSURE)),
    same("generated classes", "reflection warms up, own packages unknown", failed(*OLD_REFLECTED, *UNSURE), failed(OLD_REFLECTED[0], OLD_REFLECTED[1], java_lib("sun.reflect.GeneratedMethodAccessor3", "invoke"), *UNSURE)),
    same("environment changed", "a newer JDK, own packages unknown", failed(*OLD_REFLECTED, *UNSURE), failed(*REFLECTED, *UNSURE)),
    same("environment changed", "a newer JDK", failed(*OLD_REFLECTED, CONTROLLER, TOTAL), failed(*REFLECTED, CONTROLLER, TOTAL)),
    same("unnamed functions", "a lambda, moved", failed(CONTROLLER, java("com.shop.Cart", "lambda$total$0"), TOTAL), failed(CONTROLLER, java("com.shop.Cart", "lambda$total$3"), TOTAL)),
    same("unnamed functions", "the class of a lambda", failed(CONTROLLER, java("com.shop.Cart$$Lambda$14/0x0000000800c1", "apply"), TOTAL), failed(CONTROLLER, java("com.shop.Cart$$Lambda$99/0x00000008ffff", "apply"), TOTAL)),
    same("unnamed functions", "the class of a lambda of JDK 21", failed(CONTROLLER, java("com.shop.Cart$$Lambda/0x00007f8b1c0a3b58", "apply"), TOTAL), failed(CONTROLLER, java("com.shop.Cart$$Lambda/0x00007f8b1cffff58", "apply"), TOTAL)),
    same("unnamed functions", "a lambda of Android", failed(CONTROLLER, java("com.shop.Cart$$ExternalSyntheticLambda3", "run", "D8$$SyntheticClass"), TOTAL), failed(CONTROLLER, java("com.shop.Cart$$ExternalSyntheticLambda11", "run", "D8$$SyntheticClass"), TOTAL)),
    same("unnamed functions", "a form of a lambda", failed(java("java.lang.invoke.LambdaForm$DMH/0x0000000800c1", "invokeStatic", in_app=False), CONTROLLER, TOTAL), failed(java("java.lang.invoke.LambdaForm$DMH/0x00000008ffff", "invokeStatic", in_app=False), CONTROLLER, TOTAL)),
    same("unnamed functions", "a form of a lambda, own packages unknown", failed(java("java.lang.invoke.LambdaForm$DMH/0x0000000800c1", "invokeStatic", in_app=None), *UNSURE), failed(java("java.lang.invoke.LambdaForm$DMH/0x00000008ffff", "invokeStatic", in_app=None), *UNSURE)),
    same("unnamed functions", "a suspended function of Kotlin", failed(java_lib("kotlin.coroutines.jvm.internal.BaseContinuationImpl", "resumeWith"), java("com.shop.CartKt$total$1", "invokeSuspend", "Cart.kt"), TOTAL), failed(java_lib("kotlin.coroutines.jvm.internal.BaseContinuationImpl", "resumeWith"), java("com.shop.CartKt$total$1", "invokeSuspend", "Cart.kt", 99), TOTAL)),
    same("unnamed functions", "a function of Clojure", failed(CONTROLLER, java("shop.cart$total$fn__1234", "invoke", "cart.clj")), failed(CONTROLLER, java("shop.cart$total$fn__99881", "invoke", "cart.clj"))),
    same("async frames", "on another thread pool", failed(java_lib("java.util.concurrent.ThreadPoolExecutor", "runWorker"), CONTROLLER, TOTAL), failed(java_lib("java.util.concurrent.ForkJoinPool", "runWorker"), CONTROLLER, TOTAL)),
    same("async frames", "on a virtual thread", failed(java_lib("java.lang.Thread", "run"), CONTROLLER, TOTAL), failed(java_lib("java.lang.VirtualThread", "run"), CONTROLLER, TOTAL)),
    same("async frames", "on a virtual thread, own packages unknown", failed(java_lib("java.lang.Thread", "run"), *UNSURE), failed(java_lib("java.lang.VirtualThread", "run"), *UNSURE)),
    same("framework noise", "a filter was added", failed(*SPRING, CONTROLLER, TOTAL), failed(SPRING[0], FILTER, java_lib("org.springframework.web.filter.CorsFilter", "doFilterInternal"), FILTER, *SPRING[1:], CONTROLLER, TOTAL)),
    same("framework noise", "an own filter was added", failed(*SPRING, CONTROLLER, TOTAL), failed(SPRING[0], FILTER, java_lib("org.springframework.web.filter.OncePerRequestFilter", "doFilter"), java("com.shop.AuditFilter", "doFilterInternal"), FILTER, *SPRING[1:], CONTROLLER, TOTAL)),
    same("framework noise", "an aspect was added", failed(*SPRING, CONTROLLER, TOTAL), failed(*SPRING, CONTROLLER, java_lib("org.springframework.aop.framework.ReflectiveMethodInvocation", "proceed"), java_lib("org.springframework.transaction.interceptor.TransactionInterceptor", "invoke"), TOTAL)),
    same("framework noise", "from Tomcat to Jetty", failed(*SPRING, CONTROLLER, TOTAL), failed(java_lib("org.eclipse.jetty.server.Server", "handle"), *SPRING[2:], CONTROLLER, TOTAL)),
    same("framework noise", "a filter was added, own packages unknown", failed(*SPRING, *UNSURE), failed(SPRING[0], FILTER, java_lib("org.springframework.web.filter.CorsFilter", "doFilterInternal"), FILTER, *SPRING[1:], *UNSURE)),
    differ("other cause, same handler", "own packages unknown", failed(*SPRING, *UNSURE), failed(*SPRING, UNSURE[0], java("com.shop.Cart", "weight", in_app=None))),
    differ("other cause, same handler", "another class", failed(*SPRING, CONTROLLER, TOTAL), failed(*SPRING, CONTROLLER, java("com.shop.Basket", "total"))),
    differ("other cause, same handler", "another exception", failed(*SPRING, CONTROLLER, TOTAL), failed(*SPRING, CONTROLLER, TOTAL, type_="NullPointerException")),
    differ("other cause, same handler", "two handlers in Spring fail alike", failed(*SPRING, CONTROLLER), failed(*SPRING, java("com.shop.MailController", "send"))),
    same("chained exceptions", "wrapped by a servlet", event("java", raised("IllegalStateException", "cart 17", CONTROLLER, TOTAL), raised("ServletException", "Request processing failed: cart 17", *SPRING)), event("java", raised("IllegalStateException", "cart 4", CONTROLLER, TOTAL), raised("ServletException", "Request processing failed: cart 4", SPRING[0], *SPRING[2:]))),
    differ("chained exceptions", "another cause in a servlet's wrapper", event("java", raised("IllegalStateException", "x", CONTROLLER, TOTAL), raised("ServletException", "x", *SPRING)), event("java", raised("IllegalStateException", "x", CONTROLLER, java("com.shop.Cart", "weight")), raised("ServletException", "x", *SPRING))),
    same("Android", "another device", failed(java_lib("android.os.Handler", "handleCallback", 938), java_lib("android.app.ActivityThread", "main", 7839), TOTAL), failed(java_lib("android.os.Handler", "handleCallback", 900), java_lib("com.android.internal.os.RuntimeInit$MethodAndArgsCaller", "run"), java_lib("android.app.ActivityThread", "main", 8177), TOTAL)),
    same("Android", "another device, own packages unknown", failed(java_lib("com.android.internal.os.ZygoteInit", "main", 982), java_lib("android.os.Handler", "handleCallback", 938), *UNSURE), failed(java_lib("com.android.internal.os.ZygoteInit", "main", 1026), java_lib("com.android.internal.os.ExecInit", "main", 50), java_lib("android.os.Handler", "handleCallback", 900), *UNSURE)),
    differ("Android", "obfuscated names of two functions", failed(java("a.b.c", "a", "SourceFile")), failed(java("a.b.d", "a", "SourceFile"))),
    same("recursion depth", "a stack overflow", failed(CONTROLLER, *[TOTAL] * 120, type_="StackOverflowError"), failed(CONTROLLER, *[TOTAL] * 180, type_="StackOverflowError")),
    differ("generated classes", "proxies of two classes", failed(CONTROLLER, java("com.shop.Cart$$SpringCGLIB$$0", "total")), failed(CONTROLLER, java("com.shop.Mail$$SpringCGLIB$$0", "total"))),
    differ("framework noise", "two filters fail", failed(SPRING[0], FILTER, java("com.shop.AuditFilter", "doFilter")), failed(SPRING[0], FILTER, java("com.shop.LoginFilter", "doFilter"))),
    differ("framework noise", "two methods called by reflection, own packages unknown", failed(*REFLECTED, UNSURE[0]), failed(*REFLECTED, UNSURE[1])),
    differ("async frames", "two tasks of one pool, own packages unknown", failed(java_lib("java.util.concurrent.ThreadPoolExecutor", "runWorker"), UNSURE[0]), failed(java_lib("java.util.concurrent.ThreadPoolExecutor", "runWorker"), UNSURE[1])),
]  # fmt: skip
