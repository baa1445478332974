//! Plain Lua from the sources that the crate `lua-src` carries, compiled with our own flags.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Outcome;
use crate::flavour::{Flavour, Lua51, Lua52, Lua53, Lua54, Lua55, LuaJit20, LuaJit21, has_feature};
use crate::lua_source::{Library, LuaSource};

/// Makes the internal functions and tables of Lua 5.2 and newer `static`, as Lua's own `onelua.c` does. The headers of
/// 5.2 have parts for single files, which this one must see from the start.
const STATIC_INTERNALS: &str = "
#define LUA_CORE
#define LUA_LIB
#define lobject_c
#define ltable_c
#define lvm_c
#include \"llimits.h\"
#undef LUAI_FUNC
#undef LUAI_DDEF
#define LUAI_FUNC static
#define LUAI_DDEF static
";

/// The same for 5.1, which has a macro for it. Its macro `getline` must not meet the declaration of `getline`.
const STATIC_INTERNALS_51: &str = "
#include <stdio.h>
#define LUA_CORE
#define LUA_LIB
#define luaall_c
";

/// Lua checks how it is used and that it is consistent itself, collects garbage and moves its stacks whenever it may.
/// Each version knows some of these names, and ignores the others.
const SELF_CHECKS: &str = "
#undef NDEBUG
#include <assert.h>
#define LUA_USE_APICHECK
#define lua_assert(c) assert(c)
#define assert_code(c) c
#define HARDSTACKTESTS 1
#define HARDMEMTESTS 1
#define EMERGENCYGCTESTS 1
";

/// The allocator of `luaL_newstate`, the only caller of `realloc`, always moves the block and spoils the old one, so that a
/// stale pointer shows. (The C library would not move what keeps its size, as a stack under HARDSTACKTESTS.)
const MOVING_BLOCKS: &str = "
#include <stdlib.h>
#include <string.h>
static void *moving_realloc (void *block, size_t old, size_t size) {
  void *moved = malloc(size);
  if (moved != NULL && block != NULL) {
    memcpy(moved, block, old < size ? old : size);
    memset(block, 0x55, old);
    free(block);
  }
  return moved;
}
#define realloc(block, size) moving_realloc(block, osize, size)
";

/// A stack that moves at each call must not grow to a million values: that takes time quadratic in its depth. The index of
/// the registry depends on the limit in some versions; it stays as in the headers, which modules in C are compiled with.
const SMALL_STACKS: &str = "
#include \"lua.h\"
enum { REGISTRY_INDEX = LUA_REGISTRYINDEX };
#undef LUA_REGISTRYINDEX
#define LUA_REGISTRYINDEX REGISTRY_INDEX
#undef LUAI_MAXSTACK
#define LUAI_MAXSTACK 15000
#undef LUAI_MAXCALLS
#define LUAI_MAXCALLS 10000
";

/// Under HARDMEMTESTS, Lua's macro does a step of a collection and then a whole one. Its argument `pre` may hold a pointer to
/// a stack that the step has moved. Here it does one of both.
const ONE_COLLECTION: &str = "
#include \"lgc.h\"
#undef luaC_condGC
#define luaC_condGC(L,pre,pos) { if (G(L)->GCdebt > 0) { pre; luaC_step(L); pos; } else condchangemem(L,pre,pos) }
";

/// The same for 5.5, which counts the other way.
const ONE_COLLECTION_55: &str = "
#include \"lgc.h\"
#undef luaC_condGC
#define luaC_condGC(L,pre,pos) { if (G(L)->GCdebt <= 0) { pre; luaC_step(L); pos; } else condchangemem(L,pre,pos,0) }
";

/// How deep calls of C functions and of Lua from C may be nested. Lua's own 200 would be 100 calls from Lua to Python and
/// back, since an operation of ours takes two.
const DEEPER_CALLS: &str = "
#include \"luaconf.h\"
#undef LUAI_MAXCCALLS
#define LUAI_MAXCCALLS 400
";

/// How much of the C stack is left (`src/lua/native_stack.c`), for the compiler of Lua.
const STACK_LEFT: &str = "
#include <stddef.h>
extern size_t lupa_native_stack_left (void);
#define lupa_stack_is_low() (lupa_native_stack_left() < 64 * 1024)
";

const C_LEVELS: &str = "checklimit(ls->fs, L->nCcalls, LUAI_MAXCCALLS, \"C levels\");";
const C_LEVELS_HERE: &str =
    "checklimit(ls->fs, lupa_stack_is_low() ? LUAI_MAXCCALLS + 1 : L->nCcalls, LUAI_MAXCCALLS, \"C levels\");";

