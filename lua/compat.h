/*
** compat.h: the differences between the versions of Lua, for the C side. No other C file has a version condition.
** What is missing in a version is built here from what the version has, with the behaviour of Lua 5.4 where it can be.
*/

#ifndef LUPA_COMPAT_H
#define LUPA_COMPAT_H

/* Constants that bindgen cannot evaluate in every version. */
enum LupaConstant {
  LUPA_REGISTRYINDEX = LUA_REGISTRYINDEX,
  LUPA_MINSTACK = LUA_MINSTACK,
  LUPA_VERSION_NUM = LUA_VERSION_NUM,
  LUPA_TCDATA = 10                          /* LuaJIT's type tag of FFI objects; no plain Lua has a type 10 */
};

#if !defined(LUA_OK)
#define LUA_OK 0
#endif

/* Name and version, as jit.version or _VERSION has it. */
#if defined(LUAJIT_VERSION)
#define LUPA_IMPLEMENTATION LUAJIT_VERSION
#else
#define LUPA_IMPLEMENTATION LUA_VERSION
#endif

/* Can this build take an allocator of the host's? LuaJIT 2.0 on 64-bit machines needs its own. So does 2.1 without GC64, whose
** headers do not say so: it gives no state, with a line on the standard error. */
#if defined(LUAJIT_VERSION_NUM) && LUAJIT_VERSION_NUM < 20100 && UINTPTR_MAX > 0xffffffffu
enum { LUPA_TAKES_ALLOCATOR = 0 };
#else
enum { LUPA_TAKES_ALLOCATOR = 1 };
#endif

/* Do integers have a representation of their own (5.3 and newer), or are all numbers floats? */
enum { LUPA_HAS_INTEGERS = LUA_VERSION_NUM >= 503 };

/* Where Lua itself does not survive a refused request: a table that cannot grow loses entries (until 5.3), and another
** coroutine's stack that cannot grow looks for an error handler of that coroutine (until 5.1). */
enum { LUPA_GROWS_OR_FAILS = LUA_VERSION_NUM >= 504 };

/* Do Lua's own functions for loading know modes? Where they do not, we look at the first byte ourselves. */
#if LUA_VERSION_NUM >= 502 || defined(LUAJIT_VERSION)
#define LUPA_KNOWS_MODES 1
#else
#define LUPA_KNOWS_MODES 0
#endif

/* Lua 5.1 closes the standard files of the process when it has no memory while it opens its io library. */
enum { LUPA_OPENS_OR_FAILS = LUPA_KNOWS_MODES };

/* Does Lua bound the recursion that matches a pattern? */
#define LUPA_BOUNDS_PATTERNS LUPA_KNOWS_MODES

/* Does Lua itself watch the C stack where it is called from C? The bundled LuaJIT does: build_support/luajit_mends.rs. */
#if defined(LUAJIT_CSTACK)
#define LUPA_WATCHES_STACK 1
#else
#define LUPA_WATCHES_STACK 0
#endif

/* Does table.concat call metamethods? */
#define LUPA_CONCAT_CALLS (LUA_VERSION_NUM >= 503)

/* Does lua_pushcfunction do without allocating? */
#define LUPA_LIGHT_FUNCTIONS (LUA_VERSION_NUM >= 502)

/* Can a coroutine close itself, by a jump to where it was resumed? */
#define LUPA_CLOSES_ITSELF (LUA_VERSION_NUM >= 505)

/* What lua_resume says about a coroutine that died by an error. */
#if LUA_VERSION_NUM >= 502
#define LUPA_DEAD_COROUTINE "cannot resume dead coroutine"
#else
#define LUPA_DEAD_COROUTINE "cannot resume non-suspended coroutine"
#endif

/* [-0, +0, v]   luaL_error for plain text. That of 5.5.1 takes whatever lies below on the stack for the text, where there is no
** memory for it. */
static int lupa_error (lua_State *L, const char *text) {
  luaL_where(L, 1);
  lua_pushstring(L, text);                                          /* position text */
  lua_concat(L, 2);                                                 /* message */
  return lua_error(L);
}

/* [-0, +0, -] Length without metamethods. */
static size_t lupa_rawlen (lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  return (size_t)lua_rawlen(L, index);
#else
  return lua_objlen(L, index);
#endif
}

