/*
** unknown.h: native code that scripts bring in. It may use Python by itself, and calls of the system in it may mind signals, so that
** nobody can keep the GIL for it (src/shared/keeper.rs). It may use the allocator with other sizes than Lua would (src/lua/blocks.rs).
** There are two ways in: a library is loaded, or LuaJIT's FFI is.
*/

#ifndef LUPA_UNKNOWN_H
#define LUPA_UNKNOWN_H

#if defined(LUPA_SEES_UNKNOWN)

/* [-0, +0, -] Implemented in Rust (src/bridge/runtime.rs): from here on the GIL is given up whenever this runtime is entered, and small
** blocks of memory are not kept. */
extern void lupa_trust_nobody (LupaRuntime *runtime);

/* [-0, +0, -] */
static void lupa_expectunknown (void) {
  if (lupa_running != NULL) lupa_trust_nobody(lupa_running);
}

extern void *__real_dlopen (const char *file, int mode);
extern void *__wrap_dlopen (const char *file, int mode);

/* What this module, and so the Lua in it, calls as dlopen (-Wl,--wrap=dlopen). */
extern void *__wrap_dlopen (const char *file, int mode) {
  lupa_expectunknown();
  return __real_dlopen(file, mode);
}

#else

/* [-0, +0, -] The GIL is never kept. */
static void lupa_expectunknown (void) {}

#endif

/* [-?, +1, e]   Opens the FFI in the place of the original. */
static int lupa_entry_openffi (lua_State *L) {
  lupa_expectunknown();
  return lupa_openffi(L);
}

/* [-0, +0, e]   Scripts open the FFI by this function only. */
static void lupa_watchffi (lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);            /* preload */
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "ffi");                            /* preload f */
    if (lua_tocfunction(L, -1) != NULL) {
      lua_pushcfunction(L, lupa_entry_openffi);
      lua_setfield(L, -3, "ffi");
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

#endif
