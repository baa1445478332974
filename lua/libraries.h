/*
** libraries.h: what a new runtime shows of the standard libraries, and which chunks its scripts may load.
**
** All libraries are opened: LuaJIT compiles only once `jit` is open, and our tracebacks need debug.traceback. Then what is
** not wanted is taken out of the globals, of package.loaded and of package.preload, before any script runs, so that
** nothing refers to it any more but the registry, which only the debug library reaches.
*/

#ifndef LUPA_LIBRARIES_H
#define LUPA_LIBRARIES_H

/* ---- loading within the mode of the runtime ---- */

#if LUPA_KNOWS_MODES

/* [-0, +n, e]   Compile a file, or the standard input; the status, and the function or the message on the top. */
static int lupa_loadfile (lua_State *L, const char *file, const char *mode) { return luaL_loadfilex(L, file, mode); }

#else

typedef struct lupa_file {
  FILE *stream;
  const char *mode;
  int begun;
  char buffer[BUFSIZ];
} lupa_file;

/* [-0, +0, v]   The next piece of a file, for lua_load. A first line that begins with # becomes an empty one. */
static const char *lupa_readfile (lua_State *L, void *data, size_t *size) {
  lupa_file *file = (lupa_file *)data;
  size_t kept = 0;
  if (!file->begun) {
    int first = getc(file->stream), comment = first == '#';
    file->begun = 1;
    if (comment) {
      while (first != EOF && first != '\n') first = getc(file->stream);
      if (first != EOF) first = getc(file->stream);
      if (first != LUA_SIGNATURE[0]) file->buffer[kept++] = '\n';
    }
    if (!lupa_checkmode(L, first, file->mode)) lua_error(L);        /* lua_load catches it */
    if (first != EOF) file->buffer[kept++] = (char)first;
  }
  *size = kept + fread(file->buffer + kept, 1, sizeof(file->buffer) - kept, file->stream);
  return file->buffer;
}

/* [-0, +n, m]   Compile a file, or the standard input; the status, and the function or the message on the top. */
static int lupa_loadfile (lua_State *L, const char *name, const char *mode) {
  lupa_file file;
  int status, unread;
  if (name == NULL) lua_pushliteral(L, "=stdin");
  else lua_pushfstring(L, "@%s", name);                             /* chunk name */
  file.stream = name == NULL ? stdin : fopen(name, "rb");
  file.mode = mode;
  file.begun = 0;
  if (file.stream == NULL) {
    lua_pushfstring(L, "cannot open %s", name);                     /* chunk name message */
    return LUA_ERRFILE;
  }
  status = lua_load(L, lupa_readfile, &file, lua_tostring(L, -1));  /* chunk name function|message */
  unread = ferror(file.stream);
  if (name != NULL) fclose(file.stream);
  if (!unread) return status;
  lua_pushfstring(L, "cannot read %s", name == NULL ? "stdin" : name);
  return LUA_ERRFILE;
}

#endif

/* [-0, +0, v]   The mode of the runtime; its scripts cannot change it. */
static const char *lupa_modeof (lua_State *L) {
  LupaRuntime *runtime = lupa_runtime(L);
  if (runtime == NULL || runtime->mode == NULL) lupa_error(L, "the runtime of this function does not run in this thread");
  return runtime->mode;
}

/* [-0, +?, e]   ... mode|nil ... -> ... mode ...     Narrow the mode at `index` to what the runtime allows. */
static void lupa_narrowmode (lua_State *L, int index) {
  const char *bound = lupa_modeof(L), *wanted = luaL_optlstring(L, index, bound, NULL);
  char narrow[3];
  int length = 0;
  if (strchr(bound, 't') != NULL && strchr(wanted, 't') != NULL) narrow[length++] = 't';
  if (strchr(bound, 'b') != NULL && strchr(wanted, 'b') != NULL) narrow[length++] = 'b';
  narrow[length] = '\0';
  if (lua_gettop(L) < index) lua_settop(L, index);
  lua_pushstring(L, narrow);
  lua_replace(L, index);
}