/* [-0, +0, -] Is the number at `index` one that Python takes for an int? Sets `*integer` if so. */
static int lupa_toint (lua_State *L, int index, int64_t *integer) {
#if LUA_VERSION_NUM >= 503
  if (!lua_isinteger(L, index)) return 0;
  *integer = (int64_t)lua_tointegerx(L, index, NULL);
  return 1;
#else
  double number = (double)lua_tonumber(L, index);
  if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) return 0;
  *integer = (int64_t)number;
  return (double)*integer == number;
#endif
}

/* [-0, +0, -] Does the value at `index` convert to an integer, as the functions of the standard library see it? */
static int lupa_tointeger (lua_State *L, int index, lua_Integer *integer) {
#if LUA_VERSION_NUM >= 502
  int converted;
  *integer = lua_tointegerx(L, index, &converted);
  return converted;
#else
  *integer = lua_tointeger(L, index);
  return lua_isnumber(L, index);
#endif
}

/* [-0, +0, -] The number at `index` as a float. */
static double lupa_tonumber (lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  return (double)lua_tonumberx(L, index, NULL);
#else
  return (double)lua_tonumber(L, index);
#endif
}

/* [-0, +1, -] The table of globals, found without the global variable _G. */
static void lupa_pushglobals (lua_State *L) {
#if LUA_VERSION_NUM >= 502
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
#else
  lua_pushvalue(L, LUA_GLOBALSINDEX);
#endif
}

/* [-0, +1, e]   ... x ... -> ... x ... #x      What the length operator gives. */
static void lupa_pushlen (lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  lua_len(L, index);
#else
  if (lua_type(L, index) == LUA_TTABLE || lua_type(L, index) == LUA_TSTRING)
    lua_pushinteger(L, (lua_Integer)lua_objlen(L, index));
  else if (!luaL_callmeta(L, index, "__len"))
    luaL_error(L, "attempt to get length of a %s value", luaL_typename(L, index));
#endif
}

#if LUA_VERSION_NUM < 502
/* [-0, +1, -]   An address as a key. Light userdata could raise on LuaJIT; a double represents every address exactly. */
static void lupa_pushaddress (lua_State *L, const void *address) {
  typedef char numbers_must_be_doubles[sizeof(lua_Number) >= sizeof(double) ? 1 : -1];
  (void)sizeof(numbers_must_be_doubles);
  lua_pushnumber(L, (lua_Number)(uintptr_t)address);
}
#endif

/* [-0, +1, -]   table[key] without metamethods; the type. Before 5.3 the key must fit an int. */
static int lupa_rawgeti (lua_State *L, int table, lua_Integer key) {
#if LUA_VERSION_NUM >= 503
  return lua_rawgeti(L, table, key);
#else
  lua_rawgeti(L, table, (int)key);
  return lua_type(L, -1);
#endif
}

/* [-0, +1, -]   What a registry slot holds; its type. */
static int lupa_pushslotvalue (lua_State *L, int slot) { return lupa_rawgeti(L, LUA_REGISTRYINDEX, slot); }

/* [-0, +1, -]   The value that `table` (at a positive index) holds for the address `key`. */
static void lupa_rawgetp (lua_State *L, int table, const void *key) {
#if LUA_VERSION_NUM >= 502
  lua_rawgetp(L, table, key);
#else
  lupa_pushaddress(L, key);
  lua_rawget(L, table);
#endif
}

/* [-0, +0, -] f ... g -> f ... g      Give `g` the environment of `f`, where 5.1 has what 5.2 has in upvalues. */
static void lupa_copyenvironment (lua_State *L, int original) {
#if LUA_VERSION_NUM >= 502
  (void)L; (void)original;
#else
  lua_getfenv(L, original);                                         /* f ... g environment */
  lua_setfenv(L, -2);                                               /* f ... g */
#endif
}

/* [-1, +0, m]   ... v -> ...      table[key] = v, for a table at a positive index. */
static void lupa_rawsetp (lua_State *L, int table, const void *key) {
#if LUA_VERSION_NUM >= 502
  lua_rawsetp(L, table, key);
#else
  lupa_pushaddress(L, key);                                         /* v key */
  lua_insert(L, -2);                                                /* key v */
  lua_rawset(L, table);
#endif
}

