/*
** slots.h: values on their way into Lua, boxes (Python objects in Lua), and the state that C and Rust share.
**
** A slot is plain data: Rust fills it while it holds the GIL and nothing lies on the Lua stack; C pushes it under
** lua_pcall while the GIL is released. Rust owns every slot and releases afterwards what was not consumed.
*/

#ifndef LUPA_SLOTS_H
#define LUPA_SLOTS_H

enum LupaTag {
  LUPA_NIL, LUPA_FALSE, LUPA_TRUE, LUPA_INTEGER, LUPA_NUMBER,
  LUPA_REFERENCE,                           /* a value in a registry slot that is ours */
  LUPA_KNOWN_STRING, LUPA_KNOWN_OBJECT,     /* what Lua has already, unless a script has taken it away: see lua/direct.h */
  LUPA_STRING, LUPA_OBJECT,                 /* from here on, pushing allocates */

  /* Only for building tables, which have numbers: see lua/build.h. */
  LUPA_NEWTABLE, LUPA_TABLE,                /* as a value: a new table, or one that is there already */
  LUPA_INTEGERS, LUPA_NUMBERS,              /* as items: a run of numbers of one kind */
  LUPA_LIST, LUPA_PAIRS, LUPA_COPY          /* a table, and what the slots that follow are for it */
};

/* How a box shows its object to Lua; also part of the identity of a box. Fits the low bits of an object's address. */
enum LupaProtocol {
  LUPA_ATTRIBUTES = 0,                      /* indexing reads attributes */
  LUPA_ITEMS = 1,                           /* indexing reads items */
  LUPA_EXPLODE = 2,                         /* an iterator whose tuples become several values */
  LUPA_COUNT = 4                            /* an iterator that counts */
};

/* What Rust knows about one box. Linked and unlinked by Rust with the GIL held; `dead` is set by C, once. */
typedef struct LupaNode {
  void *object;                             /* PyObject *, owned */
  struct LupaNode *next, *previous;         /* the boxes of the runtime; Rust only */
  struct LupaNode *next_dead;               /* the queue of finalized boxes */
  const struct LupaBox *holder;             /* the box that has the node, until the node is in the queue */
  unsigned int protocol;
} LupaNode;

enum { LUPA_MAGIC = 0x4c757061 };           /* differs from box to box by the address */

/* The userdata. It refers to its node until it is finalized, and proves itself by size and magic word. */
typedef struct LupaBox {
  uintptr_t magic;
  LupaNode *node;
} LupaBox;

typedef struct LupaSlot {
  int tag;                                  /* enum LupaTag */
  int index;                                /* REFERENCE, KNOWN_STRING: registry slot; STRING: one that keeps it, or 0; NEWTABLE and
                                               below: number of the table */
  union {
    lua_Integer integer;                    /* LIST: the index of the first item; NEWTABLE: how many fields to expect */
    lua_Number number;
    const void *pointer;                    /* REFERENCE: what the registry slot should hold, NULL for anything; KNOWN_OBJECT:
                                               the object */
    const char *bytes;
    LupaNode *node;                         /* set to NULL by C when a box has taken the node over */
  } value;
  size_t size;                              /* a string: bytes; REFERENCE: type of what the registry slot should hold;
                                               KNOWN_OBJECT: protocol; a run: how many numbers; NEWTABLE: how many items to
                                               expect */
  void *keep;                               /* PyObject * that keeps the bytes or the reference alive; Rust only */
} LupaSlot;

/* One number of a run. */
typedef union LupaNumber {
  lua_Integer integer;
  lua_Number number;
} LupaNumber;

/* A number, a boolean or nil as plain data, where that is asked for a string too, whose bytes are those of the value; of other values the
** type only. */
typedef struct LupaValue {
  int type;                                 /* as lua_type has it */
  int is_integer;                           /* a number is one that Python takes for an int */
  union {
    int boolean;
    int64_t integer;
    double number;
    const char *bytes;
  } content;
  size_t size;                              /* of a string */
} LupaValue;

