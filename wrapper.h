/*
** wrapper.h: everything that the Rust side sees of Lua.
**
** bindgen reads this file. It binds the functions of the C API that lua/api.tsv allows, the types and constants below,
** and (by wrap_static_fns) the `static` functions whose names start with `lupa_`. Nothing else of Lua has a Rust name.
**
** Functions of Lua that may raise occur here only, in two kinds of functions:
**   bodies   run under lua_pcall, on behalf of one operation of Python                     (lua/bodies.h, build.h, messages.h)
**   entries  are called by Lua, and ask Rust to run Python                                 (lua/entries.h)
** A jump leaves a body or an entry and lands in lua_pcall: both ends are C, no Rust frame lies between.
*/

#ifndef LUPA_WRAPPER_H
#define LUPA_WRAPPER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
#if defined(LUPA_LUAJIT)
#include "luajit.h"
#endif

/* Only checked builds: each function is compared with the effect that it states. */
#if defined(LUPA_WITH_CHECKS)
#include "lua/checks.h"
#endif

#include "lua/compat.h"

/* How much of this thread's C stack is left, and down to where it may be used: src/lua/native_stack.c. */
#if defined(_WIN32)
#define lupa_native_stack_left() SIZE_MAX
#define lupa_native_stack_limit(reserve) 0
#else
extern size_t lupa_native_stack_left (void);
extern size_t lupa_native_stack_limit (size_t reserve);
#endif

#include "lua/slots.h"
#include "lua/unknown.h"
#include "lua/warnings.h"
#include "lua/entries.h"
#include "lua/bodies.h"
#include "lua/build.h"
#include "lua/messages.h"
#include "lua/libraries.h"
#include "lua/guards.h"
#include "lua/protect.h"
#include "lua/direct.h"

#if defined(LUPA_WITH_CHECKS)
#include "lua/selftest.h"
#endif

#endif
