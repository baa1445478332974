/*
** native_stack.c: how much of this thread's C stack is left. Calls between Python and Lua nest on it, in threads that may
** have a small one.
*/

#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Of the ways to a variable of a thread, this is the fast one; glibc has room for it in libraries that are loaded late. */
#if defined(__GLIBC__)
#define THREAD_LOCAL __attribute__((tls_model("initial-exec"))) _Thread_local
#else
#define THREAD_LOCAL _Thread_local
#endif

static THREAD_LOCAL uintptr_t lowest;       /* 0: not asked yet */
static THREAD_LOCAL uintptr_t highest;

static void ask (void) {
  lowest = 1;                               /* unknown: there is always room */
  highest = 0;
#if defined(__linux__)
  pthread_attr_t attributes;
  void *address;
  size_t size;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  if (pthread_attr_getstack(&attributes, &address, &size) == 0) {
    lowest = (uintptr_t)address;
    highest = lowest + size;
  }
  pthread_attr_destroy(&attributes);
#elif defined(__APPLE__)
  highest = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
  lowest = highest - pthread_get_stacksize_np(pthread_self());
#endif
}

/* Is this place on the thread's own stack, as far as that is known already? */
static int is_known (uintptr_t place) {
  return place > lowest && place <= highest;
}

/* Is it? Not with greenlets. */
static int is_own (uintptr_t place) {
  if (lowest == 0) ask();
  return is_known(place);
}

/* Kept apart, so that the usual way needs no registers of its own. */
__attribute__((noinline)) static size_t left_below (uintptr_t place) {
  return is_own(place) ? place - lowest : SIZE_MAX;
}

/* The bytes below the caller's frame; SIZE_MAX on a stack that is not the thread's own. */
size_t lupa_native_stack_left (void) {
  char here;
  uintptr_t place = (uintptr_t)&here;
  return is_known(place) ? place - lowest : left_below(place);
}

/* The lowest address that the caller's stack may reach, if `reserve` bytes are to be left; 0 on a stack that is not the
** thread's own. */
size_t lupa_native_stack_limit (size_t reserve) {
  char here;
  return is_own((uintptr_t)&here) ? lowest + reserve : 0;
}