/* An element of a table, whose key is an int or a string. */
typedef struct LupaElement {
  LupaValue key, value;
  int slot;                                 /* the registry slot with a key that is a string */
} LupaElement;

/* What is read of the elements of a table. */
typedef struct LupaReading {
  int most;                                 /* elements */
  int reads_values;
  int *slots;                               /* for keys that are strings */
  int slot_count;
  int is_end;                               /* says: there are no more elements */
  int wants_slots;                          /* says: there were too few slots */
} LupaReading;

/* Why a body gave up, where the message alone would not tell. */
enum LupaFailure {
  LUPA_NO_FAILURE, LUPA_LOST_REFERENCE, LUPA_NO_ROOM, LUPA_NOT_A_FUNCTION, LUPA_NO_REQUIRE, LUPA_NOT_RESUMABLE
};

/* One operation: what a body needs and what it says besides its results. */
typedef struct LupaOperation {
  LupaSlot *slots;
  int count;
  int body;                                 /* enum LupaFunction: the only body that may take the operation */
  int number;                               /* meaning depends on the body; fill: how many tables there are by now */
  int status;                               /* of loading or resuming */
  int failure;                              /* enum LupaFailure */
  const char *chunk, *name, *mode;          /* load */
  size_t size;
  int *references;                          /* reserve */
  const LupaNumber *numbers;                /* fill: the numbers of all runs, one run after the other */
  int has_more;                             /* fill: another operation follows for the same tables */
  lua_CFunction function;                   /* function: NULL for the one that calls an object */
} LupaOperation;

/* Values for Lua that an entry returns; owned by the runtime, so that a jump loses nothing. */
typedef struct LupaAnswer {
  LupaSlot *slots;
  int count;
  int raise;                                /* the one slot is an error value */
  int done;                                 /* C has pushed all */
} LupaAnswer;

/* Registry slots of our own objects. What they hold is checked against `address` before use. */
enum LupaOwn { LUPA_OWN_METATABLE, LUPA_OWN_CACHE, LUPA_OWN_INDEX, LUPA_OWN_COUNT };

/* Functions of ours that are pushed by number: a closure has to be kept where pushing a C function allocates. */
enum LupaFunction {
  LUPA_CALL, LUPA_RUN, LUPA_LOAD, LUPA_PUSH, LUPA_GET, LUPA_SET, LUPA_LEN, LUPA_TOSTRING, LUPA_FILL, LUPA_NEXT, LUPA_REQUIRE,
  LUPA_RESERVE, LUPA_GROW, LUPA_COLLECT, LUPA_NEWTHREAD, LUPA_RESUME, LUPA_THROW, LUPA_CLOSE, LUPA_EXPAND, LUPA_INDEX,
  LUPA_NEWINDEX, LUPA_NEWTHREAD_PUSHED, LUPA_TAKE, LUPA_MESSAGE, LUPA_TRACEBACK, LUPA_FUNCTION, LUPA_FUNCTION_COUNT
};

/* The hook of a coroutine while an exception is thrown into it. */
typedef struct LupaThrow {
  lua_Hook hook;
  int mask, count;
} LupaThrow;

enum { LUPA_TRACE_LEVELS = 20, LUPA_TRACE_SIZE = 2048 };

/* Where a Python exception has left Lua: a traceback without its heading, as far as there is room. */
typedef struct LupaTrace {
  const void *value;                        /* address of the error value that it belongs to */
  size_t size;
  char text[LUPA_TRACE_SIZE];
} LupaTrace;

#define LUPA_MAX_GUARDS 24

