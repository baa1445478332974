/*
** direct.h: the short ways. Where all that an operation pushes is pushed without raising, it needs no slots and no body; where
** no code of Lua can run either, it needs no protected call, and the GIL need not be given up. Whatever is out of the
** ordinary makes these functions refuse (0), and the long way does the same, with errors where they belong.
*/

#ifndef LUPA_DIRECT_H
#define LUPA_DIRECT_H

/* [-0, +0|1, -]   What one of our registry slots holds, unless a script has exchanged it. */
static inline int lupa_directreference (lua_State *L, int slot, const void *address, int tag) {
  if (lupa_pushslotvalue(L, slot) == tag && address != NULL && lua_topointer(L, -1) == address) return 1;
  lua_pop(L, 1);
  return 0;
}

/* [-0, +0|1, -]   The box of an object, if Lua has it already. */
static int lupa_directobject (lua_State *L, const LupaRuntime *runtime, const void *object, unsigned int protocol) {
  LupaBox *box;
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->own[LUPA_OWN_CACHE]);  /* cache */
  if (lua_topointer(L, -1) == runtime->address[LUPA_OWN_CACHE]) {
    lupa_rawgetp(L, lua_gettop(L), (const char *)object + protocol);                                 /* cache box|nil */
    box = lupa_tobox(L, -1);
    if (box != NULL && box->node != NULL && box->node->object == object && box->node->protocol == protocol) {
      lua_replace(L, -2);                                           /* box */
      return 1;
    }
    lua_pop(L, 1);                                                  /* cache */
  }
  lua_pop(L, 1);
  return 0;
}

/* [-0, +0|1, -]   Push what is plain, or known to Lua already. */
static int lupa_directpush (lua_State *L, const LupaRuntime *runtime, const LupaSlot *slot) {
  switch (slot->tag) {
    case LUPA_INTEGER: lua_pushinteger(L, slot->value.integer); return 1;
    case LUPA_NUMBER: lua_pushnumber(L, slot->value.number); return 1;
    case LUPA_REFERENCE: return lupa_directreference(L, slot->index, slot->value.pointer, (int)slot->size);
    case LUPA_KNOWN_STRING: return lupa_directstring(L, slot->index, slot->value.bytes, slot->size);
    case LUPA_KNOWN_OBJECT: return lupa_directobject(L, runtime, slot->value.pointer, (unsigned int)slot->size);
    default: return lupa_pushplain(L, slot);
  }
}

/*
** [-0, +0|1, -]   t -> t [t[k]]     without metamethods. The type of the value, or -1 if the key is not known. (Integers that are keys fit
** an int before Lua 5.3, see `plain_key`.)
*/
static inline int lupa_directrawget (lua_State *L, const LupaRuntime *runtime, const LupaSlot *key) {
  if (key->tag == LUPA_INTEGER) return lupa_rawgeti(L, -1, key->value.integer);     /* t v */
  if (!lupa_directpush(L, runtime, key)) return -1;                 /* t k */
  lua_rawget(L, -2);                                                /* t v */
  return lua_type(L, -1);
}

/* How many tables a missing field is looked for in, before Lua itself is asked. */
enum { LUPA_MOST_INDEXED = 8 };

/*
** [-0, +n, -]   t -> t' ... [v]     t[key], which `t` lacks: what the tables have that `__index` names. The type; nil is told only; -1 if
** that is for Lua to say, as it is where the last metatable that was asked had no table: leaving it to Lua is never wrong.
*/
static int lupa_directinherit (lua_State *L, LupaRuntime *runtime, const LupaSlot *key) {
  int t = lua_gettop(L), left = LUPA_MOST_INDEXED, type = LUA_TNIL;
  while (type == LUA_TNIL && left-- > 0) {
    if (!lua_getmetatable(L, t)) return LUA_TNIL;
    if (lua_topointer(L, -1) == runtime->asks_lua) return -1;       /* t metatable */
    if (!lupa_directstring(L, runtime->own[LUPA_OWN_INDEX], "__index", sizeof("__index") - 1)) return -1;
    lua_rawget(L, -2);                                              /* t metatable index */
    type = lua_type(L, -1);
    if (type == LUA_TNIL) return LUA_TNIL;
    if (type != LUA_TTABLE) {
      runtime->asks_lua = lua_topointer(L, -2);
      return -1;
    }
    lua_replace(L, t);                                              /* index metatable */
    lua_settop(L, t);                                               /* index */
    type = lupa_directrawget(L, runtime, key);                      /* index [v] */
    if (type == LUA_TNIL) lua_settop(L, t);                         /* index */
  }
  return type == LUA_TNIL ? -1 : type;
}

/*
** [-0, +2|0, -]   -> [t v]          table[key], where no metamethod is called: the value is told. One that is plain is not left there.
*/
static int lupa_directget (lua_State *L, LupaRuntime *runtime, const LupaSlot *slots, LupaValue *value) {
  const LupaSlot *key = &slots[1];
  int top = lua_gettop(L), type;
  if (!lupa_directreference(L, slots->index, slots->value.pointer, LUA_TTABLE)) return 0;               /* t */
  type = lupa_directrawget(L, runtime, key);                        /* t [v] */
  if (type == LUA_TNIL) {
    lua_settop(L, top + 1);                                         /* t */
    type = lupa_directinherit(L, runtime, key);                     /* ... */
  }
  if (type == LUA_TNIL) value->type = LUA_TNIL;
  else if (type >= 0 && !lupa_read(L, -1, value)) return 1;
  lua_settop(L, top);
  return type >= 0;
}