const ENTER_LEVEL: &str = "#define enterlevel(ls)\tluaE_incCstack(ls->L)";
const ENTER_LEVEL_HERE: &str = "#define enterlevel(ls) \\
  (lupa_stack_is_low() ? luaG_runerror(ls->L, \"C stack overflow\") : luaE_incCstack(ls->L))";

const LINE_OF_LAST: &str = "ci->u.l.savedpc <= L->oldpc ||";
const LINE_OF_LAST_HERE: &str = "ci->u.l.savedpc <= L->oldpc || L->oldpc <= p->code ||";

/// What is wrong in a file of Lua: the version, the file, its text, and ours.
///
/// The table of globals is read from the registry without a look at what is there. A script that has taken it out leaves 5.4
/// with an array that may have become shorter, and 5.5 with an undefined value. Older versions find nil, which is an error.
///
/// The `pcall` of 5.1 pushes its first result without asking for room; that of 5.2 asks.
///
/// 5.2 and 5.3 compare the line of this instruction with that of the last one, `L->oldpc`, which is not always of the same
/// function: a count hook that takes itself away leaves one of the hook's own. 5.4 looks whether it can be.
///
/// 5.2 collects garbage when it has entered a function and has not yet read its first instruction. A finalizer that asks for
/// the line, or a hook, then reads what is in memory before the lines or before the code. Hooks assume one instruction more.
///
/// 5.2 looks for the place of a new variable in the list of those that closures share, and then makes it. A collection for
/// want of memory frees dead ones of the list, the one before that place perhaps.
///
/// All compile nested functions by a recursion that takes up to a kilobyte for each level. They count the levels; a thread may have
/// a smaller stack, or not much of it left.
const MENDS: [(Flavour, &str, &str, &str); 12] = [
    (
        Lua51,
        "lparser.c",
        "if (++ls->L->nCcalls > LUAI_MAXCCALLS)",
        "if (++ls->L->nCcalls > LUAI_MAXCCALLS || lupa_stack_is_low())",
    ),
    (Lua52, "lparser.c", C_LEVELS, C_LEVELS_HERE),
    (Lua53, "lparser.c", C_LEVELS, C_LEVELS_HERE),
    (Lua54, "lparser.c", ENTER_LEVEL, ENTER_LEVEL_HERE),
    (Lua55, "lparser.c", ENTER_LEVEL, ENTER_LEVEL_HERE),
    (
        Lua51,
        "lbaselib.c",
        "lua_pushboolean(L, (status == 0));\n  lua_insert(L, 1);",
        "luaL_checkstack(L, 1, \"too many results\");\n  lua_pushboolean(L, (status == 0));\n  lua_insert(L, 1);",
    ),
    (Lua52, "lvm.c", LINE_OF_LAST, LINE_OF_LAST_HERE),
    (
        Lua52,
        "ldo.c",
        "luaC_checkGC(L);  /* stack grow uses memory */\n      if (L->hookmask & LUA_MASKCALL)\n        callhook",
        "ci->u.l.savedpc++;\n      luaC_checkGC(L);\n      ci->u.l.savedpc--;\n      if (L->hookmask & LUA_MASKCALL)\n        callhook",
    ),
    (
        Lua52,
        "lfunc.c",
        "uv = &luaC_newobj(L, LUA_TUPVAL, sizeof(UpVal), pp, 0)->uv;",
        "{
    GCObject *alone = NULL;
    uv = &luaC_newobj(L, LUA_TUPVAL, sizeof(UpVal), &alone, 0)->uv;
    pp = &L->openupval;
    while (*pp != NULL && gco2uv(*pp)->v >= level) pp = &gco2uv(*pp)->next;
    uv->next = *pp;
    *pp = obj2gco(uv);
  }",
    ),
    (Lua53, "ldebug.c", LINE_OF_LAST, LINE_OF_LAST_HERE),
    (
        Lua54,
        "lapi.c",
        "(&hvalue(&G(L)->l_registry)->array[LUA_RIDX_GLOBALS - 1])",
        "(isempty(luaH_getint(hvalue(&G(L)->l_registry), LUA_RIDX_GLOBALS)) \\
         ? &G(L)->nilvalue : luaH_getint(hvalue(&G(L)->l_registry), LUA_RIDX_GLOBALS))",
    ),
    (
        Lua55,
        "lapi.c",
        "lu_byte tag = luaH_getint(registry, LUA_RIDX_GLOBALS, gt);",
        "lu_byte tag = (setnilvalue(gt), luaH_getint(registry, LUA_RIDX_GLOBALS, gt));",
    ),
];

/// Writes the sources as one translation unit, which is faster than separate objects.
pub fn prepare(flavour: Flavour) -> Outcome<LuaSource> {
    let folder = source_folder(flavour)?;
    let unit = PathBuf::from(env::var("OUT_DIR")?).join(format!("{}.c", flavour.name()));
    fs::write(&unit, one_unit(flavour, &folder)?)?;
    Ok(LuaSource {
        include_dirs: vec![folder],
        defines: platform_defines(),
        library: Library::Unit(unit),
        is_bundled: true,
    })
}