typedef struct LupaRuntime {
  void *owner;                              /* the Rust side of the runtime */
  const void *registry;                     /* address of the registry: tells the states of this runtime */
  LupaOperation *pending;                   /* taken by the body that runs next */
  int bodies;                               /* how many bodies run now, one inside the other */
  LupaNode *dead;                           /* boxes that were finalized */
  LupaAnswer *answer;                       /* of the entry that returns now */
  int *over_limit;                          /* set to 1 while an allocation must not fail for the memory limit */
  int counts_memory;                        /* the allocator may refuse */
  const int *refused;                       /* has the allocator refused a request in this crossing? */
  int own[LUPA_OWN_COUNT];
  const void *address[LUPA_OWN_COUNT];
  int functions[LUPA_FUNCTION_COUNT];       /* registry slots of the functions, where they are kept */
  const void *asks_lua;                     /* the last metatable whose `__index` was found to be no table; only compared */
  int traceback;                            /* registry slot with the text of the last traceback, or false */
  int thrown;                               /* registry slot with the value to be raised in a coroutine, or false */
  LupaTrace *trace;                         /* made when it is first needed */
  LupaThrow *throwing;                      /* the throw whose hook has not run yet */
  lua_CFunction debug_traceback;            /* the original debug.traceback */
  lua_CFunction coroutine_close;            /* the original coroutine.close */
  lua_State *inside;                        /* the thread that the innermost operation of Python runs on */
  lua_CFunction guarded[LUPA_MAX_GUARDS];   /* the originals of guarded functions, by the enum of lua/guards.h */
  size_t *stack_limit;                      /* the lowest address for the C stack, where Lua watches it; NULL before it is open */
  int nested_resumes;                       /* of coroutines by coroutines, where Lua does not count them */
  int selects_libraries;                    /* show those in `libraries` only: bit n is the n-th of lupa_libraries */
  int libraries;
  int hides_debug;                          /* `debug` is not among them, but there is the original debug.traceback */
  int only_harmless;                        /* leave out what the preset "safe" leaves out */
  const char *mode;                         /* of the chunks that scripts may load; NULL for all */
  int warns, warning_goes_on;               /* see lua/warnings.h */
} LupaRuntime;

/* The runtime whose Lua code runs in this thread. Neither the registry nor an upvalue can hold this safely: scripts with
** the debug library reach both. Of the ways to a variable of a thread, this is the fast one; glibc has room for it in
** libraries that are loaded late. */
#if defined(__GLIBC__)
__attribute__((tls_model("initial-exec")))
#endif
static _Thread_local LupaRuntime *lupa_running;

/* What one level of a recursion may take of the C stack, with what runs at its end: buffers, a pattern, a traceback. */
#define LUPA_STACK_RESERVE (64u * 1024u)

/* From here on the code of `runtime` runs in this thread, on the stack of the caller. */
static void lupa_setrunning (LupaRuntime *runtime) {
  lupa_running = runtime;
  if (LUPA_WATCHES_STACK && runtime->stack_limit != NULL) *runtime->stack_limit = lupa_native_stack_limit(LUPA_STACK_RESERVE);
}

/* [-0, +0, -] The runtime that `L` belongs to, if its code runs in this thread. */
static LupaRuntime *lupa_runtime (lua_State *L) {
  LupaRuntime *runtime = lupa_running;
  if (runtime != NULL && runtime->registry == lua_topointer(L, LUA_REGISTRYINDEX)) return runtime;
  return NULL;
}

/* [-0, +0, -] The box at `index`, or NULL. Its metatable says nothing: scripts can give it to anything. */
static LupaBox *lupa_tobox (lua_State *L, int index) {
  LupaBox *box;
  if (lua_type(L, index) != LUA_TUSERDATA || lupa_rawlen(L, index) != sizeof(LupaBox)) return NULL;
  box = (LupaBox *)lua_touserdata(L, index);
  return box->magic == ((uintptr_t)box ^ (uintptr_t)LUPA_MAGIC) ? box : NULL;
}

/* [-0, +0, -] Read the value at `index`, if it is a number, a boolean or nil: 1. */
static int lupa_read (lua_State *L, int index, LupaValue *value) {
  value->type = lua_type(L, index);
  switch (value->type) {
    case LUA_TNIL: return 1;
    case LUA_TBOOLEAN: value->content.boolean = lua_toboolean(L, index); return 1;
    case LUA_TNUMBER:
      value->is_integer = lupa_toint(L, index, &value->content.integer);
      if (!value->is_integer) value->content.number = lupa_tonumber(L, index);
      return 1;
    default: return 0;
  }
}

/*
** Registry slots of ours hold `false` while they are free. A script can change any slot; it is left alone then, since Lua may have
** given it to a binary module. What is stored in an occupied slot allocates nothing.
*/

