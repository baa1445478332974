/*
** gil.c: taking the GIL back. While Python exits, a thread that asks for the GIL is ended by pthread_exit (until CPython
** 3.14, where it hangs): that unwinds its stack, on which functions of Lua and of Rust lie that must not be unwound. Such
** a thread is kept asleep instead; the process is about to end.
*/

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

extern void PyEval_RestoreThread (void *state);

static void stay (void *unused) {
  (void)unused;
  for (;;) pause();
}

void lupa_take_gil (void *state) {
  pthread_cleanup_push(stay, NULL);
  PyEval_RestoreThread(state);
  pthread_cleanup_pop(0);
}