/* [-0, +1, m]   A new userdata without user values. */
static void *lupa_newuserdata (lua_State *L, size_t size) {
#if LUA_VERSION_NUM >= 504
  return lua_newuserdatauv(L, size, 0);
#else
  return lua_newuserdata(L, size);
#endif
}

/* Does the mode of a single execute() or compile() count? lupa passes it on from 5.2 on. */
enum { LUPA_HEEDS_MODES = LUA_VERSION_NUM >= 502 };

/* [-0, +(0|1), m]   May a chunk of this mode begin with the byte `first`? Otherwise the message is pushed. */
static int lupa_checkmode (lua_State *L, int first, const char *mode) {
  const char *kind = first == LUA_SIGNATURE[0] ? "binary" : "text";
  if (mode == NULL || strchr(mode, kind[0]) != NULL) return 1;
  lua_pushfstring(L, "attempt to load a %s chunk (mode is '%s')", kind, mode);
  return 0;
}

/* [-0, +1, m]   Compile a chunk; the status, and the function or the message. `mode` NULL stands for both kinds. */
static int lupa_load (lua_State *L, const char *chunk, size_t size, const char *name, const char *mode) {
#if LUPA_KNOWS_MODES
  return luaL_loadbufferx(L, chunk, size, name, mode);
#else
  if (!lupa_checkmode(L, size > 0 ? chunk[0] : 0, mode)) return LUA_ERRSYNTAX;
  return luaL_loadbuffer(L, chunk, size, name);
#endif
}

/* [-0, +0, e]   A full cycle of the collector; finalizers may raise before 5.4. */
static void lupa_collect (lua_State *L) {
#if LUA_VERSION_NUM >= 504
  lua_gc(L, LUA_GCCOLLECT);
#else
  lua_gc(L, LUA_GCCOLLECT, 0);
#endif
}

/* [-0, +0, e] */
static int lupa_body_finishcycle (lua_State *L) {
  lupa_collect(L);
  return 0;
}

/* [-0, +0, -] Before a state is closed. A finalizer that collects while Lua 5.3 closes a state in the middle of a cycle never
** returns: the collector waits for the finalizers that are left, and runs none of them (`gcfinnum` is 0 then). */
static void lupa_finishcycle (lua_State *L) {
#if LUA_VERSION_NUM == 503
  if (!lua_checkstack(L, 2)) return;
  lua_pushcfunction(L, lupa_body_finishcycle);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) lua_pop(L, 1);
#else
  (void)L; (void)lupa_body_finishcycle;
#endif
}

/* [-0, +0, -] Stop the collector, or let it run again. */
static void lupa_collector_enable (lua_State *L, int enable) {
#if LUA_VERSION_NUM >= 504
  lua_gc(L, enable ? LUA_GCRESTART : LUA_GCSTOP);
#else
  lua_gc(L, enable ? LUA_GCRESTART : LUA_GCSTOP, 0);
#endif
}

/* [-?, +?, -]   Resume `co`; the status, with the number of values that lie on its stack then. */
static int lupa_resume (lua_State *co, lua_State *from, int arguments, int *results) {
#if LUA_VERSION_NUM >= 504
  return lua_resume(co, from, arguments, results);
#elif LUA_VERSION_NUM >= 502
  int status = lua_resume(co, from, arguments);
  *results = lua_gettop(co);
  return status;
#else
  int status = lua_resume(co, arguments);
  (void)from;
  *results = lua_gettop(co);
  return status;
#endif
}

/* [-0, +?, -]   Kill a suspended coroutine and close its variables: the status, or -1 where Lua cannot do that. */
static int lupa_closethread (lua_State *co, lua_State *from) {
#if LUA_VERSION_NUM >= 505 || (LUA_VERSION_NUM == 504 && LUA_VERSION_RELEASE_NUM >= 50406)
  return lua_closethread(co, from);
#elif LUA_VERSION_NUM == 504
  (void)from;
  return lua_resetthread(co);
#else
  (void)co; (void)from;
  return -1;
#endif
}

