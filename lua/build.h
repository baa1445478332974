/*
** build.h: the body that builds tables. Its slots are one stream for all tables of a build, which have numbers: 1 is the
** result. The first slot is the array of the tables (nil while there is none), the second the result itself. Then come
** sections, each with a slot that names a table and says what follows for it:
**
**   LIST   values with a running index; numbers also in runs, as plain arrays
**   PAIRS  key, value, key, value, ...
**   COPY   one table, whose pairs are copied
**
** A long build comes in several operations. The array goes from one to the next, in a registry slot.
*/

#ifndef LUPA_BUILD_H
#define LUPA_BUILD_H

enum { LUPA_THE_TABLES = 1, LUPA_THE_RESULT, LUPA_THE_TARGET };     /* stack indices */

/* [-0, +0, m]   nil ... -> tables ...       Make the array of the tables, unless it is there. */
static void lupa_needtables (lua_State *L, const LupaOperation *operation) {
  if (!lua_isnil(L, LUPA_THE_TABLES)) return;
  lua_createtable(L, operation->number, 0);
  lua_replace(L, LUPA_THE_TABLES);
}

/* [-0, +1, m]   -> t                A new table of the expected size. */
static void lupa_createtable (lua_State *L, const LupaSlot *slot) {
  lua_createtable(L, (int)slot->size, (int)slot->value.integer);
}

/* [-0, +1, e]   -> t                The table of this number, if nobody has touched the array. */
static void lupa_pushtable (lua_State *L, LupaOperation *operation, int number) {
  if (number == 1) {
    lua_pushvalue(L, LUPA_THE_RESULT);
    return;
  }
  lua_rawgeti(L, LUPA_THE_TABLES, number);
  if (!lua_istable(L, -1)) lupa_fail(L, operation, LUPA_LOST_REFERENCE);
}

/* [-0, +1, e]   A key or a value. */
static inline void lupa_pushelement (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, LupaSlot *slot) {
  switch (slot->tag) {
    case LUPA_STRING:                       /* the most frequent ones, without looking at the tag again */
      lua_pushlstring(L, slot->value.bytes, slot->size);
      break;
    case LUPA_INTEGER:
      lua_pushinteger(L, slot->value.integer);
      break;
    case LUPA_NEWTABLE:
      lupa_needtables(L, operation);
      lupa_createtable(L, slot);                                    /* t */
      lua_pushvalue(L, -1);
      lua_rawseti(L, LUPA_THE_TABLES, slot->index);                 /* t */
      break;
    case LUPA_TABLE:
      lupa_pushtable(L, operation, slot->index);
      break;
    default:
      if (!lupa_pushslot(L, runtime, slot)) lupa_fail(L, operation, LUPA_LOST_REFERENCE);
  }
}

/* [-0, +2, e]   -> tables|nil result          The two slots that every stream begins with. */
static LupaSlot *lupa_openbuild (lua_State *L, LupaRuntime *runtime, LupaOperation *operation) {
  LupaSlot *slot = operation->slots;
  lupa_pushelement(L, runtime, operation, &slot[0]);                /* tables|nil */
  if (slot[1].tag == LUPA_NEWTABLE) {
    lupa_createtable(L, &slot[1]);                                  /* nil result */
    return slot + 2;
  }
  lua_rawgeti(L, LUPA_THE_TABLES, 1);                               /* tables result */
  if (!lua_istable(L, LUPA_THE_RESULT)) lupa_fail(L, operation, LUPA_LOST_REFERENCE);
  return slot + 2;
}

/* [-0, +0, e]   A section of values: where the next one begins. `numbers` are those that are left. */
static LupaSlot *lupa_filllist (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, LupaSlot *slot,
                                LupaSlot *end, const LupaNumber **numbers) {
  lua_Integer index = slot->value.integer;
  const LupaNumber *number = *numbers, *last;
  for (slot++; slot < end && slot->tag < LUPA_LIST; slot++) {
    switch (slot->tag) {
      case LUPA_INTEGERS:
        for (last = number + slot->size; number < last; number++) {
          lua_pushinteger(L, number->integer);
          lua_rawseti(L, LUPA_THE_TARGET, index++);
        }
        break;
      case LUPA_NUMBERS:
        for (last = number + slot->size; number < last; number++) {
          lua_pushnumber(L, number->number);
          lua_rawseti(L, LUPA_THE_TARGET, index++);
        }
        break;
      default:
        lupa_pushelement(L, runtime, operation, slot);
        lua_rawseti(L, LUPA_THE_TARGET, index++);
    }
  }
  *numbers = number;
  return slot;
}

/* [-0, +0, e]   A section of pairs: where the next one begins. */
static LupaSlot *lupa_fillpairs (lua_State *L, LupaRuntime *runtime, LupaOperation *operation, LupaSlot *slot, LupaSlot *end) {
  for (slot++; slot < end && slot->tag < LUPA_LIST; slot += 2) {
    if (slot->tag == LUPA_INTEGER && slot->value.integer == (int)slot->value.integer) {
      lupa_pushelement(L, runtime, operation, &slot[1]);            /* ... v */
      lua_rawseti(L, LUPA_THE_TARGET, (int)slot->value.integer);
      continue;
    }
    lupa_pushelement(L, runtime, operation, &slot[0]);              /* ... k */
    lupa_pushelement(L, runtime, operation, &slot[1]);              /* ... k v */
    lua_rawset(L, LUPA_THE_TARGET);
  }
  return slot;
}

/* [-1, +0, e]   ... source -> ...   All pairs of a table into the target. */
static void lupa_copypairs (lua_State *L) {
  int64_t key;
  int source = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, source)) {                                     /* source k v */
    if (lua_type(L, source + 1) == LUA_TNUMBER && lupa_toint(L, source + 1, &key) && key == (int)key) {
      lua_rawseti(L, LUPA_THE_TARGET, (int)key);                    /* source k */
      continue;
    }
    lua_pushvalue(L, source + 1);                                   /* source k v k */
    lua_pushvalue(L, source + 2);                                   /* source k v k v */
    lua_rawset(L, LUPA_THE_TARGET);                                 /* source k v */
    lua_pop(L, 1);                                                  /* source k */
  }
  lua_pop(L, 1);
}

/* [-0, +1, e]   -> tables|result    Build tables: the array of the tables if there is more to come. */
static int lupa_body_fill (lua_State *L) {
  LupaRuntime *runtime;
  LupaOperation *operation = lupa_take(L, LUPA_FILL, &runtime);
  const LupaNumber *numbers = operation->numbers;
  LupaSlot *slot = lupa_openbuild(L, runtime, operation);           /* tables|nil result */
  LupaSlot *end = operation->slots + operation->count;
  while (slot < end) {
    lua_settop(L, LUPA_THE_RESULT);
    lupa_pushtable(L, operation, slot->index);                      /* tables|nil result target */
    switch (slot->tag) {
      case LUPA_LIST:
        slot = lupa_filllist(L, runtime, operation, slot, end, &numbers);
        break;
      case LUPA_PAIRS:
        slot = lupa_fillpairs(L, runtime, operation, slot, end);
        break;
      default:                              /* COPY */
        lupa_pushelement(L, runtime, operation, &slot[1]);          /* tables|nil result target source */
        lupa_copypairs(L);
        slot += 2;
    }
  }
  lua_settop(L, LUPA_THE_RESULT);                                   /* tables|nil result */
  if (operation->has_more) {
    lupa_needtables(L, operation);                                             /* tables result */
    lua_rawseti(L, LUPA_THE_TABLES, 1);                             /* tables */
  }
  return 1;
}

#endif
