//! What is changed in the bundled LuaJIT: it looks at how much of the C stack is left.
//!
//! Plain Lua counts how deep calls from C are nested, LuaJIT does not. Here it compares the stack pointer with a limit, which
//! the host sets for the thread that it enters Lua in. Once the limit is reached,
//!
//! * calls from C and `collectgarbage`, whose finalizers may call it again, are the error `C stack overflow`;
//! * so are `coroutine.resume` and `wrap`, which are written in assembler: their slow path in C raises it. They count besides
//!   how deep they are nested. Each level adds its place to an error that passes, which takes time quadratic in their number;
//! * a message handler may use some more of the stack, and is then `error in error handling`;
//! * no further level of a chunk is compiled. One takes up to 1.2 kB, and LuaJIT allows 200 of them.
//!
//! One mistake is mended as well: where the stack of a coroutine cannot take the arguments of `resume`, LuaJIT 2.0 raises the
//! error in the coroutine, and 2.1 forgets that this one has yielded. Either can be resumed again, and runs what lies there.

use std::path::Path;
use std::{env, fs};

use crate::Outcome;
use crate::bundled_lua::mended;
use crate::flavour::{Flavour, LuaJit20, LuaJit21};

const BOTH: &[Flavour] = &[LuaJit20, LuaJit21];

/// In `ours`, this stands for `theirs`.
const THEIRS: &str = "<theirs>";

struct Mend {
    of: &'static [Flavour],
    file: &'static str,
    theirs: &'static str,
    ours: &'static str,
}

const MENDS: [Mend; 14] = [
    Mend {
        of: BOTH,
        file: "luajit_rolling.h",
        theirs: "LUA_API int luaJIT_setmode(lua_State *L, int idx, int mode);\n",
        ours: "<theirs>
/* The lowest address that the C stack may reach; 0 for any. */
#define LUAJIT_CSTACK
LUA_API size_t *luaJIT_cstacklimit(lua_State *L);
",
    },
    Mend {
        of: BOTH,
        file: "lj_obj.h",
        theirs: "  GCRef gcroot[GCROOT_MAX];  /* GC roots. */\n} global_State;\n",
        ours: "  GCRef gcroot[GCROOT_MAX];  /* GC roots. */
  size_t cstack_limit;	/* The lowest address that the C stack may reach. */
  uint32_t cstack_resumes;	/* Nesting of coroutine.resume and wrap. */
} global_State;

#define LJ_MAX_RESUMES	4000
",
    },
    Mend {
        of: BOTH,
        file: "lj_err.h",
        theirs: "LJ_FUNC_NORET void lj_err_callermsg(lua_State *L, const char *msg);\n",
        ours: "<theirs>
#define LJ_CSTACK_SPARE	0x8000	/* For error handlers. */

static LJ_AINLINE int lj_cstack_low(lua_State *L, size_t spare)
{
  return (size_t)__builtin_frame_address(0) + spare < G(L)->cstack_limit;
}

static LJ_AINLINE void lj_cstack_check(lua_State *L)
{
  if (LJ_UNLIKELY(lj_cstack_low(L, L->status == LUA_ERRERR ? LJ_CSTACK_SPARE : 0)))
    lj_err_callermsg(L, \"C stack overflow\");
}
",
    },
    Mend {
        of: BOTH,
        file: "lj_err.c",
        theirs: "if (!tvisfunc(errfunc) || L->status == LUA_ERRERR",
        ours: "<theirs> || lj_cstack_low(L, LJ_CSTACK_SPARE)",
    },
    Mend {
        of: BOTH,
        file: "lj_api.c",
        theirs: "/* -- Common helper functions --------------------------------------------- */\n",
        ours: "<theirs>
#define lj_vm_call(L, base, nres1)  (lj_cstack_check(L), lj_vm_call(L, base, nres1))

LUA_API size_t *luaJIT_cstacklimit(lua_State *L)
{
  return &G(L)->cstack_limit;
}
",
    },
    Mend {
        of: BOTH,
        file: "lj_parse.c",
        theirs: "if (++ls->level >= LJ_MAX_XLEVEL",
        ours: "<theirs> || lj_cstack_low(ls->L, 0)",
    },
    Mend {
        of: BOTH,
        file: "lib_base.c",
        theirs: "LJLIB_CF(collectgarbage)\n{\n",
        ours: "<theirs>  lj_cstack_check(L);\n",
    },
    Mend {
        of: BOTH,
        file: "lib_base.c",
        theirs: "static int ffh_resume(lua_State *L, lua_State *co, int wrap)\n{\n",
        ours: "
static TValue *growstack_resume(lua_State *co, lua_CFunction dummy, void *need)
{
  UNUSED(dummy);
  lj_state_growstack(co, *(MSize *)need);
  return NULL;
}

<theirs>  lj_cstack_check(L);
  if (G(L)->cstack_resumes >= LJ_MAX_RESUMES) lj_err_callermsg(L, \"C stack overflow\");
",
    },
    Mend { of: &[LuaJit20], file: "lib_base.c", theirs: GROW_20, ours: GROW },
    Mend { of: &[LuaJit21], file: "lib_base.c", theirs: GROW_21, ours: GROW },
    Mend { of: &[LuaJit20], file: "vm_x86.dasc", theirs: RESUMABLE, ours: RESUMABLE_HERE },
    Mend { of: &[LuaJit21], file: "vm_x64.dasc", theirs: RESUMABLE, ours: RESUMABLE_HERE },
    Mend { of: &[LuaJit20], file: "vm_x86.dasc", theirs: RESUME, ours: RESUME_HERE },
    Mend { of: &[LuaJit21], file: "vm_x64.dasc", theirs: RESUME, ours: RESUME_HERE },
];

const GROW_20: &str = "  lj_state_growstack(co, (MSize)(L->top - L->base));\n";
const GROW_21: &str = "  if (lj_state_cpgrowstack(co, (MSize)(L->top - L->base)) != LUA_OK) {
    cTValue *msg = --co->top;
    lj_err_callermsg(L, strVdata(msg));
  }
