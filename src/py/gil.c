/*
** gil.c: threads that Python ends. While Python exits, a thread that asks for the GIL is ended by pthread_exit (until
** CPython 3.14, where it hangs), which unwinds its stack. Functions of Lua and of Rust that lie there must not be unwound:
** such a thread is kept asleep instead, before the first of them is reached; the process is about to end.
**
** Here are the ways into Python that may run Python code for long, and the taking of the GIL itself.
*/

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

typedef struct Object Object;               /* PyObject, whose headers are not needed for this */

extern void PyEval_RestoreThread (void *state);
extern Object *PyObject_VectorcallDict (Object *callable, Object *const *arguments, size_t count, Object *keywords);
extern Object *PyObject_Call (Object *callable, Object *arguments, Object *keywords);
extern Object *PyObject_GetAttr (Object *object, Object *name);
extern Object *PyObject_GetAttrString (Object *object, const char *name);
extern int PyObject_SetAttr (Object *object, Object *name, Object *value);
extern Object *PyObject_GetItem (Object *object, Object *key);
extern int PyObject_SetItem (Object *object, Object *key, Object *value);
extern Object *PyObject_GetIter (Object *object);
extern Object *PyIter_Next (Object *iterator);
extern Object *PyObject_Str (Object *object);
extern int PyObject_IsInstance (Object *object, Object *class);

static void stay (void *unused) {
  (void)unused;
  for (;;) pause();
}

void lupa_take_gil (void *state) {
  pthread_cleanup_push(stay, NULL);
  PyEval_RestoreThread(state);
  pthread_cleanup_pop(0);
}

/* A function of the same parameters, in which a thread that Python ends falls asleep. */
#define GUARDED(Result, name, parameters, arguments) \
  Result lupa_##name parameters { \
    Result result; \
    pthread_cleanup_push(stay, NULL); \
    result = name arguments; \
    pthread_cleanup_pop(0); \
    return result; \
  }

GUARDED(Object *, PyObject_VectorcallDict, (Object *f, Object *const *a, size_t n, Object *k), (f, a, n, k))
GUARDED(Object *, PyObject_Call, (Object *f, Object *a, Object *k), (f, a, k))
GUARDED(Object *, PyObject_GetAttr, (Object *o, Object *n), (o, n))
GUARDED(Object *, PyObject_GetAttrString, (Object *o, const char *n), (o, n))
GUARDED(int, PyObject_SetAttr, (Object *o, Object *n, Object *v), (o, n, v))
GUARDED(Object *, PyObject_GetItem, (Object *o, Object *k), (o, k))
GUARDED(int, PyObject_SetItem, (Object *o, Object *k, Object *v), (o, k, v))
GUARDED(Object *, PyObject_GetIter, (Object *o), (o))
GUARDED(Object *, PyIter_Next, (Object *i), (i))
GUARDED(Object *, PyObject_Str, (Object *o), (o))
GUARDED(int, PyObject_IsInstance, (Object *o, Object *c), (o, c))