/* [-0, +0, -] A new state with our allocator; NULL if it cannot be had. */
static lua_State *lupa_newstate (lua_Alloc allocator, void *data, int seeded, unsigned int seed) {
#if LUA_VERSION_NUM >= 505
  return lua_newstate(allocator, data, seeded ? seed : luaL_makeseed(NULL));
#else
  (void)seeded; (void)seed;
  return LUPA_TAKES_ALLOCATOR ? lua_newstate(allocator, data) : NULL;
#endif
}

typedef void (*LupaWarn) (void *data, const char *message, int goes_on);

/* [-0, +0, -] The warnings of Lua go to `warn`, in versions that have some. */
static void lupa_setwarn (lua_State *L, LupaWarn warn, void *data) {
#if LUA_VERSION_NUM >= 504
  lua_setwarnf(L, warn, data);
#else
  (void)L; (void)warn; (void)data;
#endif
}

/* [-0, +0, -] Where Lua has the lowest address that the C stack may reach; NULL where it does not watch. */
static size_t *lupa_stacklimit (lua_State *L) {
#if LUPA_WATCHES_STACK
  return luaJIT_cstacklimit(L);
#else
  (void)L;
  return NULL;
#endif
}

/* [-0, +0, -] Keep LuaJIT from compiling: its compiler crashes where memory is refused to it. */
static void lupa_compileroff (lua_State *L) {
#if defined(LUAJIT_VERSION)
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
#else
  (void)L;
#endif
}

/* [-0, +0, m]   Keep the chunk name of `load`: Lua 5.1 itself does not while it reads the first character, so that a
** reader which collects would leave the function with the name of a chunk that is freed. */
static void lupa_keepchunkname (lua_State *L) {
#if LUA_VERSION_NUM == 501 && !defined(LUAJIT_VERSION)
  lua_pushliteral(L, "=(load)");
  luaL_ref(L, LUA_REGISTRYINDEX);
#else
  (void)L;
#endif
}

/* [-0, +0|1, -]   Run `function` protected although nothing is in the registry yet; the error value is on the stack. */
static int lupa_firstcall (lua_State *L, lua_CFunction function) {
#if LUPA_LIGHT_FUNCTIONS
  lua_pushcfunction(L, function);
  return lua_pcall(L, 0, 0, 0);
#else
  return lua_cpcall(L, function, NULL);
#endif
}

/* The standard libraries of this version, by the names of their tables; `base` are the global functions. */
static const char *const lupa_libraries[] = {
  "base", "package", "coroutine", "table", "io", "os", "string", "math", "debug",
#if LUA_VERSION_NUM >= 503
  "utf8",
#endif
#if LUA_VERSION_NUM == 502 || (LUA_VERSION_NUM == 503 && defined(LUA_COMPAT_5_2))
  "bit32",
#endif
#if defined(LUAJIT_VERSION)
  "bit", "jit", "ffi",
#endif
  NULL
};

/* The table of loaded modules, in the registry. */
#if !defined(LUA_LOADED_TABLE)
#define LUA_LOADED_TABLE "_LOADED"
#define LUA_PRELOAD_TABLE "_PRELOAD"
#endif

/* [-?, +1, e]   Open the FFI, if there is one. */
static int lupa_openffi (lua_State *L) {
#if defined(LUAJIT_VERSION)
  return luaopen_ffi(L);
#else
  return luaL_argerror(L, 1, "there is no FFI");
#endif
}

#if LUA_VERSION_NUM >= 503
/* [-0, +0, -]   How many results lupa_callfinally has to return, also after the function has yielded. */
static int lupa_finalresults (lua_State *L, int status, lua_KContext below) {
  (void)status;
  return lua_gettop(L) - (int)below;
}
#elif LUA_VERSION_NUM == 502
/* [-0, +0, -]   Likewise. */
static int lupa_finalresults (lua_State *L) {
  int below = 0;
  lua_getctx(L, &below);
  return lua_gettop(L) - below;
}
#endif

/* [-1, +n, e]   f -> results, which the C function that calls this has to return. From 5.2 on f may yield. */
static int lupa_callfinally (lua_State *L) {
  int below = lua_gettop(L) - 1;
#if LUA_VERSION_NUM >= 502
  lua_callk(L, 0, LUA_MULTRET, below, lupa_finalresults);
#else
  lua_call(L, 0, LUA_MULTRET);
#endif
  return lua_gettop(L) - below;
}

#endif
