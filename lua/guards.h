/*
** guards.h: functions of the standard libraries that call Lua back take space on the C stack for each level of a recursion.
** Plain Lua counts the levels and not their size, LuaJIT counts nothing. A guard stands in the place of such a
** function: it looks at how much of the C stack is left, and then calls the original in the same frame of Lua.
**
** The bundled LuaJIT looks itself, with the same limits (LUPA_WATCHES_STACK), and has no guards.
**
** Not guarded are metamethods that the virtual machine calls: their levels are small, and plain Lua counts them.
*/

#ifndef LUPA_GUARDS_H
#define LUPA_GUARDS_H

/* More than a level takes of the recursion that matches the patterns of 5.1. */
#define LUPA_MATCH_FRAME 512u

/* How deep coroutines of a LuaJIT with guards may be nested. Each level adds its place to the message of an error that passes, so that the
** time for that grows with the square of their number. */
#define LUPA_MAX_RESUMES 4000

/* The guarded functions, with the tables that hold them. */
#define LUPA_GUARDED(X) \
  X(gsub, "string") X(find, "string") X(match, "string") X(gmatch, "string") X(format, "string") X(sort, "table") \
  X(concat, "table") X(foreach, "table") X(foreachi, "table") X(resume, "coroutine") X(wrap, "coroutine") X(load, "_G") \
  X(loadstring, "_G") X(loadfile, "_G") X(dofile, "_G") X(require, "_G") X(print, "_G") X(tostring, "_G") \
  X(pcall, "_G") X(xpcall, "_G") X(collectgarbage, "_G")

#define X(name, library) GUARD_##name,
enum lupaguard { LUPA_GUARDED(X) GUARD_WRAPPED, GUARD_GMATCHED, GUARD_COUNT };
#undef X

typedef char lupaguardsfit[GUARD_COUNT <= LUPA_MAX_GUARDS ? 1 : -1];

/* [-0, +0, v]   Raise unless there is room for one more level. */
static void lupa_neednativestack (lua_State *L) {
  if (lupa_native_stack_left() < LUPA_STACK_RESERVE) lupa_error(L, "C stack overflow");
}

/* [-0, +0, v]   Likewise, for matching the pattern at `index`, where Lua does not bound the levels of that: there is at most
** one for each of these characters. */
static void lupa_needpatternstack (lua_State *L, int index) {
  size_t size, levels = 0;
  const char *pattern;
  if (LUPA_BOUNDS_PATTERNS || lua_type(L, index) != LUA_TSTRING) return;
  pattern = lua_tolstring(L, index, &size);
  while (size-- > 0) levels += memchr("?*+-()", pattern[size], 6) != NULL;
  if (levels > (lupa_native_stack_left() - LUPA_STACK_RESERVE) / LUPA_MATCH_FRAME) lupa_error(L, "pattern too complex");
}

/* [-0, +0, v]   What a guarded function needs besides. */
static void lupa_needmore (lua_State *L, int which) {
  switch (which) {
    case GUARD_find: if (lua_toboolean(L, 4)) break;           /* a plain text */ /* fall through */
    case GUARD_match: case GUARD_gsub: lupa_needpatternstack(L, 2); break;
    case GUARD_GMATCHED: lupa_needpatternstack(L, lua_upvalueindex(2)); break;
    default: break;
  }
}

/* [-?, +n, e]   a b c -> results of the original. Those of pcall and xpcall say it if there is no room. */
static int lupa_guarded (lua_State *L, int which) {
  LupaRuntime *runtime = lupa_runtime(L);
  if (runtime == NULL) return lupa_error(L, "the runtime of this function does not run in this thread");
  if ((which == GUARD_pcall || which == GUARD_xpcall) && lupa_native_stack_left() < LUPA_STACK_RESERVE) {
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "C stack overflow");
    return 2;
  }
  lupa_neednativestack(L);
  lupa_needmore(L, which);
  return runtime->guarded[which](L);
}

/* [-1, +1, m]   f -> guard       Put the guard in the place of a C function, with the upvalues and environment of that. */
static void lupa_pushguard (lua_State *L, LupaRuntime *runtime, int which, lua_CFunction guard) {
  int original = lua_gettop(L), count = 0;
  runtime->guarded[which] = lua_tocfunction(L, original);
  while (lua_getupvalue(L, original, count + 1) != NULL) count++;   /* f upvalues */
  lua_pushcclosure(L, guard, count);                                /* f guard */
  lupa_copyenvironment(L, original);
  lua_replace(L, original);
}

/* [-?, +n, e] */
static int lupa_guard_wrapped (lua_State *L) { return lupa_guarded(L, GUARD_WRAPPED); }

/* [-?, +n, e] */
static int lupa_guard_gmatched (lua_State *L) { return lupa_guarded(L, GUARD_GMATCHED); }

/* [-?, +1, e]   a b -> the function that the original returns, guarded */
static int lupa_guardresult (lua_State *L, int which, int result, lua_CFunction guard) {
  int count = lupa_guarded(L, which);
  if (count == 1 && lua_tocfunction(L, -1) != NULL) lupa_pushguard(L, lupa_runtime(L), result, guard);
  return count;
}