/// Compiles the sources, with our C side behind them. `-fno-semantic-interposition` says that no other library replaces a
/// function of Lua here (see `link_symbols_to_this_module`). By itself GCC stops inlining when a unit has grown by some percent,
/// and this one would have grown so far before the functions that matter.
pub fn compile(mut compiler: cc::Build, unit: &Path, c_side: &Path) -> Outcome<()> {
    let mut text = fs::read_to_string(unit)?;
    writeln!(text, "#include \"{}\"", c_side.display())?;
    fs::write(unit, text)?;
    compiler
        .file(unit)
        .opt_level(3)
        .pic(true)
        .warnings(false)
        .flag_if_supported("-Werror=implicit-function-declaration")
        .flag_if_supported("-fexceptions")
        .flag_if_supported("-fno-semantic-interposition")
        .flag_if_supported("--param=inline-unit-growth=100")
        .cargo_metadata(false)
        .try_compile(&archive_name(unit))?;
    Ok(())
}

fn archive_name(unit: &Path) -> String {
    format!("lupa_{}", unit.file_stem().unwrap_or_default().to_string_lossy())
}

/// Where the compiled sources are.
pub fn archive_of(unit: &Path) -> PathBuf {
    unit.with_file_name(format!("lib{}.a", archive_name(unit)))
}

/// The facilities of POSIX, and modules from shared libraries. (`LUA_USE_LINUX` would ask older versions for readline.)
/// None of the macros for compatibility with older versions of Lua.
fn platform_defines() -> Vec<&'static str> {
    if is_unix() { vec!["LUA_USE_POSIX", "LUA_USE_DLOPEN"] } else { vec![] }
}

fn is_unix() -> bool {
    env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix")
}

fn one_unit(flavour: Flavour, folder: &Path) -> Outcome<String> {
    let mut files: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".c"))
        .collect();
    files.sort();
    let mut text = String::new();
    if folder.join("lprefix.h").is_file() {
        text.push_str("#include \"lprefix.h\"");
    }
    if has_feature("selfcheck") {
        text.push_str(SELF_CHECKS);
    }
    text.push_str(if flavour == Lua51 { STATIC_INTERNALS_51 } else { STATIC_INTERNALS });
    text.push_str(DEEPER_CALLS);
    text.push_str(if is_unix() { STACK_LEFT } else { "\n#define lupa_stack_is_low() 0\n" });
    if has_feature("selfcheck") {
        text.push_str(SMALL_STACKS);
        text.push_str(MOVING_BLOCKS);
        text.push_str(one_collection(flavour));
    }
    for file in files {
        match MENDS.iter().find(|(version, name, ..)| (*version, *name) == (flavour, file.as_str())) {
            Some((_, _, theirs, ours)) => text.push_str(&mended(&folder.join(&file), theirs, ours)?),
            None => writeln!(text, "#include \"{file}\"")?,
        }
    }
    Ok(text)
}

fn one_collection(flavour: Flavour) -> &'static str {
    match flavour {
        Lua53 | Lua54 => ONE_COLLECTION,
        Lua55 => ONE_COLLECTION_55,
        _ => "",
    }
}

/// The text of a file with ours instead of theirs, which must be in it once.
pub fn mended(file: &Path, theirs: &str, ours: &str) -> Outcome<String> {
    let text = fs::read_to_string(file)?;
    match text.split_once(theirs) {
        Some((before, after)) if !after.contains(theirs) => Ok(format!("{before}{ours}{after}")),
        _ => Err(format!("{}: {theirs:?} is not there, or not once", file.display()).into()),
    }
}

/// `lua-src` does not say where its sources are, but Cargo knows the folder of each package.
fn source_folder(flavour: Flavour) -> Outcome<PathBuf> {
    let version = match flavour {
        Lua51 => "lua-5.1.5",
        Lua52 => "lua-5.2.4",
        Lua53 => "lua-5.3.6",
        Lua54 => "lua-5.4.9",
        Lua55 => "lua-5.5.1",
        LuaJit20 | LuaJit21 => return Err("LuaJIT is not in lua-src".into()),
    };
    let folder = package_folder("lua-src")?.join(version);
    if !folder.join("lua.h").is_file() {
        return Err(format!("the package lua-src has no {version}").into());
    }
    Ok(folder)
}

pub fn package_folder(package: &str) -> Outcome<PathBuf> {
    let metadata = Command::new(env::var("CARGO")?)
        .args(["metadata", "--offline", "--format-version=1", "--filter-platform", &env::var("HOST")?])
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !metadata.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr)).into());
    }
    String::from_utf8(metadata.stdout)?
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split_once('"'))
        .filter_map(|(path, _)| Some(Path::new(&path.replace("\\\\", "\\")).parent()?.to_owned()))
        .find(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(package)))
        .ok_or_else(|| format!("cargo metadata does not list {package}").into())
}