/* [-n, +m, e]   a b c -> what the original function, the upvalue, makes of them */
static int lupa_original (lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);                                                 /* original a b c */
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* [-0, +1, e]   -> piece       The reader of lupa_entry_load, where modes are unknown: upvalues are the script's reader, and
** true until it has given the first byte. */
static int lupa_entry_piece (lua_State *L) {
  size_t size;
  const char *piece;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_call(L, 0, 1);                                                /* piece */
  if (!lua_isstring(L, -1) || !lua_toboolean(L, lua_upvalueindex(2))) return 1;
  piece = lua_tolstring(L, -1, &size);
  if (size > 0) {
    if (!lupa_checkmode(L, piece[0], lupa_modeof(L))) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_replace(L, lua_upvalueindex(2));
  }
  return 1;
}

/* [-0, +n, e]   load and loadstring: chunk|reader [name [mode [environment]]] -> function, or nil and a message */
static int lupa_entry_load (lua_State *L) {
  if (LUPA_KNOWS_MODES) lupa_narrowmode(L, 3);
  else if (lua_isstring(L, 1)) {
    size_t size;
    const char *chunk = lua_tolstring(L, 1, &size);
    lua_pushnil(L);                                                 /* ... nil */
    if (!lupa_checkmode(L, size > 0 ? chunk[0] : 0, lupa_modeof(L))) return 2;
    lua_pop(L, 1);
  }
  else if (lua_isfunction(L, 1)) {
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 1);
    lua_pushcclosure(L, lupa_entry_piece, 2);
    lua_replace(L, 1);                                              /* piece ... */
  }
  return lupa_original(L);
}

/* [-0, +n, e]   loadfile: [name [mode [environment]]] -> function, or nil and a message */
static int lupa_entry_loadfile (lua_State *L) {
  if (LUPA_KNOWS_MODES) {
    lupa_narrowmode(L, 2);
    return lupa_original(L);
  }
  if (lupa_loadfile(L, luaL_optlstring(L, 1, NULL, NULL), lupa_modeof(L)) == LUA_OK) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);                                                /* nil message */
  return 2;
}

/* [-0, +n, e]   dofile: [name] -> results */
static int lupa_entry_dofile (lua_State *L) {
  if (lupa_loadfile(L, luaL_optlstring(L, 1, NULL, NULL), lupa_modeof(L)) != LUA_OK) return lua_error(L);
  return lupa_callfinally(L);
}

/* [-0, +0, e]   Put the functions that load in place of the originals, if scripts may not load everything. */
static void lupa_bindmode (lua_State *L, const LupaRuntime *runtime) {
  static const luaL_Reg functions[] = {
    {"load", lupa_entry_load}, {"loadstring", lupa_entry_load}, {"loadfile", lupa_entry_loadfile},
    {"dofile", lupa_entry_dofile}, {NULL, NULL}
  };
  const luaL_Reg *each;
  if (runtime->mode == NULL) return;
  for (each = functions; each->name != NULL; each++) {
    lua_getglobal(L, each->name);                                   /* original|nil */
    if (lua_isnil(L, -1)) lua_pop(L, 1);
    else {
      lua_pushcclosure(L, each->func, 1);
      lua_setglobal(L, each->name);
    }
  }
}

/* ---- coroutine.close, where a coroutine can close itself ---- */

/*
** [-0, +n, e]   A coroutine that closes itself is left by a jump to where it was resumed. Where Python has been called since,
** and runs Lua again, frames of Rust and Python would be jumped over: refused, as Lua 5.4 does always. The main thread, which
** Lua looks up in the registry, is refused likewise.
*/
static int lupa_entry_close (lua_State *L) {
  LupaRuntime *runtime = lupa_runtime(L);
  int closes_itself = lua_gettop(L) == 0 || lua_tothread(L, 1) == L;
  if (runtime == NULL || (closes_itself && runtime->inside == L)) return lupa_error(L, "cannot close a running coroutine");
  return runtime->coroutine_close(L);
}

/* [-0, +0, e]   Put ours in its place, before any script runs. */
static void lupa_bindclose (lua_State *L, LupaRuntime *runtime) {
  if (!LUPA_CLOSES_ITSELF) return;
  lua_getglobal(L, "coroutine");                                    /* coroutine */
  lua_getfield(L, -1, "close");                                     /* coroutine close */
  runtime->coroutine_close = lua_tocfunction(L, -1);
  lua_pushcfunction(L, lupa_entry_close);                           /* coroutine close ours */
  lua_setfield(L, -3, "close");
  lua_pop(L, 2);
}