/* [-0, +0, -] Put the value at `index` into a slot that is known to be occupied. */
static void lupa_refillslot (lua_State *L, int slot, int index) {
  lua_pushvalue(L, index);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot);
}

/* [-0, +0, -] Put the value at `index` into a slot, which is occupied: 1. */
static int lupa_fillslot (lua_State *L, int slot, int index) {
  int fits = lupa_pushslotvalue(L, slot) != LUA_TNIL;
  lua_pop(L, 1);
  if (fits) lupa_refillslot(L, slot, index);
  return fits;
}

/* [-0, +0, -] Does a slot hold anything? */
static int lupa_isoccupied (lua_State *L, int slot) {
  int type = lupa_pushslotvalue(L, slot);
  lua_pop(L, 1);
  return type != LUA_TNIL;
}

/* [-0, +0, -] Put the string on the top into a slot that is free or has held a string. */
static void lupa_keepstring (lua_State *L, int slot) {
  int type = lupa_pushslotvalue(L, slot);
  int fits = type == LUA_TSTRING || (type == LUA_TBOOLEAN && !lua_toboolean(L, -1));
  lua_pop(L, 1);
  if (fits) lupa_refillslot(L, slot, -1);
}

/* [-0, +0, -] Put the value at `index` into a slot that is free: its type and address, or -1. */
static int lupa_takeslot (lua_State *L, int slot, int index, const void **address) {
  int is_free = lupa_pushslotvalue(L, slot) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (!is_free) return -1;
  lupa_refillslot(L, slot, index);
  *address = lua_topointer(L, index);
  return lua_type(L, index);
}

/* [-0, +0, -] Is the value on the top the one with that address and type? */
static int lupa_isat (lua_State *L, const void *address, int type) {
  return lua_topointer(L, -1) == address && lua_type(L, -1) == type;
}

/* [-0, +0, -] Free a slot that holds what has that address and type (NULL: anything): 1. */
static int lupa_emptyslot (lua_State *L, int slot, const void *address, int type) {
  int found = lupa_pushslotvalue(L, slot);
  int is_ours = address == NULL ? found != LUA_TNIL : found == type && lua_topointer(L, -1) == address;
  lua_pop(L, 1);
  if (!is_ours) return 0;
  lua_pushboolean(L, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, slot);
  return 1;
}

/* What a coroutine is about to do. */
enum LupaThreadState { LUPA_THREAD_DEAD, LUPA_THREAD_NEW, LUPA_THREAD_SUSPENDED, LUPA_THREAD_ACTIVE, LUPA_THREAD_FAILED };

/* [-0, +0, -] */
static int lupa_threadstate (lua_State *co) {
  lua_Debug frame;
  int status = lua_status(co);
  if (status == LUA_YIELD) return LUPA_THREAD_SUSPENDED;
  if (status != LUA_OK) return LUPA_THREAD_FAILED;
  if (lua_getstack(co, 0, &frame)) return LUPA_THREAD_ACTIVE;
  return lua_gettop(co) == 0 ? LUPA_THREAD_DEAD : LUPA_THREAD_NEW;
}

/* [-0, +0, -] */
static int lupa_isluafunction (lua_State *L, int index) {
  return lua_isfunction(L, index) && !lua_iscfunction(L, index);
}

/* [-0, +0, -] */
static int lupa_canresume (lua_State *co) {
  return lua_status(co) == LUA_YIELD || lupa_threadstate(co) == LUPA_THREAD_NEW;
}

/* [-0, +0, v]   Make room for `count` values; say whether the stack or the memory is at its limit. */
static void lupa_needroom (lua_State *L, const LupaRuntime *runtime, int count) {
  if (lua_checkstack(L, count + LUA_MINSTACK)) return;
  lupa_error(L, *runtime->refused ? "not enough memory" : "stack overflow (too many values)");
}

/* [-0, +1, v]   One of our own objects, if nobody has touched the registry slot. */
static void lupa_pushown (lua_State *L, LupaRuntime *runtime, int which) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->own[which]);
  if (lua_topointer(L, -1) != runtime->address[which]) lupa_error(L, "lost reference");
}

