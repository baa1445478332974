/*
** checks.h: the stack checks of checked builds; other builds do not see this file. The build script takes the effects of Lua's
** functions from lua/api.tsv, and those of ours from their comments, and makes each call compare what it has done to the
** stack with them. A difference ends the process: whatever follows would be worth nothing. Needs GNU C, as gcc and clang have it.
*/

#ifndef LUPA_CHECKS_H
#define LUPA_CHECKS_H

#include <stdlib.h>

/* The bit of a difference in a mask of those that are allowed; differences outside have none. */
#define LUPA_BIT(difference) ((difference) < -8 || (difference) > 23 ? 0u : 1u << ((difference) + 8))

/* [-0, +0, -] */
static int lupa_topof (lua_State *L) { return L == NULL ? 0 : lua_gettop(L); }

/* [-0, +0, -] Has the stack grown by one of the allowed numbers of values since its top was `before`? */
static void lupa_checkgrowth (lua_State *L, const char *function, const char *effect, const char *file, int line,
                              unsigned int allowed, int before) {
  int growth = lupa_topof(L) - before;
  if (LUPA_BIT(growth) & allowed) return;
  fprintf(stderr, "lupa: stack guard: %s:%d: %s: the stack has changed by %+d, stated is %s\n", file, line, function, growth, effect);
  abort();
}

/* [-0, +0, -] Does a function that Lua calls return an allowed number of results, all of them its own? */
static void lupa_checkresults (lua_State *L, const char *function, const char *effect, const char *file, int line,
                               unsigned int allowed, int results) {
  int values = lua_gettop(L);
  if (results <= values && (allowed == ~0u || LUPA_BIT(results) & allowed)) return;
  fprintf(stderr, "lupa: stack guard: %s:%d: %s: %d results of %d values, stated is %s\n", file, line, function, results, values,
          effect);
  abort();
}

/* A call of one of Lua's functions: the state is the first argument. */
#define LUPA_STATE_OF(state, ...) state
#define LUPA_CHECKED_VOID(function, effect, allowed, ...) __extension__ ({ \
  lua_State *lupa_state = LUPA_STATE_OF(__VA_ARGS__, 0); \
  int lupa_before = lupa_topof(lupa_state); \
  (function)(__VA_ARGS__); \
  lupa_checkgrowth(lupa_state, #function, effect, __FILE__, __LINE__, allowed, lupa_before); })
#define LUPA_CHECKED(function, effect, allowed, ...) __extension__ ({ \
  lua_State *lupa_state = LUPA_STATE_OF(__VA_ARGS__, 0); \
  int lupa_before = lupa_topof(lupa_state); \
  __typeof__((function)(__VA_ARGS__)) lupa_result = (function)(__VA_ARGS__); \
  lupa_checkgrowth(lupa_state, #function, effect, __FILE__, __LINE__, allowed, lupa_before); \
  lupa_result; })

#include "checked_api.h"

#endif