/* ---- the libraries that scripts see ---- */

/* The name of the n-th library that this Lua has, or NULL. */
static const char *lupa_libraryname (int number) { return lupa_libraries[number]; }

/* Is a module among the wanted libraries? `jit.util` is part of `jit`. */
static int lupa_iswanted (const LupaRuntime *runtime, const char *module) {
  size_t size = strcspn(module, ".");
  int i;
  for (i = 0; lupa_libraries[i] != NULL; i++) {
    if (strlen(lupa_libraries[i]) == size && memcmp(lupa_libraries[i], module, size) == 0)
      return (runtime->libraries >> i) & 1;
  }
  return 0;
}

/* [-0, +0, e]   Does a global variable belong to a wanted library? */
static int lupa_iswantedglobal (lua_State *L, const LupaRuntime *runtime, const char *name) {
  int is_module;
  if (strcmp(name, "require") == 0 || strcmp(name, "module") == 0) return lupa_iswanted(runtime, "package");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);             /* loaded */
  lua_getfield(L, -1, name);                                        /* loaded module|nil */
  is_module = !lua_isnil(L, -1) && strcmp(name, "_G") != 0;
  lua_pop(L, 2);
  return lupa_iswanted(runtime, is_module ? name : "base");
}

/* [-0, +0, e]   Remove from the table on the top what is not wanted: modules, or global variables. */
static void lupa_removeunwanted (lua_State *L, const LupaRuntime *runtime, int globals) {
  int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {                                      /* name value */
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    int wanted = globals ? lupa_iswantedglobal(L, runtime, name)
                         : lupa_iswanted(runtime, strcmp(name, "_G") == 0 ? "base" : name);
    lua_pop(L, 1);                                                  /* name */
    if (!wanted) {
      lua_pushvalue(L, -1);
      lua_pushnil(L);
      lua_rawset(L, table);                                         /* name */
    }
  }
}

/* [-0, +0, e]   table -> table        Remove fields from the table on the top, if it is one. */
static void lupa_removefields (lua_State *L, const char *const *names) {
  for (; lua_istable(L, -1) && *names != NULL; names++) {
    lua_pushnil(L);
    lua_setfield(L, -2, *names);
  }
}

/* [-0, +0, e]   The preset "safe" leaves out single functions of libraries that it shows. */
static void lupa_removeharmful (lua_State *L) {
  static const char *const base[] = {"dofile", "loadfile", NULL};
  static const char *const string[] = {"dump", NULL};
  static const char *const harmless[] = {"clock", "date", "difftime", "time", NULL};
  int i;
  lupa_pushglobals(L);                                              /* globals */
  lupa_removefields(L, base);
  lua_getfield(L, -1, "string");                                    /* globals string */
  lupa_removefields(L, string);
  lua_getfield(L, -2, "os");                                        /* globals string os */
  lua_newtable(L);                                                  /* globals string os new */
  for (i = 0; harmless[i] != NULL; i++) {
    lua_getfield(L, -2, harmless[i]);
    lua_setfield(L, -2, harmless[i]);
  }
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);             /* globals string os new loaded */
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "os");
  lua_pop(L, 1);
  lua_setfield(L, -4, "os");                                        /* globals string os */
  lua_pop(L, 3);
}

/* [-0, +0, e]   Leave of the open libraries what the runtime is to show. */
static void lupa_selectlibraries (lua_State *L, LupaRuntime *runtime) {
  runtime->hides_debug = runtime->debug_traceback != NULL && !lupa_iswanted(runtime, "debug");
  lupa_pushglobals(L);                                              /* globals */
  lupa_removeunwanted(L, runtime, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);             /* globals loaded */
  lupa_removeunwanted(L, runtime, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);            /* globals loaded preload */
  if (lua_istable(L, -1)) lupa_removeunwanted(L, runtime, 0);
  lua_pop(L, 3);
  if (!lupa_iswanted(runtime, "string")) {
    lua_pushliteral(L, "");
    lua_pushnil(L);
    lua_setmetatable(L, -2);                /* of all strings */
    lua_pop(L, 1);
  }
  if (runtime->only_harmless) lupa_removeharmful(L);
}

#endif