/* [-0, +1, m]   A new box for the object of `node`, which it takes over. */
static void lupa_pushnewbox (lua_State *L, LupaRuntime *runtime, LupaNode **node) {
  LupaBox *box = (LupaBox *)lupa_newuserdata(L, sizeof(LupaBox));
  box->magic = 0;
  box->node = NULL;
  lupa_pushown(L, runtime, LUPA_OWN_METATABLE);                     /* box metatable */
  lua_setmetatable(L, -2);                                          /* box */
  box->magic = (uintptr_t)box ^ (uintptr_t)LUPA_MAGIC;
  (*node)->holder = box;
  box->node = *node;                        /* from here on the finalizer of the box releases the object */
  *node = NULL;
}

/* [-0, +1, m]   The box of an object: the one that Lua has already, or a new one. */
static void lupa_pushobject (lua_State *L, LupaRuntime *runtime, LupaNode **node) {
  LupaBox *box;
  void *object = (*node)->object;
  unsigned int protocol = (*node)->protocol;
  const void *key = (const char *)object + protocol;
  int cache;
  lupa_pushown(L, runtime, LUPA_OWN_CACHE);                         /* cache */
  cache = lua_gettop(L);
  lupa_rawgetp(L, cache, key);                                      /* cache box|nil */
  box = lupa_tobox(L, -1);
  if (box == NULL || box->node == NULL || box->node->object != object || box->node->protocol != protocol) {
    lua_pop(L, 1);                                                  /* cache */
    lupa_pushnewbox(L, runtime, node);                              /* cache box */
    lua_pushvalue(L, -1);                                           /* cache box box */
    lupa_rawsetp(L, cache, key);                                    /* cache box */
  }
  lua_remove(L, cache);                                             /* box */
}

/* [-0, +1, -] Push a slot whose tag is below LUPA_STRING. 0 if the registry slot holds something else by now. */
static inline int lupa_pushplain (lua_State *L, const LupaSlot *slot) {
  switch (slot->tag) {
    case LUPA_FALSE: lua_pushboolean(L, 0); return 1;
    case LUPA_TRUE: lua_pushboolean(L, 1); return 1;
    case LUPA_INTEGER: lua_pushinteger(L, slot->value.integer); return 1;
    case LUPA_NUMBER: lua_pushnumber(L, slot->value.number); return 1;
    case LUPA_REFERENCE:
      lua_rawgeti(L, LUA_REGISTRYINDEX, slot->index);
      return slot->value.pointer == NULL
          || lupa_isat(L, slot->value.pointer, (int)slot->size);
    default: lua_pushnil(L); return 1;
  }
}

/* [-0, +0|1, -]   The string that one of our registry slots should hold. */
static int lupa_directstring (lua_State *L, int slot, const char *bytes, size_t size) {
  size_t found;
  if (lupa_pushslotvalue(L, slot) == LUA_TSTRING) {                 /* so that nothing is converted */
    const char *string = lua_tolstring(L, -1, &found);
    if (found == size && memcmp(string, bytes, size) == 0) return 1;
  }
  lua_pop(L, 1);
  return 0;
}

/* [-0, +1, m]   Push a string, by way of the registry slot that keeps it or shall keep it, if there is one. */
static void lupa_pushstring (lua_State *L, const LupaSlot *slot) {
  if (slot->index != 0 && lupa_directstring(L, slot->index, slot->value.bytes, slot->size)) return;
  lua_pushlstring(L, slot->value.bytes, slot->size);
  if (slot->index != 0) lupa_keepstring(L, slot->index);
}

/* [-0, +1, m]   Push any value slot. 0 if a reference is lost. */
static inline int lupa_pushslot (lua_State *L, LupaRuntime *runtime, LupaSlot *slot) {
  switch (slot->tag) {
    case LUPA_STRING: lupa_pushstring(L, slot); return 1;
    case LUPA_OBJECT: lupa_pushobject(L, runtime, &slot->value.node); return 1;
    default: return lupa_pushplain(L, slot);
  }
}

#endif