/* [-?, +n, e]   Some guarded functions return functions that are to be guarded. */
static int lupa_dispatch (lua_State *L, int which) {
  if (which == GUARD_wrap) return lupa_guardresult(L, which, GUARD_WRAPPED, lupa_guard_wrapped);
  if (which == GUARD_gmatch) return lupa_guardresult(L, which, GUARD_GMATCHED, lupa_guard_gmatched);
  return lupa_guarded(L, which);
}

/* One guard for each function. [-?, +n, e] */
#define X(name, library) static int lupa_guard_##name (lua_State *L) { return lupa_dispatch(L, GUARD_##name); }
LUPA_GUARDED(X)
#undef X

/* ---- coroutines of LuaJIT, whose functions are written in assembler, behave as these ---- */

/* [-n, +m, e]   a b c -> values, or the error value       Resume `co`; is it an error? */
static int lupa_resumeguarded (lua_State *L, lua_State *co, int arguments, int *count) {
  LupaRuntime *runtime = lupa_runtime(L);
  int state = lupa_threadstate(co), status, room;
  if (runtime == NULL) return lupa_error(L, "the runtime of this function does not run in this thread");
  lupa_neednativestack(L);
  if (runtime->nested_resumes >= LUPA_MAX_RESUMES) return lupa_error(L, "C stack overflow");
  *count = 1;
  if (co == L || (state != LUPA_THREAD_NEW && state != LUPA_THREAD_SUSPENDED)) {
    lua_pushstring(L, state == LUPA_THREAD_ACTIVE ? "cannot resume running coroutine" : "cannot resume dead coroutine");
    return 1;
  }
  *runtime->over_limit = !LUPA_GROWS_OR_FAILS;
  room = lua_checkstack(co, arguments + 1);
  *runtime->over_limit = 0;
  if (!room) lupa_error(L, "stack overflow");
  lua_xmove(L, co, arguments);
  runtime->nested_resumes++;
  status = lupa_resume(co, L, arguments, count);
  runtime->nested_resumes--;
  if (status != LUA_OK && status != LUA_YIELD) {
    *count = 1;
    lua_xmove(co, L, 1);                                            /* error */
    return 1;
  }
  if (!lua_checkstack(L, *count + LUA_MINSTACK)) lupa_error(L, "stack overflow");
  lua_xmove(co, L, *count);                                         /* values */
  return 0;
}

/* [-?, +n, e]   thread a b c -> true values | false error */
static int lupa_entry_resume (lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  int count, failed;
  if (co == NULL) return luaL_argerror(L, 1, "coroutine expected");
  failed = lupa_resumeguarded(L, co, lua_gettop(L) - 1, &count);    /* ... values */
  lua_pushboolean(L, !failed);
  lua_insert(L, -count - 1);                                        /* ... boolean values */
  return count + 1;
}

/* [-?, +n, e]   a b c -> values       What wrap returns; the thread is the upvalue. */
static int lupa_entry_wrapped (lua_State *L) {
  int count;
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  if (co == NULL) return lupa_error(L, "coroutine expected");       /* changed by the debug library */
  if (!lupa_resumeguarded(L, co, lua_gettop(L), &count)) return count;
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);                                              /* ... place message */
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* [-1, +1, e]   f -> wrapped */
static int lupa_entry_wrap (lua_State *L) {
  lua_State *co;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  co = lua_newthread(L);                                            /* f ... thread */
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, lupa_entry_wrapped, 1);                       /* f ... wrapped */
  return 1;
}

/* ---- installing ---- */

/* [-0, +0, e]   Guard a field of the table on the top. */
static void lupa_guardfield (lua_State *L, LupaRuntime *runtime, const char *name, int which, lua_CFunction guard) {
  int matches = which == GUARD_find || which == GUARD_match || which == GUARD_gmatch;
  if ((matches && LUPA_BOUNDS_PATTERNS) || (which == GUARD_concat && !LUPA_CONCAT_CALLS)) return;
  lua_getfield(L, -1, name);                                        /* library f */
  if (lua_tocfunction(L, -1) != NULL) {
    lupa_pushguard(L, runtime, which, guard);
    lua_setfield(L, -2, name);
  }
  else lua_pop(L, 1);
}

/* [-0, +0, e]   Guard what there is to guard, before any script runs. LuaJIT guards itself where it can. */
static void lupa_openguards (lua_State *L, LupaRuntime *runtime) {
#define X(name, library) {library, #name, lupa_guard_##name},
  static const struct { const char *library, *name; lua_CFunction guard; } guards[] = { LUPA_GUARDED(X) };
#undef X
  size_t i;
  if (LUPA_WATCHES_STACK) return;
  for (i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
    lupa_pushglobals(L);                                            /* globals */
    if (strcmp(guards[i].library, "_G") != 0) lua_getfield(L, -1, guards[i].library);
    if (lua_istable(L, -1)) lupa_guardfield(L, runtime, guards[i].name, (int)i, guards[i].guard);
    lua_settop(L, 0);
  }
  lua_getglobal(L, "coroutine");                                    /* coroutine */
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "resume");                                  /* coroutine resume */
    if (lua_isfunction(L, -1) && lua_tocfunction(L, -1) == NULL) {
      lua_pushcfunction(L, lupa_entry_resume);
      lua_setfield(L, 1, "resume");
      lua_pushcfunction(L, lupa_entry_wrap);
      lua_setfield(L, 1, "wrap");
    }
  }
  lua_settop(L, 0);
}

#endif