";
const GROW: &str = "  {
    MSize need = (MSize)(L->top - L->base);
    uint8_t costatus = co->status;
    int status = lj_vm_cpcall(co, NULL, &need, growstack_resume);
    if (status) {
      co->top--;  /* The message. */
      co->status = costatus;
      if (status == LUA_ERRMEM) lj_err_mem(L);
      lj_err_callermsg(L, \"stack overflow\");
    }
  }
";

const RESUMABLE: &str = "  |  cmp aword L:RB->cframe, 0; jne ->fff_fallback\n";
const RESUMABLE_HERE: &str = "  |  cmp dword [DISPATCH+DISPATCH_GL(cstack_resumes)], LJ_MAX_RESUMES; jae ->fff_fallback
  |  cmp rsp, aword [DISPATCH+DISPATCH_GL(cstack_limit)]; jb ->fff_fallback
<theirs>";

const RESUME: &str = "  |  call ->vm_resume\t\t\t// (lua_State *L, TValue *base, 0, 0)\n";
const RESUME_HERE: &str = "  |  add dword [DISPATCH+DISPATCH_GL(cstack_resumes)], 1
<theirs>  |  sub dword [DISPATCH+DISPATCH_GL(cstack_resumes)], 1
";

/// The mends are for the assembler of one machine. Elsewhere `lua/guards.h` does what it can.
pub fn are_known() -> bool {
    env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64")
        && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux")
}

/// Mends the sources in a folder.
pub fn apply(flavour: Flavour, src: &Path) -> Outcome<()> {
    for mend in MENDS.iter().filter(|mend| mend.of.contains(&flavour)) {
        let file = src.join(mend.file);
        let text = mended(&file, mend.theirs, &mend.ours.replace(THEIRS, mend.theirs))?;
        fs::remove_file(&file)?; // may be a copy of a file that must not be written
        fs::write(&file, text)?;
    }
    Ok(())
}
