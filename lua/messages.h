/*
** messages.h: the message of an error, with its traceback, made where the error is raised. The frames of our own bodies are
** left out of it.
*/

#ifndef LUPA_MESSAGES_H
#define LUPA_MESSAGES_H

/* [-0, +0, -] Is the function at this level of the call stack a body that stands for a plain call? */
static int lupa_isbody (lua_State *L, lua_Debug *frame) {
  lua_CFunction function;
  lua_getinfo(L, "f", frame);                                       /* f */
  function = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return function == lupa_body_call || function == lupa_body_run || function == lupa_body_require;
}

/* [-0, +0, -] How many levels the call stack has from `level` on. Finding a level takes time that grows with it. */
static int lupa_countlevels (lua_State *L, int level) {
  lua_Debug frame;
  int there = 0, missing = 1;               /* counts that are known to be within the stack, and beyond it */
  while (lua_getstack(L, level + missing - 1, &frame)) {
    there = missing;
    missing *= 2;
  }
  while (missing - there > 1) {
    int middle = there + (missing - there) / 2;
    if (lua_getstack(L, level + middle - 1, &frame)) there = middle;
    else missing = middle;
  }
  return there;
}

/* Does a line of a traceback (which starts with a line break) stand for levels that Lua leaves out? */
static int lupa_isabbreviation (const char *line) {
  return strncmp(line, "\n\t...", 5) == 0 && (line[5] == '\n' || line[5] == '\t' || line[5] == '\0');
}

/* Does it stand for a level of its own? Tail calls do not, since 5.2. */
static int lupa_isframe (const char *line) {
  return line[0] == '\n' && strncmp(line, "\n\t(...", 6) != 0;
}

/* The number of lines that stand for a level. */
static int lupa_countframes (const char *line) {
  int count = 0;
  for (; line != NULL; line = strchr(line + 1, '\n')) count += lupa_isframe(line);
  return count;
}

/* The last traceback in a message, which may contain NULs before: its first line, with the line break before. */
static const char *lupa_findtraceback (const char *message, size_t size) {
  static const char heading[] = "stack traceback:";
  const char *found = NULL, *end = message + size;
  while (message + strlen(message) < end) message += strlen(message) + 1;
  for (; (message = strstr(message, heading)) != NULL; message++) found = message + sizeof(heading) - 1;
  return found != NULL && *found == '\n' ? found : NULL;
}

/*
** [-1, +1, m]   text -> text        Leave out of a traceback the lines of our bodies: one line stands for one level from
** `level` on. Where Lua abbreviates, the lines that follow stand for the last levels. Programs that compare messages see
** the frames of their own code only.
*/
static void lupa_hidebodies (lua_State *L, int level) {
  size_t size;
  const char *message = lua_tolstring(L, -1, &size);
  const char *line = lupa_findtraceback(message, size), *end;
  int source = lua_gettop(L);
  lua_Debug frame;
  luaL_Buffer buffer;
  if (line == NULL) return;
  luaL_buffinit(L, &buffer);
  luaL_addlstring(&buffer, message, (size_t)(line - message));
  for (; *line != '\0'; line = end) {
    int hidden = 0;
    end = strchr(line + 1, '\n');
    if (end == NULL) end = line + strlen(line);
    if (lupa_isabbreviation(line)) level += lupa_countlevels(L, level) - lupa_countframes(*end ? end : NULL);
    else if (lupa_isframe(line)) hidden = lua_getstack(L, level++, &frame) && lupa_isbody(L, &frame);
    if (!hidden) luaL_addlstring(&buffer, line, (size_t)(end - line));
  }
  luaL_pushresult(&buffer);                                         /* text result */
  lua_replace(L, source);
}

/*
** [-0, +n, m]   Push the debug.traceback that the script sees now: 1 and the function on the top, or 0 if there is none. A
** runtime that was told not to show `debug` uses the original.
*/
static int lupa_pushtraceback (lua_State *L, const LupaRuntime *runtime) {
  if (runtime->hides_debug) {
    lua_pushcfunction(L, runtime->debug_traceback);
    return 1;
  }
  lupa_pushglobals(L);                                              /* globals */
  if (!lua_istable(L, -1)) return 0;        /* a script has changed the registry */
  lua_pushliteral(L, "debug");
  lua_rawget(L, -2);                                                /* globals debug */
  if (!lua_istable(L, -1)) return 0;
  lua_pushliteral(L, "traceback");
  lua_rawget(L, -2);                                                /* globals debug traceback */
  return lua_isfunction(L, -1);
}

