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
family:javascript path:{**/newrelic*.js,http*://js-agent.newrelic.com/**} -app -group
family:javascript path:{**/LogRocket*.js,http*://cdn.logrocket.*/**,http*://cdn.lr-*/**} -app -group

# Helpers that compilers put between two calls.
family:javascript module:{@babel/**,**/@babel/**,babel-runtime/**,**/babel-runtime/**} -app -group
family:javascript module:{core-js/**,**/core-js/**,regenerator-runtime/**,**/regenerator-runtime/**} -app -group
family:javascript module:{tslib,tslib/**,**/tslib/**} -app -group
family:javascript path:**/node_modules/{@babel,babel-runtime,core-js,regenerator-runtime,tslib}/** -app -group

# The event loop of Node.
family:javascript function:{,process.}{processTicksAndRejections,runMicrotasks,nextTick,runNextTicks} -app -group
family:javascript function:{,process.}{_tickCallback,_tickDomainCallback,processImmediate} -app -group
family:javascript function:{listOnTimeout,processTimers} -app -group

# Java and Kotlin: languages, platforms and frameworks, by package.
family:other module:{java,javax,jakarta,jdk,sun,com.sun,kotlin,kotlinx,scala,groovy,clojure}.* -app
family:other module:{android,androidx,com.android,com.google.android,dalvik}.* -app
family:other module:org.{springframework,apache,hibernate,eclipse,jboss,junit}.* -app
family:other module:io.{netty,undertow,micronaut,quarkus,vertx,grpc,reactivex,sentry}.* -app
family:other module:{com.zaxxer,com.fasterxml,okhttp3,reactor,retrofit2,rx}.* -app
"""

# A chunk that does not load, or a page that does not hydrate, is one problem wherever in the bundle it shows.
FINGERPRINT_RULES = r"""
family:javascript type:ChunkLoadError value:*chunk* -> chunkloaderror
family:javascript value:"{ChunkLoadError,Uncaught ChunkLoadError,Loading chunk,Loading CSS chunk}*" -> chunkloaderror
family:javascript value:"*{hydration failed because,error while hydrating}*" -> hydrationerror, {{ transaction }}
family:javascript value:"*content does not match server-rendered*" -> hydrationerror, {{ transaction }}
"""
