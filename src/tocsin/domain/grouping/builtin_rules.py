"""The rules that every project has (spec/ingest.md 5.1 and 5.5), in the language of the rules that people write."""

STACK_RULES = r"""
# What a package manager put there, in any language.
path:{**/vendor/**,**/site-packages/**,**/dist-packages/**,**/node_modules/**,**/go/pkg/mod/**} -app

# What came with the language.
family:other path:{**/usr/lib/python*/**,**/lib/python?.*/**,**/lib/ruby/**,**/gems/**,**/usr/local/go/src/**} -app
family:javascript path:{node:**,internal/**} -app
family:other path:{dart:**,org-dartlang-sdk:**,package:flutter/**,**/flutter/packages/flutter/**} -app

# Bundles: the project's own modules, unless they were installed.
family:javascript path:{webpack:**,webpack-internal:**,app:**} +app
family:javascript path:{webpack:**/node_modules/**,webpack-internal:**/node_modules/**,app:**/node_modules/**} -app
family:javascript path:{webpack:**/~/**,webpack-internal:**/~/**,app:**/~/**} -app

# Libraries that pages load from public hosts.
family:javascript path:{http,https}://{unpkg.com,cdnjs.cloudflare.com,cdn.jsdelivr.net,esm.run,esm.sh}/** -app
family:javascript path:{http,https}://{code.jquery.com,ajax.googleapis.com,ajax.aspnetcdn.com,cdn.skypack.dev}/** -app
family:javascript path:{**/newrelic*.js,http*://js-agent.newrelic.com/**} -app -group
family:javascript path:{**/LogRocket*.js,http*://cdn.logrocket.*/**,http*://cdn.lr-*/**} -app -group

# Helpers that compilers put between two calls.
family:javascript module:{@babel/**,**/@babel/**,babel-runtime/**,**/babel-runtime/**} -app -group
family:javascript module:{core-js/**,**/core-js/**,regenerator-runtime/**,**/regenerator-runtime/**} -app -group
family:javascript module:{tslib,tslib/**,**/tslib/**} -app -group
family:javascript path:**/node_modules/{@babel,babel-runtime,core-js,regenerator-runtime,tslib}/** -app -group

# What browsers and the SDK put between two calls.
family:javascript function:"{,async }Promise.{all,allSettled,any,race}" -app -group
family:javascript function:{,*.}sentryWrapped -app -group

# The event loop of Node, and how it loads the first file.
family:javascript path:node:internal/{main,modules,process,bootstrap}/** -app -group
family:javascript function:{,process.}{processTicksAndRejections,runMicrotasks,nextTick,runNextTicks} -app -group
family:javascript function:{,process.}{_tickCallback,_tickDomainCallback,processImmediate} -app -group
family:javascript function:{listOnTimeout,processTimers} -app -group

# Java and Kotlin: languages, platforms and frameworks, by package.
family:other module:{java,javax,jakarta,jdk,sun,com.sun,kotlin,kotlinx,scala,groovy,clojure}.* -app
family:other module:{android,androidx,com.android,com.google.android,dalvik}.* -app
family:other module:org.{springframework,apache,hibernate,eclipse,jboss,junit}.* -app
family:other module:io.{netty,undertow,micronaut,quarkus,vertx,grpc,reactivex,sentry}.* -app
family:other module:{com.zaxxer,com.fasterxml,okhttp3,reactor,retrofit2,rx}.* -app

# Where threads begin, calls by reflection, and chains of filters: they come and go with versions and settings.
family:other module:{java.lang.reflect,jdk.internal.reflect,sun.reflect}.* function:{invoke*,newInstance*} -app -group
family:other module:java.lang.invoke.LambdaForm* -app -group
family:other module:{jdk.proxy*,com.sun.proxy}.$Proxy* -app -group
family:other module:java.lang.{Thread,VirtualThread,VirtualThread$*} function:run* -app -group
family:other module:java.util.concurrent.{ThreadPoolExecutor,ThreadPoolExecutor$*,FutureTask,ForkJoin*} -app -group
family:other module:org.apache.{catalina,coyote,tomcat}.* -app -group
family:other module:org.springframework.{web.filter,security.web,aop.framework,cglib}.* -app -group
family:other module:{org.eclipse.jetty,io.undertow.server,io.undertow.servlet}.* -app -group
family:other module:{com.android.internal.os,dalvik.system}.* -app -group
family:other module:android.os.{Handler,Looper} function:{handleCallback,dispatchMessage,loop,loopOnce} -app -group
family:other module:System.Runtime.{ExceptionServices,CompilerServices}.* -app -group

# The user's own middleware on the way to what fails: it hands the call back to the framework.
family:other function:__call__ | [ module:django.core.handlers.exception ] -group
family:other function:{__call__,dispatch} | [ module:{starlette,fastapi}.{middleware,routing,applications}* ] -group
family:other function:__call__ | [ module:{flask.app,werkzeug.middleware.*} function:{__call__,wsgi_app} ] -group
family:other function:doFilter* | [ module:org.{apache.catalina,springframework.web,springframework.security}.* ] -group
family:other module:*Middleware function:*Invoke* | [ module:Microsoft.AspNetCore.* ] -group
family:other function:*::handle | [ function:Illuminate\Pipeline\* ] -group
family:other function:{call,*#call} | [ path:**/gems/** function:{call,*#call} ] -group
family:javascript path:**/middleware{,s}/** | [ path:**/node_modules/{express,router,connect,koa-*,fastify}/** ] -group

# Decorators: what they wrap is told by the call after.
family:other function:{wrapper,wrapped,_wrapper,_wrapped,_wrapped_view,wrapped_view,decorated} | [ app:yes ] -group

# Native programs: how they start, and how their threads do.
family:native function:{_start,start,__libc_start_main*,__libc_start_call_main*,__scrt_common_main*} -app -group
family:native function:{clone,__clone,clone3,__clone3} -app -group
family:native function:{start_thread,thread_start,_pthread_start,_pthread_body} -app -group
family:native function:{BaseThreadInitThunk,RtlUserThreadStart*,__RtlUserThreadStart*,thread_start<*} -app -group
family:native function:{std::rt::*,std::sys*::__rust_begin_short_backtrace*,std::panic::catch_unwind*} -app -group
family:native function:{std::panicking::try*,__rust_try*,__rust_maybe_catch_panic*} -app -group
family:native function:"{core::ops::function::Fn*,<* as core::ops::function::Fn*}" -app -group

# … how they end.
family:native function:{abort,_abort,raise,gsignal,__assert_fail*,__assert_rtn,__assert2,_wassert} -app -group
family:native function:{pthread_kill,__pthread_kill*,tgkill,__restore_rt,_sigtramp,KiUserExceptionDispatch*} -app -group
family:native function:{RaiseException,RtlRaiseException,_CxxThrowException,UnhandledExceptionFilter} -app -group
family:native function:{__cxa_throw,__cxa_rethrow} -app -group
family:native function:{std::terminate*,std::__terminate*,demangling_terminate_handler*} -app -group
family:native function:{objc_exception_throw,__exceptionPreprocess,_objc_terminate*,objc_terminate} -app -group
family:native function:{core::panicking::*,std::panicking::*} -app -group
family:native function:{rust_begin_unwind*,__rust_start_panic*,rust_panic*} -app -group
family:native function:{core::option::expect_failed*} -app -group
family:native function:{core::option::unwrap_failed*,core::result::unwrap_failed*} -app -group
family:native function:{*breakpad*,*crashpad*,sentry_*,sentrycrash*,SentryCrash*,KSCrash*} -app -group

# … and where they get their memory.
family:native function:{malloc,calloc,realloc,free,memalign,posix_memalign,aligned_alloc,cfree} -app -group
family:native function:{__libc_malloc,__libc_free,__libc_calloc,_int_malloc,_int_free,malloc_printerr} -app -group
family:native function:{je_*,tc_malloc*,tc_free*,mi_malloc*,mi_free*,szone_*,nano_malloc*,malloc_zone_*} -app -group
family:native function:"{operator new*,operator delete*}" -app -group
family:native function:{__rust_alloc*,__rust_realloc*,__rust_dealloc*} -app -group
family:native function:{alloc::alloc::*,alloc::raw_vec::*,RtlAllocateHeap} -app -group
"""

# A chunk that does not load, or a page that does not hydrate, is one problem wherever in the bundle it shows.
FINGERPRINT_RULES = r"""
family:javascript type:ChunkLoadError value:*chunk* -> chunkloaderror
family:javascript value:"{ChunkLoadError,Uncaught ChunkLoadError,Loading chunk,Loading CSS chunk}*" -> chunkloaderror
family:javascript value:"*{hydration failed because,error while hydrating}*" -> hydrationerror, {{ transaction }}
family:javascript value:"*content does not match server-rendered*" -> hydrationerror, {{ transaction }}
"""