/* ---- the traceback of what is no text, in a place of our own: made without Lua, hence fast, and there also where Lua has no memory ---- */

/* Add text, unless the place is full. */
static void lupa_tell (LupaTrace *trace, const char *text) {
  size_t size = strlen(text);
  if (size > sizeof(trace->text) - trace->size) return;
  memcpy(trace->text + trace->size, text, size);
  trace->size += size;
}

static void lupa_tellnumber (LupaTrace *trace, int number) {
  char digits[12], *digit = digits + sizeof(digits) - 1;
  *digit = '\0';
  for (; number > 0; number /= 10) *--digit = (char)('0' + number % 10);
  lupa_tell(trace, digit);
}

/* One line, in the form of debug.traceback. */
static void lupa_tellframe (LupaTrace *trace, const lua_Debug *frame) {
  lupa_tell(trace, "\n\t");
  lupa_tell(trace, frame->short_src);
  lupa_tell(trace, ":");
  if (frame->currentline > 0) {
    lupa_tellnumber(trace, frame->currentline);
    lupa_tell(trace, ":");
  }
  if (frame->name != NULL) {
    lupa_tell(trace, " in function '");
    lupa_tell(trace, frame->name);
    lupa_tell(trace, "'");
  }
  else if (*frame->what == 'm') lupa_tell(trace, " in main chunk");
  else if (*frame->what == 'C') lupa_tell(trace, " in ?");
  else {
    lupa_tell(trace, " in function <");
    lupa_tell(trace, frame->short_src);
    lupa_tell(trace, ":");
    lupa_tellnumber(trace, frame->linedefined);
    lupa_tell(trace, ">");
  }
}

/*
** [-0, +0, -] Note the call stack of `L` from `level` on, innermost call first, for the error value at address `value`. A
** coroutine that has failed has no room to look for bodies, and none of them.
*/
static void lupa_notestack (lua_State *L, LupaRuntime *runtime, int level, const void *value) {
  lua_Debug frame;
  LupaTrace *trace = runtime->trace;
  int last = level + LUPA_TRACE_LEVELS;
  if (trace == NULL) trace = runtime->trace = (LupaTrace *)malloc(sizeof(LupaTrace));
  if (trace == NULL) return;
  trace->value = value;
  trace->size = 0;
  for (; level < last && lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Snl", &frame);
    if (*frame.what != 'C' || lua_status(L) != LUA_OK || !lupa_isbody(L, &frame)) lupa_tellframe(trace, &frame);
  }
  if (lua_getstack(L, level, &frame)) lupa_tell(trace, "\n\t...");
}

/* [-0, +0, -] Is this a value without text, which no metamethod can give one? */
static int lupa_saysnothing (lua_State *L, int index) {
  if (lua_isstring(L, index) || lua_isnil(L, index)) return 0;
  if (!lua_getmetatable(L, index)) return 1;
  lua_pop(L, 1);
  return 0;
}

/*
** [-0, +0|1, e]   value -> message with traceback, by the debug.traceback that the script sees now. For a value that says nothing of
** itself the original is not needed: Rust knows the message, and the traceback goes to the place of our own.
*/
static int lupa_body_traceback (lua_State *L) {
  LupaRuntime *runtime = lupa_runtime(L);
  if (runtime == NULL) return 0;
  if (lupa_saysnothing(L, 1) && lupa_pushtraceback(L, runtime) && lua_tocfunction(L, -1) == runtime->debug_traceback) {
    lupa_notestack(L, runtime, 2, lua_topointer(L, 1));     /* 0 is this body, 1 the message handler */
    return 0;
  }
  if (!lua_isstring(L, 1) && !lua_isnil(L, 1)) {
    lua_settop(L, 1);
    if (!luaL_callmeta(L, 1, "__tostring") || !lua_isstring(L, -1))
      lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    lua_replace(L, 1);                                              /* text */
  }
  lua_settop(L, 1);
  if (!lupa_pushtraceback(L, runtime)) return 0;                    /* value ... traceback */
  lua_pushvalue(L, 1);                                              /* ... traceback value */
  if (lua_tocfunction(L, -2) != runtime->debug_traceback) {
    lua_call(L, 1, 1);
    return 1;
  }
  lua_pushinteger(L, 3);                    /* 1 is this body, 2 the message handler, 3 the function that failed */
  lua_call(L, 2, 1);
  if (runtime->bodies > 0 && lua_type(L, -1) == LUA_TSTRING) lupa_hidebodies(L, 2);         /* levels seen from here */
  return 1;
}

#endif
