/*
** bodies.h: one function for each kind of operation, run under lua_pcall by lua/protect.h. A body takes its operation from
** the runtime, pushes the slots and does what may raise. Scripts can get hold of a body through the debug library; a body
** that finds no operation waiting for it refuses.
*/

#ifndef LUPA_BODIES_H
#define LUPA_BODIES_H

/* [-0, +0, v]   The operation that waits for the body which runs now, and for no other: a hook can run in between. */
static LupaOperation *lupa_takepending (lua_State *L, int body, LupaRuntime **runtime) {
  LupaOperation *operation;
  *runtime = lupa_runtime(L);
  operation = *runtime == NULL ? NULL : (*runtime)->pending;
  if (operation == NULL || operation->body != body) lupa_error(L, "not callable from Lua");
  (*runtime)->pending = NULL;
  return operation;
}

/* [-0, +0, v]   Likewise, for a body that pushes its values itself. */
static LupaOperation *lupa_take (lua_State *L, int body, LupaRuntime **runtime) {
  if (lua_gettop(L) != 0) lupa_error(L, "not callable from Lua");
  return lupa_takepending(L, body, runtime);
}

/* [-0, +0, v]   Give up for a reason that Rust turns into an exception of its own. */
static int lupa_fail (lua_State *L, LupaOperation *operation, int failure) {
  operation->failure = failure;
  return lupa_error(L, "operation failed");
}

/* [-0, +n, e]   Push the slots from `first` on. */
static void lupa_pushslots (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, int first) {
  int i;
  if (!lua_checkstack(L, operation->count + LUA_MINSTACK)) lupa_fail(L, operation, LUPA_NO_ROOM);
  for (i = first; i < operation->count; i++) {
    if (!lupa_pushslot(L, runtime, &operation->slots[i])) lupa_fail(L, operation, LUPA_LOST_REFERENCE);
  }
}

/* [-0, +n, e]   The usual opening: take the operation, push its slots. */
static LupaOperation *lupa_open (lua_State *L, int body) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, body, &runtime);
  lupa_pushslots(L, runtime, operation, 0);
  return operation;
}

/* [-0, +n, e]   f a b c -> results */
static int lupa_body_call (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_CALL);
  lua_call(L, operation->count - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* [-0, +1, e]   -> function, or the message while operation->status says that the chunk does not compile */
static void lupa_pushchunk (lua_State *L, LupaOperation *operation) {
  operation->status = lupa_load(L, operation->chunk, operation->size, operation->name, operation->mode);
}

/* [-0, +n, e]   a b c -> results of the chunk */
static int lupa_body_run (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_RUN, &runtime);
  lupa_pushchunk(L, operation);                                     /* chunk|message */
  if (operation->status == LUA_OK) {
    lupa_pushslots(L, runtime, operation, 0);                       /* chunk a b c */
    lua_call(L, operation->count, LUA_MULTRET);
  }
  return lua_gettop(L);
}

/* [-0, +1, e]   -> function|message */
static int lupa_body_load (lua_State *L) {
  LupaRuntime *runtime;
  lupa_pushchunk(L, lupa_take(L, LUPA_LOAD, &runtime));
  return 1;
}

/* [-0, +n, e]   -> a b c            Only push the slots. */
static int lupa_body_push (lua_State *L) {
  lupa_open(L, LUPA_PUSH);
  return lua_gettop(L);
}

/* [-0, +1, e]   t k -> t[k] */
static int lupa_body_get (lua_State *L) {
  lupa_open(L, LUPA_GET);
  lua_gettable(L, 1);                                               /* t v */
  return 1;
}

/* [-0, +0, e]   t k v ->        t[k] = v */
static int lupa_body_set (lua_State *L) {
  lupa_open(L, LUPA_SET);
  lua_settable(L, 1);                                               /* t */
  return 0;
}

/* [-0, +1, e]   x -> #x */
static int lupa_body_len (lua_State *L) {
  lupa_open(L, LUPA_LEN);
  lupa_pushlen(L, 1);                                               /* x n */
  return 1;
}

/* [-0, +0|1, e]   x -> result of its __tostring, if it has one */
static int lupa_body_tostring (lua_State *L) {
  lupa_open(L, LUPA_TOSTRING);
  return luaL_callmeta(L, 1, "__tostring");
}

/* [-0, +0|2, e]   t k -> k' v'       The next pair; the key is also put into registry slot operation->number. */
static int lupa_body_next (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_NEXT);
  if (!lua_next(L, 1)) return 0;                                    /* t k' v' */
  lua_pushvalue(L, -2);                                             /* t k' v' k' */
  lua_rawseti(L, LUA_REGISTRYINDEX, operation->number);             /* t k' v' */
  return 2;
}

