/*
** selftest.h: functions that do not do what they state, by which the tests see that a checked build notices. No other build has
** them.
*/

#ifndef LUPA_SELFTEST_H
#define LUPA_SELFTEST_H

/* [-0, +1, -]   Two results, and not one. */
static int lupa_body_unbalanced (lua_State *L) {
  lua_pushboolean(L, 0);
  lua_pushboolean(L, 0);
  return 2;
}

/* [-0, +2, -]   Two results of one value. */
static int lupa_body_boastful (lua_State *L) {
  lua_settop(L, 1);
  return 2;
}

/* [-0, +0, -] A value is left. */
static void lupa_leavevalue (lua_State *L) { lua_pushboolean(L, 0); }

/* [-0, +0|1, -]   One of them: the first letter says which. */
static int lupa_unbalance (lua_State *L, int which) {
  if (which == 'u') return lupa_firstcall(L, lupa_body_unbalanced);
  if (which == 'b') return lupa_firstcall(L, lupa_body_boastful);
  lupa_leavevalue(L);
  return LUA_OK;
}

#endif
