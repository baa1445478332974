/*
** gil.c: threads that Python ends. While Python exits, a thread that asks for the GIL is ended by pthread_exit (until
** CPython 3.14, where it hangs), which unwinds its stack. Functions of Lua and of Rust that lie there must not be unwound:
** such a thread is kept asleep instead, before the first of them is reached; the process is about to end.
**
** Here is every function of Python that may run Python code, and so may ask for the GIL: those that call something, those
** that release an object, those that allocate what Python's collector counts, since it may run then, and those that raise.
** The handler costs nothing until a thread is unwound, where the compiler has tables for that (-fexceptions).
*/

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

/* The names of Python's headers, which are not needed for this. */
typedef struct Object Object;
typedef ptrdiff_t Size;

static void stay (void *unused) {
  (void)unused;
  for (;;) pause();
}

/* One of these exists: the first from CPython 3.13 on, the other before. */
extern int Py_IsFinalizing (void) __attribute__((weak));
extern int _Py_IsFinalizing (void) __attribute__((weak));

/* Does Python exit? */
int lupa_is_finalizing (void) {
  if (Py_IsFinalizing != NULL) return Py_IsFinalizing();
  return _Py_IsFinalizing != NULL && _Py_IsFinalizing();
}

/* A function of the same parameters as Python's, in which a thread that Python ends falls asleep. */
#define GUARDED(Result, name, parameters, arguments) \
  extern Result name parameters; \
  Result lupa_##name parameters { \
    Result result; \
    pthread_cleanup_push(stay, NULL); \
    result = name arguments; \
    pthread_cleanup_pop(0); \
    return result; \
  }

/* Likewise, without a result. */
#define GUARDED_VOID(name, parameters, arguments) \
  extern void name parameters; \
  void lupa_##name parameters { \
    pthread_cleanup_push(stay, NULL); \
    name arguments; \
    pthread_cleanup_pop(0); \
  }

/* the GIL, signals, the end of objects */
GUARDED_VOID(PyEval_RestoreThread, (void *state), (state))
GUARDED(int, PyErr_CheckSignals, (void), ())
GUARDED_VOID(Py_DecRef, (Object *o), (o))
GUARDED_VOID(PyObject_ClearWeakRefs, (Object *o), (o))

/* calls and attributes */
GUARDED(Object *, PyObject_VectorcallDict, (Object *f, Object *const *a, size_t n, Object *k), (f, a, n, k))
GUARDED(Object *, PyObject_Call, (Object *f, Object *a, Object *k), (f, a, k))
GUARDED(Object *, PyObject_GetAttr, (Object *o, Object *n), (o, n))
GUARDED(Object *, PyObject_GetAttrString, (Object *o, const char *n), (o, n))
GUARDED(Object *, PyObject_GenericGetAttr, (Object *o, Object *n), (o, n))
GUARDED(Object *, PyObject_GenericGetDict, (Object *o, void *context), (o, context))
GUARDED(int, PyObject_SetAttr, (Object *o, Object *n, Object *v), (o, n, v))
GUARDED(int, PyObject_SetAttrString, (Object *o, const char *n, Object *v), (o, n, v))
GUARDED(Object *, PyImport_ImportModule, (const char *n), (n))
GUARDED(int, PyModule_AddFunctions, (Object *m, void *functions), (m, functions))

/* containers and iterators */
GUARDED(Object *, PyObject_GetItem, (Object *o, Object *k), (o, k))
GUARDED(int, PyObject_SetItem, (Object *o, Object *k, Object *v), (o, k, v))
GUARDED(Object *, PyObject_GetIter, (Object *o), (o))
GUARDED(Object *, PyIter_Next, (Object *i), (i))
GUARDED(Object *, PyMapping_Items, (Object *o), (o))
GUARDED(Object *, PySequence_Tuple, (Object *o), (o))
GUARDED(Object *, PyTuple_New, (Size n), (n))
GUARDED(Object *, PyDict_New, (void), ())
GUARDED(Object *, PyList_New, (Size n), (n))
GUARDED(int, PyList_Append, (Object *l, Object *o), (l, o))
GUARDED(Object *, PyDict_GetItem, (Object *d, Object *k), (d, k))
GUARDED(Object *, PyDict_Items, (Object *d), (d))
GUARDED(int, PyDict_Contains, (Object *d, Object *k), (d, k))
GUARDED(int, PyDict_SetItem, (Object *d, Object *k, Object *v), (d, k, v))
GUARDED(int, PyDict_SetItemString, (Object *d, const char *k, Object *v), (d, k, v))

/* values */
GUARDED(Object *, PyObject_Repr, (Object *o), (o))
GUARDED(Object *, PyObject_Str, (Object *o), (o))
GUARDED(int, PyObject_IsTrue, (Object *o), (o))
GUARDED(int, PyObject_IsInstance, (Object *o, Object *class), (o, class))
GUARDED(int, PyObject_RichCompareBool, (Object *a, Object *b, int operator), (a, b, operator))
GUARDED(Object *, PyNumber_Index, (Object *o), (o))
GUARDED(Object *, PyNumber_Long, (Object *o), (o))
GUARDED(Size, PyNumber_AsSsize_t, (Object *o, Object *exception), (o, exception))
GUARDED(double, PyFloat_AsDouble, (Object *o), (o))
GUARDED(long long, PyLong_AsLongLongAndOverflow, (Object *o, int *overflow), (o, overflow))
GUARDED(size_t, PyLong_AsSize_t, (Object *o), (o))
GUARDED(unsigned long long, PyLong_AsUnsignedLongLong, (Object *o), (o))
GUARDED(Object *, PyBytes_FromObject, (Object *o), (o))
GUARDED(Object *, PyUnicode_AsASCIIString, (Object *s), (s))
GUARDED(Object *, PyUnicode_AsEncodedString, (Object *s, const char *codec, const char *errors), (s, codec, errors))
GUARDED(const char *, PyUnicode_AsUTF8AndSize, (Object *s, Size *n), (s, n))
GUARDED(Object *, PyUnicode_Decode, (const char *s, Size n, const char *codec, const char *errors), (s, n, codec, errors))
GUARDED(Object *, PyUnicode_DecodeLatin1, (const char *s, Size n, const char *errors), (s, n, errors))
GUARDED(Object *, PyUnicode_InternFromString, (const char *s), (s))
GUARDED(Object *, PyUnicode_DecodeUTF8, (const char *s, Size n, const char *errors), (s, n, errors))

/* exceptions */
GUARDED_VOID(PyErr_Clear, (void), ())
GUARDED_VOID(PyErr_Restore, (Object *c, Object *v, Object *t), (c, v, t))
GUARDED_VOID(PyErr_NormalizeException, (Object **c, Object **v, Object **t), (c, v, t))
GUARDED_VOID(PyErr_SetNone, (Object *c), (c))
GUARDED_VOID(PyErr_SetObject, (Object *c, Object *v), (c, v))
GUARDED_VOID(PyErr_SetString, (Object *c, const char *s), (c, s))
GUARDED(Object *, PyErr_NoMemory, (void), ())
GUARDED(Object *, PyErr_NewExceptionWithDoc, (const char *n, const char *doc, Object *b, Object *d), (n, doc, b, d))
GUARDED(int, PyException_SetTraceback, (Object *e, Object *t), (e, t))

/* types and instances */
GUARDED(Object *, PyType_GenericAlloc, (Object *class, Size n), (class, n))
GUARDED(Object *, PyType_FromModuleAndSpec, (Object *m, void *spec, Object *bases), (m, spec, bases))
