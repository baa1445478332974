//! Plain Lua from the sources that the crate `lua-src` carries, compiled with our own flags.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Outcome;
use crate::flavour::{Flavour, Lua51, Lua52, Lua53, Lua54, Lua55, LuaJit20, LuaJit21};
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

/// How deep calls of C functions and of Lua from C may be nested. Lua's own 200 would be 100 calls from Lua to Python and
/// back, since an operation of ours takes two.
const DEEPER_CALLS: &str = "
#include \"luaconf.h\"
#undef LUAI_MAXCCALLS
#define LUAI_MAXCCALLS 400
";

/// Compiles the sources as one translation unit, which is faster than separate objects.
pub fn build(flavour: Flavour) -> Outcome<LuaSource> {
    let folder = source_folder(flavour)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let unit = out.join(format!("{}.c", flavour.name()));
    fs::write(&unit, one_unit(flavour, &folder)?)?;
    let name = format!("lupa_{}", flavour.name());
    let lua = LuaSource {
        include_dirs: vec![folder],
        defines: platform_defines(),
        library: Library::Archive(out.join(format!("lib{name}.a"))),
    };
    lua.compiler()
        .file(unit)
        .opt_level(3)
        .warnings(false)
        .flag_if_supported("-Werror=implicit-function-declaration")
        .cargo_metadata(false)
        .try_compile(&name)?;
    Ok(lua)
}

/// The facilities of POSIX, and modules from shared libraries. (`LUA_USE_LINUX` would ask older versions for readline.)
/// None of the macros for compatibility with older versions of Lua.
fn platform_defines() -> Vec<&'static str> {
    match env::var("CARGO_CFG_TARGET_FAMILY").as_deref() {
        Ok("unix") => vec!["LUA_USE_POSIX", "LUA_USE_DLOPEN"],
        _ => vec![],
    }
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
    text.push_str(if flavour == Lua51 { STATIC_INTERNALS_51 } else { STATIC_INTERNALS });
    text.push_str(DEEPER_CALLS);
    for file in files {
        writeln!(text, "#include \"{file}\"")?;
    }
    Ok(text)
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

fn package_folder(package: &str) -> Outcome<PathBuf> {
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
