/*
** protect.h: how Rust gets into Lua. Nothing here raises; Rust calls these functions with the GIL released.
*/

#ifndef LUPA_PROTECT_H
#define LUPA_PROTECT_H

/* [-0, +1, -]   value -> value      Defined below; it needs the table that it is in. */
static int lupa_message_handler (lua_State *L);

static const lua_CFunction lupa_functions[LUPA_FUNCTION_COUNT] = {
  lupa_body_call, lupa_body_run, lupa_body_load, lupa_body_push, lupa_body_get, lupa_body_set, lupa_body_len, lupa_body_tostring,
  lupa_body_fill, lupa_body_next, lupa_body_require, lupa_body_reserve, lupa_body_grow, lupa_body_collect, lupa_body_newthread,
  lupa_body_resume, lupa_body_throw, lupa_body_close, lupa_body_expand, lupa_pushed_index, lupa_pushed_newindex,
  lupa_pushed_newthread, lupa_pushed_take, lupa_message_handler, lupa_body_traceback,
  lupa_body_function
};

/* [-0, +1, -] Push a function of ours; 0 (and nothing useful pushed) if a script took it out of the registry. */
static int lupa_pushfunction (lua_State *L, const LupaRuntime *runtime, int which) {
#if LUPA_LIGHT_FUNCTIONS
  (void)runtime;
  lua_pushcfunction(L, lupa_functions[which]);
  return 1;
#else
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->functions[which]);
  return lua_tocfunction(L, -1) == lupa_functions[which];
#endif
}

/*
** [-0, +1, -]   value -> value      Runs where an error is raised, with the failed call still on the stack. The value stays
** what it is; the text of the traceback goes to a registry slot, that of a Python exception to a place of our own.
*/
static int lupa_message_handler (lua_State *L) {
  LupaRuntime *runtime = lupa_runtime(L);
  if (runtime == NULL) return 1;
  if (lupa_tobox(L, 1) != NULL) {
    lupa_notestack(L, runtime, 1, lua_topointer(L, 1));
    return 1;
  }
  lua_settop(L, 1);
  if (lupa_pushfunction(L, runtime, LUPA_TRACEBACK)) {
    lua_pushvalue(L, 1);                                            /* value f value */
    if (lua_pcall(L, 1, 1, 0) != LUA_OK || lua_isnil(L, 2)) lua_pushboolean(L, 0);    /* value ... text|false */
    (void)lupa_fillslot(L, runtime->traceback, -1);
  }
  lua_settop(L, 1);
  return 1;
}

/* What is as it was when an operation is over. */
typedef struct LupaOuter {
  LupaRuntime *running;
  LupaOperation *pending;                   /* a hook of the script runs before the body of an outer operation */
  lua_State *inside;
} LupaOuter;

/* [-0, +0, -] From here on `L` runs, for an operation. */
static inline LupaOuter lupa_enter (lua_State *L, LupaRuntime *runtime, LupaOperation *operation) {
  LupaOuter outer;
  outer.running = lupa_running;
  outer.pending = runtime->pending;
  outer.inside = runtime->inside;
  lupa_setrunning(runtime);
  runtime->pending = operation;
  runtime->inside = L;
  return outer;
}

/* [-0, +0, -] */
static inline void lupa_leave (LupaRuntime *runtime, LupaOuter outer) {
  runtime->pending = outer.pending;
  runtime->inside = outer.inside;
  *runtime->over_limit = 0;                 /* a jump may have left it set */
  lupa_running = outer.running;
}

/* [-(n+1), +1|n, -]   f a b c -> results|error      Call under the message handler at `handler` or (0) none. */
static int lupa_protectedcall (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, int handler, int arguments) {
  LupaOuter outer = lupa_enter(L, runtime, operation);
  int status = lua_pcall(L, arguments, LUA_MULTRET, handler);
  lupa_leave(runtime, outer);
  return status;
}

