/*
** entries.h: the functions of ours that Lua calls. Each checks its arguments, asks Rust to run Python, and then pushes the
** answer or raises it. Rust has returned by then, so that a jump from here crosses no Rust frame.
*/

#ifndef LUPA_ENTRIES_H
#define LUPA_ENTRIES_H

/* What Python is asked to do. */
enum LupaRequest {
  LUPA_ASK_CALL, LUPA_ASK_INDEX, LUPA_ASK_NEWINDEX, LUPA_ASK_TOSTRING, LUPA_ASK_ATTRIBUTES, LUPA_ASK_ITEMS,
  LUPA_ASK_ITER, LUPA_ASK_ITEREX, LUPA_ASK_ENUMERATE, LUPA_ASK_NEXT, LUPA_ASK_ARGS, LUPA_ASK_OVERFLOW
};

/* What Python must find of the C stack. */
#define LUPA_PYTHON_RESERVE (96u * 1024u)

/*
** [-0, +n, -] Implemented in Rust (src/bridge/entry.rs; without Python src/lua/host/functions.rs): n values pushed, or -1 with an answer
** in runtime->answer. `box` is the object that the request is for, or NULL where there is none.
*/
extern int lupa_host (lua_State *L, LupaRuntime *runtime, LupaBox *box, int request);

/* [-0, +n, e]   Push an answer, and raise it if it is an error. */
static int lupa_pushanswer (lua_State *L, LupaRuntime *runtime) {
  LupaAnswer *answer = runtime->answer;
  int i;
  lupa_needroom(L, runtime, answer->count);
  for (i = 0; i < answer->count; i++) {
    if (!lupa_pushslot(L, runtime, &answer->slots[i])) return lupa_error(L, "lost reference");
  }
  answer->done = 1;
  if (answer->raise) return lua_error(L);
  return answer->count;
}

/* [-0, +n, e]   Let Rust handle a request of the Lua code that runs on `L`. */
static int lupa_ask (lua_State *L, LupaBox *box, int request) {
  LupaRuntime *runtime = lupa_runtime(L);
  int count;
  if (runtime == NULL) return lupa_error(L, "the runtime of this object does not run in this thread");
  if (lupa_native_stack_left() < LUPA_PYTHON_RESERVE) return lupa_error(L, "C stack overflow");
  count = lupa_host(L, runtime, box, request);
  lupa_setrunning(runtime);                 /* Python may have switched to another stack (greenlets) and back */
  return count >= 0 ? count : lupa_pushanswer(L, runtime);
}

/* [-0, +n, e]   as_function(object): the object is the upvalue.      a b c -> object a b c */
static int lupa_entry_function (lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  return lupa_ask(L, lupa_tobox(L, 1), LUPA_ASK_CALL);
}

/* [-0, +0, -] The box that `index` stands for: a box itself, or the function that as_function made of one. */
static LupaBox *lupa_toobject (lua_State *L, int index) {
  LupaBox *box = lupa_tobox(L, index);
  if (box == NULL && lua_tocfunction(L, index) == lupa_entry_function && lua_getupvalue(L, index, 1) != NULL) {
    box = lupa_tobox(L, -1);                                        /* box */
    lua_pop(L, 1);                                                  /* the closure keeps it alive */
  }
  return box;
}

/* [-0, +0, v]   Argument check of the functions in the `python` table. */
static LupaBox *lupa_checkobject (lua_State *L, int index) {
  LupaBox *box = lupa_toobject(L, index);
  if (box == NULL) luaL_argerror(L, index, "not a python object");
  else if (box->node == NULL) luaL_argerror(L, index, "deleted python object");
  return box;
}

/* [-0, +0, v]   Likewise, for functions that take one argument. */
static LupaBox *lupa_checkonlyobject (lua_State *L) {
  if (lua_gettop(L) > 1) luaL_argerror(L, 2, "invalid arguments");
  return lupa_checkobject(L, 1);
}

/* ---- metamethods of boxes. A deleted object is reported by Rust, as ReferenceError. ---- */

/* [-0, +n, e] */
static int lupa_metamethod (lua_State *L, int arguments, int request) {
  LupaBox *box = lupa_toobject(L, 1);
  if (box == NULL) luaL_argerror(L, 1, "not a python object");
  if (arguments > 0) lua_settop(L, arguments);
  return lupa_ask(L, box, request);
}

/* [-0, +n, e]   object a b c -> results */
static int lupa_entry_call (lua_State *L) { return lupa_metamethod(L, 0, LUPA_ASK_CALL); }

/* [-0, +1, e]   object key -> value */
static int lupa_entry_index (lua_State *L) { return lupa_metamethod(L, 2, LUPA_ASK_INDEX); }

/* [-0, +0, e]   object key value -> */
static int lupa_entry_newindex (lua_State *L) { return lupa_metamethod(L, 3, LUPA_ASK_NEWINDEX); }

/* [-0, +1, e]   object -> text */
static int lupa_entry_tostring (lua_State *L) { return lupa_metamethod(L, 1, LUPA_ASK_TOSTRING); }