/*
** [-0, +3|0, -]   -> [t k v]        table[key] = value, for a key that is there already: no metamethod has a say, nothing grows (1). If
** that needs more, what it needs is left there (-1), unless it is not known (0).
*/
static int lupa_directset (lua_State *L, const LupaRuntime *runtime, const LupaSlot *slots) {
  const LupaSlot *key = &slots[1], *value = &slots[2];
  int t = lua_gettop(L) + 1, done = 0;
  if (!lupa_directreference(L, slots->index, slots->value.pointer, LUA_TTABLE)) return 0;               /* t */
  if (key->tag == LUPA_INTEGER && lupa_rawgeti(L, t, key->value.integer) != LUA_TNIL) {              /* t old */
    done = lupa_directpush(L, runtime, value);                      /* t old [v] */
    if (done) lua_rawseti(L, t, key->value.integer);                /* t old */
  } else {                                                          /* t [nil] */
    if (key->tag == LUPA_INTEGER) lua_pop(L, 1);                    /* t */
    if (lupa_directpush(L, runtime, key)) {                         /* t k */
      lua_pushvalue(L, -1);                                         /* t k k */
      lua_rawget(L, t);                                             /* t k old */
      done = lua_isnil(L, -1) ? -1 : 1;
      lua_settop(L, t + 1);                                         /* t k */
      if (!lupa_directpush(L, runtime, value)) done = 0;            /* t k [v] */
      if (done > 0) lua_rawset(L, t);                               /* t */
    }
  }
  if (done >= 0) lua_settop(L, t - 1);
  return done;
}

/* [-0, +0, -]   #table where no metamethod has a say; -1 otherwise. */
static ptrdiff_t lupa_directlen (lua_State *L, int slot, const void *address) {
  ptrdiff_t length = -1;
  if (!lupa_directreference(L, slot, address, LUA_TTABLE)) return -1;                  /* t */
  if (!lua_getmetatable(L, -1)) {
    length = (ptrdiff_t)lupa_rawlen(L, -1);
  } else {                                                          /* t metatable */
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return length;
}

/*
** [-1, +2|0, -]   t k -> t [k' v']  The next pair: 1, or 0 at the end. A key that is not in the table any more would make lua_next
** raise: -1.
*/
static int lupa_directnext (lua_State *L, int is_there) {
  if (!is_there) {
    int is_gone;
    lua_pushvalue(L, -1);                                           /* t k k */
    lua_rawget(L, -3);                                              /* t k v */
    is_gone = lua_isnil(L, -1);
    lua_pop(L, 1 + is_gone);                                        /* t [k] */
    if (is_gone) return -1;
  }
  return lua_next(L, -2);
}

/* [-0, +2|0, -]   t -> t [k' v']    Likewise, from an integer. */
static int lupa_directnextindex (lua_State *L, int key, int is_there) {
  if (!is_there) {
    int is_gone;
    lua_rawgeti(L, -1, key);                                        /* t v */
    is_gone = lua_isnil(L, -1);
    lua_pop(L, 1);                                                  /* t */
    if (is_gone) return -1;
  }
  lua_pushinteger(L, key);                                          /* t k */
  return lua_next(L, -2);
}

/* [-0, +0, -]   Read the value at `index`, if it is plain data or a string: 1. */
static inline int lupa_readtext (lua_State *L, int index, LupaValue *value) {
  if (lupa_read(L, index, value)) return 1;
  if (value->type != LUA_TSTRING) return 0;                         /* so that nothing is converted */
  value->content.bytes = lua_tolstring(L, index, &value->size);
  return 1;
}

/* [-0, +0, -]   k v -> k v          Read an element; 0 if that has to wait. A key that is a string goes to a registry slot. */
static inline int lupa_readelement (lua_State *L, LupaReading *reading, LupaElement *element) {
  LupaValue *key = &element->key;
  if (!lupa_readtext(L, -2, key) || (reading->reads_values && !lupa_readtext(L, -1, &element->value))) return 0;
  if (key->type == LUA_TNUMBER) return key->is_integer && key->content.integer == (int)key->content.integer;
  if (key->type != LUA_TSTRING) return 0;
  reading->wants_slots = reading->slot_count == 0;
  if (reading->wants_slots) return 0;
  element->slot = reading->slots[--reading->slot_count];
  lupa_refillslot(L, element->slot, -2);
  return 1;
}

/*
** [-1, +0, -]   t k -> t            Read what follows a key that is there: how many elements. Nothing runs meanwhile, and before
** something does, the table keeps the strings.
*/
static int lupa_readelements (lua_State *L, LupaReading *reading, LupaElement *elements) {
  int count = 0;
  for (;;) {
    reading->is_end = !lua_next(L, -2);                             /* t k v */
    if (reading->is_end) return count;
    if (count == reading->most || !lupa_readelement(L, reading, &elements[count])) break;
    lua_pop(L, 1);                                                  /* t k */
    count++;
  }
  lua_pop(L, 2);                                                    /* t */
  return count;
}

/* [-0|(n+1), +0, -]   x results -> [x results]      Take no result, or one that is plain data, and what lies below. */
static inline void lupa_takeplain (lua_State *L, int results, LupaValue *value) {
  value->type = results == 0 ? LUA_TNIL : LUA_TNONE;
  if (results == 0 || (results == 1 && lupa_read(L, -1, value))) lua_pop(L, results + 1);
}

/* [-(n+2), +0|m+1, -]  handler f a b c -> [handler results|error]   The status of the call; a result that is plain data is taken. */
static int lupa_directcall (lua_State *L, LupaRuntime *runtime, int handler, int arguments, LupaValue *value) {
  int status = lupa_protectedcall(L, runtime, NULL, handler, arguments);
  if (status == LUA_OK) lupa_takeplain(L, lua_gettop(L) - handler, value);
  return status;
}

/* [-0, +1, -]   The function of a coroutine that was not started. */
static void lupa_directfunction (lua_State *L, lua_State *co) {
  lua_pushvalue(co, 1);                                             /* on co: f f */
  lua_xmove(co, L, 1);                                              /* f */
}

/* [-0, +0|1, -]   -> thread          The coroutine in one of our registry slots, if it can be resumed. */
static lua_State *lupa_directthread (lua_State *L, int slot, const void *address) {
  lua_State *co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot);                          /* thread */
  co = lua_tothread(L, -1);
  if (co != NULL && (const void *)co == address && co != L && lupa_canresume(co)) return co;
  lua_pop(L, 1);
  return NULL;
}