/* [-0, +2|n+1, -]   -> handler results|error    Run a body for an operation; the status. */
static int lupa_protect (lua_State *L, LupaRuntime *runtime, int body, LupaOperation *operation) {
  int base = lua_gettop(L), status;
  if (!lupa_pushfunction(L, runtime, LUPA_MESSAGE) || !lupa_pushfunction(L, runtime, body)) {
    lua_settop(L, base + 1);
    lua_pushnil(L);                                                 /* handler error */
    operation->failure = LUPA_LOST_REFERENCE;
    return LUA_ERRRUN;
  }
  operation->body = body;                                           /* handler body */
  runtime->bodies++;
  status = lupa_protectedcall(L, runtime, operation, base + 1, 0);  /* handler results|error */
  runtime->bodies--;
  return status;
}

/*
** [-0, +0, -] Make the stack large enough for operation->number more values: the status. The results of the call before can
** lie close to the end of the stack, where Lua leaves no place: the message handler below them, which is done, gives up its.
*/
static int lupa_grow (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, int handler) {
  int status = LUA_ERRRUN, top;
  operation->body = LUPA_GROW;
  lua_remove(L, handler);                                           /* results */
  top = lua_gettop(L);
  if (lupa_pushfunction(L, runtime, LUPA_GROW)) status = lupa_protectedcall(L, runtime, operation, 0, 0);
  else operation->failure = LUPA_LOST_REFERENCE;
  lua_settop(L, top);
  lua_pushnil(L);                                                   /* results nil */
  lua_insert(L, handler);                                           /* nil results */
  return status;
}

/* [-0, +0, -] Name and version of the implementation, from the headers. */
static const char *lupa_implementation (lua_State *L) {
  (void)L;
  return LUPA_IMPLEMENTATION;
}

/* ---- the life of a state ---- */

/* [-0, +0, e]   library -> library        Set the functions of a list in the table on the top. */
static void lupa_setfunctions (lua_State *L, const luaL_Reg *list) {
  for (; list->name != NULL; list++) {
    lua_pushcfunction(L, list->func);
    lua_setfield(L, -2, list->name);
  }
}

/* [-1, +0, e]   object -> */
static void lupa_own (lua_State *L, LupaRuntime *runtime, int which) {
  runtime->address[which] = lua_topointer(L, -1);
  runtime->own[which] = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* [-0, +0, e]   The metatable of boxes. getmetatable shows scripts a copy, whose changes have no effect. */
static void lupa_openmetatable (lua_State *L, LupaRuntime *runtime) {
  luaL_newmetatable(L, "POBJECT");                                  /* metatable */
  lupa_setfunctions(L, lupa_metamethods);
  lua_newtable(L);                                                  /* metatable facade */
  lupa_setfunctions(L, lupa_metamethods);
  lua_pushliteral(L, "POBJECT");
  lua_setfield(L, -2, "__name");
  lua_setfield(L, -2, "__metatable");                               /* metatable */
  lupa_own(L, runtime, LUPA_OWN_METATABLE);
}

/* [-0, +0, e]   The weak table from objects to their boxes. */
static void lupa_opencache (lua_State *L, LupaRuntime *runtime) {
  lua_newtable(L);                                                  /* cache */
  lua_createtable(L, 0, 1);                                         /* cache metatable */
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);                                          /* cache */
  lupa_own(L, runtime, LUPA_OWN_CACHE);
}

/* [-0, +0, e]   The name that a short way looks up, which must not allocate. */
static void lupa_keepname (lua_State *L, LupaRuntime *runtime) {
  lua_pushliteral(L, "__index");
  lupa_own(L, runtime, LUPA_OWN_INDEX);
}