/* [-0, +0, -] A box is finalized (or a script calls this): queue its object, take no lock, allocate nothing. */
static int lupa_entry_gc (lua_State *L) {
  LupaBox *box = lupa_tobox(L, 1);
  LupaRuntime *runtime = lupa_runtime(L);
  if (box != NULL && box->node != NULL && runtime != NULL) {
    LupaNode *node = box->node;
    box->node = NULL;
    node->holder = NULL;
    node->next_dead = runtime->dead;
    runtime->dead = node;
  }
  return 0;
}

/* ---- functions of the `python` table ---- */

/* [-0, +1, e] */
static int lupa_entry_as_attrgetter (lua_State *L) {
  return lupa_ask(L, lupa_checkonlyobject(L), LUPA_ASK_ATTRIBUTES);
}

/* [-0, +1, e] */
static int lupa_entry_as_itemgetter (lua_State *L) {
  return lupa_ask(L, lupa_checkonlyobject(L), LUPA_ASK_ITEMS);
}

/* [-0, +1, e]   object -> function */
static int lupa_entry_as_function (lua_State *L) {
  lupa_checkonlyobject(L);
  if (lupa_tobox(L, 1) != NULL) lua_pushcclosure(L, lupa_entry_function, 1);
  return 1;
}

/* [-0, +n, e]   The function of a generic `for` over an iterator object. */
static int lupa_entry_next (lua_State *L) {
  return lupa_ask(L, lupa_checkobject(L, 1), LUPA_ASK_NEXT);
}

/* [-0, +3, e]   object -> next iterator control */
static int lupa_startloop (lua_State *L, LupaBox *box, int request, lua_Integer before_first) {
  if (lupa_ask(L, box, request) != 1) return lupa_error(L, "no iterator");   /* ... iterator */
  lua_pushcfunction(L, lupa_entry_next);                            /* ... iterator next */
  lua_insert(L, -2);                                                /* ... next iterator */
  if (request == LUPA_ASK_ENUMERATE) lua_pushinteger(L, before_first);
  else lua_pushnil(L);                                              /* ... next iterator control */
  return 3;
}

/* [-0, +3, e] */
static int lupa_entry_iter (lua_State *L) {
  return lupa_startloop(L, lupa_checkonlyobject(L), LUPA_ASK_ITER, 0);
}

/* [-0, +3, e] */
static int lupa_entry_iterex (lua_State *L) {
  return lupa_startloop(L, lupa_checkonlyobject(L), LUPA_ASK_ITEREX, 0);
}

/* [-0, +3, e]   object [start] -> next iterator start-1 */
static int lupa_entry_enumerate (lua_State *L) {
  lua_Integer start = 0;
  LupaBox *box;
  if (lua_gettop(L) > 2) luaL_argerror(L, 3, "invalid arguments");
  box = lupa_checkobject(L, 1);
  if (lua_gettop(L) == 2 && !lupa_tointeger(L, 2, &start)) {
    lua_pushfstring(L, "Could not convert %s to string", luaL_typename(L, 2));
    return lua_error(L);
  }
  return lupa_startloop(L, box, LUPA_ASK_ENUMERATE, (lua_Integer)((uint64_t)start - 1u));
}

/* [-0, +1+2n, e]   table at `index` -> #table k1 v1 k2 v2 ... */
static void lupa_expand (lua_State *L, const LupaRuntime *runtime, int index) {
  lupa_pushlen(L, index);
  lua_pushnil(L);
  while (lua_next(L, index)) {                                      /* ... k v */
    lupa_needroom(L, runtime, 2);
    lua_pushvalue(L, -2);                                           /* ... k v k */
  }
}

/* [-0, +1, e]   table -> arguments object */
static int lupa_entry_args (lua_State *L) {
  LupaRuntime *runtime = lupa_runtime(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (runtime == NULL) return lupa_ask(L, NULL, LUPA_ASK_ARGS);
  lua_settop(L, 1);
  lupa_expand(L, runtime, 1);                                              /* table n k v k v ... */
  return lupa_ask(L, NULL, LUPA_ASK_ARGS);
}

/* [-0, +0, e]   handler -> */
static int lupa_entry_set_overflow_handler (lua_State *L) {
  if (!lua_isnil(L, 1) && !lua_isfunction(L, 1)) lupa_checkobject(L, 1);
  lua_settop(L, 1);
  return lupa_ask(L, NULL, LUPA_ASK_OVERFLOW);
}

static const luaL_Reg lupa_metamethods[] = {
  {"__call", lupa_entry_call}, {"__index", lupa_entry_index}, {"__newindex", lupa_entry_newindex},
  {"__tostring", lupa_entry_tostring}, {"__gc", lupa_entry_gc}, {NULL, NULL}
};

static const luaL_Reg lupa_library[] = {
  {"as_attrgetter", lupa_entry_as_attrgetter}, {"as_itemgetter", lupa_entry_as_itemgetter},
  {"as_function", lupa_entry_as_function}, {"iter", lupa_entry_iter}, {"iterex", lupa_entry_iterex},
  {"enumerate", lupa_entry_enumerate}, {"args", lupa_entry_args},
  {"set_overflow_handler", lupa_entry_set_overflow_handler}, {NULL, NULL}
};

/* [-0, +0, -] Is the function at `index` one that as_function made? */
static int lupa_isobjectfunction (lua_State *L, int index) {
  return lua_tocfunction(L, index) == lupa_entry_function;
}

#endif