/* [-0, +n, e]   name -> results of require(name) */
static int lupa_body_require (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_REQUIRE);
  lua_getglobal(L, "require");                                      /* name require */
  if (lua_isnil(L, -1)) return lupa_fail(L, operation, LUPA_NO_REQUIRE);
  lua_insert(L, 1);                                                 /* require name */
  lua_call(L, 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* [-0, +0, e]   Occupy operation->number new registry slots. What was reserved before an error stays in the list. */
static int lupa_body_reserve (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_RESERVE, &runtime);
  *runtime->over_limit = !LUPA_GROWS_OR_FAILS;
  for (; operation->count < operation->number; operation->count++) {
    lua_pushboolean(L, 0);
    operation->references[operation->count] = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  *runtime->over_limit = 0;
  return 0;
}

/* [-0, +0, v]   Make the stack large enough for operation->number more values. */
static int lupa_body_grow (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_GROW, &runtime);
  if (!lua_checkstack(L, operation->number + 2 * LUA_MINSTACK)) return lupa_fail(L, operation, LUPA_NO_ROOM);
  return 0;
}

/* [-0, +0, e] */
static int lupa_body_collect (lua_State *L) {
  lupa_open(L, LUPA_COLLECT);
  lupa_collect(L);
  return 0;
}

/* [-0, +1, m]   ... f ... -> ... f ... thread */
static void lupa_pushnewthread (lua_State *L, int function) {
  lua_State *co = lua_newthread(L);                                 /* thread */
  lua_pushvalue(L, function);                                       /* thread f */
  lua_xmove(L, co, 1);                                              /* thread */
}

/* [-0, +1, e]   f -> thread         for a Lua function */
static int lupa_body_newthread (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_NEWTHREAD);
  if (!lupa_isluafunction(L, 1)) return lupa_fail(L, operation, LUPA_NOT_A_FUNCTION);
  lupa_pushnewthread(L, 1);                                         /* f thread */
  return 1;
}

/* [-0, +0, v]   The coroutine at index 1, in one of the states whose bits are set. Rust has looked before; a hook or a
** finalizer of the script may have run it since. */
static lua_State *lupa_tocoroutine (lua_State *L, LupaOperation *operation, int states) {
  lua_State *co = lua_tothread(L, 1);
  if (co == NULL || !(states & 1 << lupa_threadstate(co))) lupa_fail(L, operation, LUPA_NOT_RESUMABLE);
  return co;
}

/* [-0, +0, -] Defined in messages.h, which knows the bodies by name. */
static void lupa_notestack (lua_State *L, LupaRuntime *runtime, int level, const void *value);

/*
** [-0, +results, e]   Move what a coroutine has yielded or returned, or its error value, to `L`; how many values. One that died
** by the error is closed, as coroutine.wrap does: its variables, and the values that it must not keep. (lua_settop would close
** the variables as well, but unprotected.)
*/
static int lupa_taketherest (lua_State *L, lua_State *co, int results, LupaOperation *operation) {
  int died = lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD, closed = LUA_OK;
  if (operation->status != LUA_OK && operation->status != LUA_YIELD) {
    results = 1;
    lupa_notestack(co, lupa_runtime(L), 0, lua_topointer(co, -1));
  }
  operation->number = died;
  if (died) closed = lupa_closethread(co, L);
  if (!lua_checkstack(L, results + LUA_MINSTACK)) {
    lua_settop(co, -results - 1);
    return lupa_fail(L, operation, LUPA_NO_ROOM);
  }
  lua_xmove(co, L, results);
  if (died && closed < 0) lua_settop(co, 0);                        /* without variables that are closed */
  return results;
}

/* [-n, +results, e]   Resume `co` with the top values. The values, or the error value while operation->status says so. */
static int lupa_resumewith (lua_State *L, LupaRuntime *runtime, lua_State *co, int arguments, LupaOperation *operation) {
  int results = 0, room;
  *runtime->over_limit = !LUPA_GROWS_OR_FAILS;
  room = lua_checkstack(co, arguments + 1);
  *runtime->over_limit = 0;
  if (!room && *runtime->refused) return lupa_fail(L, operation, LUPA_NO_ROOM);
  if (!room) return lupa_error(L, "too many arguments to resume");
  lua_xmove(L, co, arguments);
  operation->status = lupa_resume(co, L, arguments, &results);
  return lupa_taketherest(L, co, results, operation);
}

/* [-0, +n, e]   thread a b c -> values */
static int lupa_body_resume (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_RESUME, &runtime);
  lua_State *co;
  lupa_pushslots(L, runtime, operation, 0);
  co = lupa_tocoroutine(L, operation, 1 << LUPA_THREAD_NEW | 1 << LUPA_THREAD_SUSPENDED);
  return lupa_resumewith(L, runtime, co, operation->count - 1, operation);
}