/* [-0, +0, e]   The functions of ours that cannot be pushed without allocating are kept in the registry. */
static void lupa_keepfunctions (lua_State *L, LupaRuntime *runtime, int first, int end) {
  int i;
  for (i = first; i < end && !LUPA_LIGHT_FUNCTIONS; i++) {
    lua_pushcfunction(L, lupa_functions[i]);
    runtime->functions[i] = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

/* [-0, +0, e]   Those that any host needs, and the places of tracebacks and errors. */
static void lupa_openfunctions (lua_State *L, LupaRuntime *runtime) {
  lupa_keepfunctions(L, runtime, 0, LUPA_FUNCTION);
  lua_pushboolean(L, 0);
  runtime->traceback = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  runtime->thrown = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* [-0, +0, e]   Remember the original debug.traceback, whose text we know. */
static void lupa_learntraceback (lua_State *L, LupaRuntime *runtime) {
  lua_getglobal(L, "debug");                                        /* debug */
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "traceback");                               /* debug traceback */
    runtime->debug_traceback = lua_tocfunction(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* [-0, +0, e]   Open the standard libraries and what is ours. */
static int lupa_body_open (lua_State *L) {
  LupaRuntime *runtime = lupa_running;
  if (runtime == NULL || runtime->pending == NULL) return lupa_error(L, "not callable from Lua");
  runtime->pending = NULL;
  lua_settop(L, 0);                         /* lua_cpcall gives a null pointer */
  *runtime->over_limit = !LUPA_OPENS_OR_FAILS;
  luaL_openlibs(L);
  *runtime->over_limit = 0;
  if (runtime->counts_memory) lupa_compileroff(L);
  lupa_watchffi(L);
  lupa_learntraceback(L, runtime);
  lupa_bindclose(L, runtime);
  if (runtime->selects_libraries) lupa_selectlibraries(L, runtime);
  lupa_openguards(L, runtime);
  lupa_bindmode(L, runtime);
  lupa_openmetatable(L, runtime);
  lupa_opencache(L, runtime);
  lupa_keepname(L, runtime);
  lupa_openfunctions(L, runtime);
  lupa_keepchunkname(L);
  return 0;
}

/* [-0, +0, e]   none eval builtins ->         The `python` table; nil for what is not registered. */
static int lupa_body_library (lua_State *L) {
  static const char *const names[] = {"none", "eval", "builtins"};
  int i;
  lua_settop(L, 0);                         /* as above */
  lupa_open(L, LUPA_FUNCTION_COUNT);                                                   /* none eval builtins */
  lua_newtable(L);                                                  /* none eval builtins python */
  lupa_setfunctions(L, lupa_library);
  for (i = 0; i < 3; i++) {
    lua_pushvalue(L, i + 1);
    lua_setfield(L, 4, names[i]);
  }
  lua_pushvalue(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "Py_None");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);             /* ... python loaded */
  lua_pushvalue(L, 4);
  lua_setfield(L, -2, "python");
  lua_pushvalue(L, 4);
  lua_setglobal(L, "python");
  return 0;
}

/* [-0, +0, e]   What only a host without Python needs. */
static int lupa_body_host (lua_State *L) {
  LupaRuntime *runtime;
  lua_settop(L, 0);                         /* as above */
  lupa_take(L, LUPA_FUNCTION_COUNT, &runtime);
  lupa_keepfunctions(L, runtime, LUPA_FUNCTION, LUPA_FUNCTION_COUNT);
  return 0;
}

/* [-0, +0|1, -]   Bring a new state up: the status, with the error value if it is not LUA_OK. A host that gives no slots is not Python. */
static int lupa_openstate (lua_State *L, LupaRuntime *runtime, LupaOperation *operation) {
  LupaRuntime *outer = lupa_running;
  int status;
  runtime->registry = lua_topointer(L, LUA_REGISTRYINDEX);
  runtime->stack_limit = lupa_stacklimit(L);
  operation->body = LUPA_FUNCTION_COUNT;    /* none of those that are used later */
  runtime->pending = operation;
  lupa_setrunning(runtime);
  status = lupa_firstcall(L, lupa_body_open);
  if (status == LUA_OK) {
    runtime->pending = operation;
    status = lupa_firstcall(L, operation->count > 0 ? lupa_body_library : lupa_body_host);
  }
  runtime->pending = NULL;
  lupa_running = outer;
  return status;
}

/* [-*, +0, -] Close a state; its finalizers run, errors in them are lost. */
static void lupa_closestate (lua_State *L, LupaRuntime *runtime) {
  LupaRuntime *outer = lupa_running;
  lupa_setrunning(runtime);
  runtime->inside = L;
  lupa_finishcycle(L);
  lua_close(L);
  free(runtime->trace);
  runtime->trace = NULL;
  lupa_running = outer;
}

/* [-0, +0, -] What to say when a coroutine that died by an error is resumed. */
static const char *lupa_deadcoroutine (void) { return LUPA_DEAD_COROUTINE; }

#endif