/*
** [-0, +0, -]   on co: values ->       Close a coroutine that died by an error, and let go what it holds, if nothing has come to
** take the error: that can hold the coroutine in turn, through the frames of a Python exception, and no collector sees both.
*/
static void lupa_forgetvalues (lua_State *L, LupaRuntime *runtime, lua_State *co) {
  LupaOuter outer;
  if (lua_status(co) == LUA_OK || lua_status(co) == LUA_YIELD) return;
  outer = lupa_enter(L, runtime, NULL);
  lupa_closethread(co, L);
  lupa_leave(runtime, outer);
  lua_settop(co, 0);                                                /* on co: */
}

/* What the resume of a coroutine has ended with. */
typedef struct LupaResumed {
  int status;                               /* of the coroutine */
  int died;                                 /* by an error */
  int failure;                              /* enum LupaFailure: of taking what there is to take */
} LupaResumed;

/* [-1, +1+n, -]   thread -> handler values|error       Take from a coroutine what needs a protected call; the status of that. */
static int lupa_directtake (lua_State *L, LupaRuntime *runtime, LupaResumed *resumed, int results) {
  LupaOperation operation = {0};
  int status = LUA_ERRRUN, thread = lua_gettop(L), handler = thread + 1;
  int known = lupa_pushfunction(L, runtime, LUPA_MESSAGE);          /* thread handler */
  known &= lupa_pushfunction(L, runtime, LUPA_TAKE);                /* thread handler body */
  operation.body = LUPA_TAKE;
  operation.status = resumed->status;
  operation.number = results;
  if (known) {
    lua_pushvalue(L, thread);                                       /* thread handler body thread */
    status = lupa_protectedcall(L, runtime, &operation, handler, 1);        /* thread handler values|error */
  } else {
    operation.failure = LUPA_LOST_REFERENCE;
  }
  if (status != LUA_OK) lupa_forgetvalues(L, runtime, lua_tothread(L, thread));
  lua_remove(L, thread);                                            /* handler values|error */
  resumed->died = operation.number;
  resumed->failure = operation.failure;
  return status;
}

/*
** [-(n+1), +0|m+1, -]   thread a b c -> [thread|handler values|error]     Resume a coroutine that can be resumed; the status. Resuming
** is a protected call of its own. Arguments and values are few: both frames have room for LUA_MINSTACK. A value that is plain data is
** taken.
*/
static int lupa_directresume (lua_State *L, LupaRuntime *runtime, lua_State *co, int arguments, int few, LupaResumed *resumed,
                              LupaValue *value) {
  LupaOuter outer = lupa_enter(L, runtime, NULL);
  int results = 0;
  if (arguments > 0) lua_xmove(L, co, arguments);                   /* thread */
  resumed->status = lupa_resume(co, L, arguments, &results);
  lupa_leave(runtime, outer);
  resumed->died = 0;
  value->type = LUA_TNONE;
  if ((resumed->status != LUA_OK && resumed->status != LUA_YIELD) || results > few) {
    return lupa_directtake(L, runtime, resumed, results);
  }
  lua_xmove(co, L, results);                                        /* thread values */
  if (results > 0) lupa_takeplain(L, results, value);     /* [thread values] */
  return LUA_OK;
}

#endif