/* [-0, +0, e]   A hook that runs once, where a coroutine continues, and raises there. */
static void lupa_throw_hook (lua_State *co, lua_Debug *event) {
  LupaRuntime *runtime = lupa_runtime(co);
  (void)event;
  if (runtime == NULL || runtime->throwing == NULL) {
    lua_sethook(co, NULL, 0, 0);
    return;
  }
  lua_sethook(co, runtime->throwing->hook, runtime->throwing->mask, runtime->throwing->count);
  runtime->throwing = NULL;
  if (!lua_checkstack(co, 2)) return;
  lua_rawgeti(co, LUA_REGISTRYINDEX, runtime->thrown);              /* value|false */
  if (!lua_toboolean(co, -1)) {
    lua_pop(co, 1);
    return;
  }
  lua_pushboolean(co, 0);
  lua_rawseti(co, LUA_REGISTRYINDEX, runtime->thrown);              /* value */
  lua_error(co);
}

/* [-0, +n, e]   thread error -> values         Resume with an error at the point of the yield. */
static int lupa_body_throw (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_THROW, &runtime);
  LupaThrow *outer, now;
  lua_State *co;
  int results = 0;
  lupa_pushslots(L, runtime, operation, 0);                         /* thread error */
  co = lupa_tocoroutine(L, operation, 1 << LUPA_THREAD_SUSPENDED);
  lua_rawseti(L, LUA_REGISTRYINDEX, runtime->thrown);               /* thread */
  now.hook = lua_gethook(co);
  now.mask = lua_gethookmask(co);
  now.count = lua_gethookcount(co);
  outer = runtime->throwing;
  runtime->throwing = &now;
  lua_sethook(co, lupa_throw_hook, LUA_MASKCOUNT | LUA_MASKRET, 1);
  operation->status = lupa_resume(co, L, 0, &results);
  if (runtime->throwing == &now) lua_sethook(co, now.hook, now.mask, now.count);      /* nothing ran in the coroutine */
  runtime->throwing = outer;
  results = lupa_taketherest(L, co, results, operation);            /* thread values */
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->thrown);               /* thread values error|false */
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    return results;
  }
  operation->status = LUA_ERRRUN;           /* it was not raised: LuaJIT has no hook there */
  lua_pushboolean(L, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, runtime->thrown);
  return 1;
}

/* [-0, +0|1, e]   thread -> error value, if a variable that was closed raised one */
static int lupa_body_close (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_CLOSE);
  lua_State *co = lupa_tocoroutine(L, operation, ~(1 << LUPA_THREAD_ACTIVE));
  operation->status = lupa_closethread(co, L);
  if (operation->status <= LUA_OK) return 0;
  lua_xmove(co, L, 1);                                              /* thread error */
  return 1;
}

/* [-0, +1+2n, e]   table -> #table k1 v1 k2 v2 ... */
static int lupa_body_expand (lua_State *L) {
  lupa_open(L, LUPA_EXPAND);
  lupa_expand(L, lupa_runtime(L), 1);                                              /* table n k v ... */
  return lua_gettop(L) - 1;
}

/* [-0, +1, e]   [object] -> function      A function of C, or the one that calls an object. */
static int lupa_body_function (lua_State *L) {
  LupaOperation *operation = lupa_open(L, LUPA_FUNCTION);
  lua_CFunction function = operation->function != NULL ? operation->function : lupa_entry_function;
  lua_pushcclosure(L, function, operation->count);                  /* function */
  return 1;
}

/* ---- bodies of short ways: what they work on was pushed before. A script that gets hold of one of the first three can do no more
** than with the expression that it stands for. ---- */

/* [-0, +1, e]   f -> thread */
static int lupa_pushed_newthread (lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lupa_pushnewthread(L, 1);                                         /* f thread */
  return 1;
}

/* [-0, +1, e]   t k -> t[k] */
static int lupa_pushed_index (lua_State *L) {
  lua_settop(L, 2);
  lua_gettable(L, 1);                                               /* t v */
  return 1;
}

/* [-0, +0, e]   t k v ->        t[k] = v */
static int lupa_pushed_newindex (lua_State *L) {
  lua_settop(L, 3);
  lua_settable(L, 1);                                               /* t */
  return 0;
}

/* [-0, +n, e]   thread -> values      What is left to take from a coroutine: operation->number values, or its error value. A hook of
** the script can have taken them first. */
static int lupa_pushed_take (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation;
  lua_State *co = lua_tothread(L, 1);
  if (co == NULL) return lupa_error(L, "not callable from Lua");
  operation = lupa_takepending(L, LUPA_TAKE, &runtime);
  if (lua_gettop(co) < operation->number) return lupa_fail(L, operation, LUPA_NOT_RESUMABLE);
  return lupa_taketherest(L, co, operation->number, operation);
}

#endif
