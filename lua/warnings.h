/*
** warnings.h: what luaL_newstate gives a state besides its allocator, for states that have one of ours.
*/

#ifndef LUPA_WARNINGS_H
#define LUPA_WARNINGS_H

/* [-0, +0, -] Writes warnings to the standard error, once a script has switched them on by warn("@on"), as lauxlib does. */
static void lupa_warn (void *data, const char *message, int goes_on) {
  LupaRuntime *runtime = (LupaRuntime *)data;
  if (!runtime->warning_goes_on && !goes_on && message[0] == '@') {
    if (strcmp(message, "@on") == 0) runtime->warns = 1;
    if (strcmp(message, "@off") == 0) runtime->warns = 0;
    return;
  }
  if (!runtime->warns) return;
  fprintf(stderr, "%s%s%s", runtime->warning_goes_on ? "" : "Lua warning: ", message, goes_on ? "" : "\n");
  fflush(stderr);
  runtime->warning_goes_on = goes_on;
}

#endif
