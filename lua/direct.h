/*
** direct.h: the short ways. Where all that an operation pushes is pushed without raising, it needs no slots and no body; where
** no code of Lua can run either, it needs no protected call, and the GIL need not be given up. Whatever is out of the
** ordinary makes these functions refuse (0), and the long way does the same, with errors where they belong.
*/

#ifndef LUPA_DIRECT_H
#define LUPA_DIRECT_H

/* [-0, +0|1, -]   What one of our registry slots holds, unless a script has exchanged it. */
static int lupa_directreference (lua_State *L, int slot, const void *address, int tag) {
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

/* [-1, +0|1, -]   t k -> t [v]      t[k] where no metamethod has a say. */
static int lupa_directget (lua_State *L) {
  lua_rawget(L, -2);                                                /* t v */
  if (!lua_isnil(L, -1) || !lua_getmetatable(L, -2)) return 1;
  lua_pop(L, 2);
  return 0;
}

/* [-2|0, +0, -]   t k v -> t [k v]      t[k] = v for a key that is there already: no metamethod has a say, nothing grows. */
static int lupa_directset (lua_State *L) {
  int is_there;
  lua_pushvalue(L, -2);                                             /* t k v k */
  lua_rawget(L, -4);                                                /* t k v old */
  is_there = !lua_isnil(L, -1);
  lua_pop(L, 1);                                                    /* t k v */
  if (is_there) lua_rawset(L, -3);                                  /* t */
  return is_there;
}

/* [-0, +0, -]   t -> t              #t where no metamethod has a say; -1 otherwise. */
static ptrdiff_t lupa_directlen (lua_State *L) {
  if (lua_getmetatable(L, -1)) {                                    /* t metatable */
    lua_pop(L, 1);
    return -1;
  }
  return (ptrdiff_t)lupa_rawlen(L, -1);
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

/* [-0, +0, -]   Read a plain value. */
static inline void lupa_readplain (lua_State *L, int index, LupaPlain *plain) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
      plain->tag = LUPA_INTEGER;
      if (lupa_toint(L, index, &plain->value.integer)) break;
      plain->tag = LUPA_NUMBER;
      plain->value.number = lupa_tonumber(L, index);
      break;
    case LUA_TSTRING:                       /* so that nothing is converted */
      plain->tag = LUPA_STRING;
      plain->value.bytes = lua_tolstring(L, index, &plain->size);
      break;
    case LUA_TBOOLEAN:
      plain->tag = lua_toboolean(L, index) ? LUPA_TRUE : LUPA_FALSE;
      break;
    default:
      plain->tag = LUPA_NIL;
  }
}

/* [-0, +0, -]   k v -> k v          Read an element; 0 if that has to wait. A key that is a string goes to a registry slot. */
static inline int lupa_readelement (lua_State *L, LupaReading *reading, LupaElement *element) {
  lupa_readplain(L, -2, &element->key);
  if (reading->reads_values) {
    lupa_readplain(L, -1, &element->value);
    if (element->value.tag == LUPA_NIL) return 0;
  }
  if (element->key.tag != LUPA_STRING)
    return element->key.tag == LUPA_INTEGER && element->key.value.integer == (int)element->key.value.integer;
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

/* [-0, +0, -]   The tag of what is on the top; with it the value, if that is plain data. */
static inline int lupa_readresult (lua_State *L, LupaResult *plain) {
  switch (lua_type(L, -1)) {
    case LUA_TNIL: return LUPA_NIL;
    case LUA_TBOOLEAN: return lua_toboolean(L, -1) ? LUPA_TRUE : LUPA_FALSE;
    case LUA_TNUMBER:
      if (lupa_toint(L, -1, &plain->value.integer)) return LUPA_INTEGER;
      plain->value.number = lupa_tonumber(L, -1);
      return LUPA_NUMBER;
    default: return LUPA_NOT_PLAIN;
  }
}

/* [-0|(n+1), +0, -]   x results -> [x results]      Take no result, or one that is plain data, and what lies below. */
static inline void lupa_takeplain (lua_State *L, int results, LupaResult *plain) {
  int tag = results == 1 ? lupa_readresult(L, plain) : results == 0 ? LUPA_NIL : LUPA_NOT_PLAIN;
  if (tag != LUPA_NOT_PLAIN) lua_pop(L, results + 1);
  plain->tag = tag;
}

/* [-(n+2), +0|m+1, -]  handler f a b c -> [handler results|error]   The status of the call; a result that is plain data is taken. */
static int lupa_directcall (lua_State *L, LupaRuntime *runtime, int handler, int arguments, LupaResult *plain) {
  int status = lupa_protectedcall(L, runtime, NULL, handler, arguments);
  if (status == LUA_OK) lupa_takeplain(L, lua_gettop(L) - handler, plain);
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
                              LupaResult *plain) {
  LupaOuter outer = lupa_enter(L, runtime, NULL);
  int results = 0;
  if (arguments > 0) lua_xmove(L, co, arguments);                   /* thread */
  resumed->status = lupa_resume(co, L, arguments, &results);
  lupa_leave(runtime, outer);
  resumed->died = 0;
  plain->tag = LUPA_NOT_PLAIN;
  if ((resumed->status != LUA_OK && resumed->status != LUA_YIELD) || results > few) {
    return lupa_directtake(L, runtime, resumed, results);
  }
  lua_xmove(co, L, results);                                        /* thread values */
  if (results > 0) lupa_takeplain(L, results, plain);     /* [thread values] */
  return LUA_OK;
}

#endif
