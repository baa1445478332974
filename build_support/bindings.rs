//! Generates the Rust names of Lua's functions and of our own C bodies, and compiles the bodies.

use std::env;
use std::path::{Path, PathBuf};

use bindgen::{EnumVariation, MacroTypeVariation};

use crate::flavour::Flavour;
use crate::lua_source::LuaSource;
use crate::{Outcome, api_table, libclang};

const WRAPPER: &str = "wrapper.h";

/// Types that Rust names by itself; those in the signatures of the allowed functions come along anyway.
const TYPES: &str = "Lupa.*|lua_(State|Integer|Unsigned|Number|CFunction|Alloc|Debug|KContext|KFunction|Reader|Writer|Hook|WarnFunction)|luaL_Reg";

/// Writes `bindings.rs` to `OUT_DIR` and links the compiled bodies.
///
/// The functions keep the ABI `C`, which states that they do not unwind: those that may raise (on LuaJIT and on a Lua
/// compiled as C++ an error unwinds for real) have no Rust name, and nothing that has one lets an error through.
pub fn generate(flavour: Flavour, lua: &LuaSource) -> Outcome<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let bodies = out.join("bodies.c");
    let defines = our_defines(flavour);
    libclang::locate()?;
    let mut builder = bindgen::Builder::default()
        .header(WRAPPER)
        .clang_args(lua.include_dirs.iter().map(|dir| format!("-I{}", dir.display())))
        .clang_args(lua.defines.iter().chain(&defines).map(|name| format!("-D{name}=1")))
        .clang_args(libclang::builtin_headers(lua.compiler().get_compiler().path()))
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
        .wrap_static_fns(true)
        .wrap_static_fns_path(&bodies)
        .default_enum_style(EnumVariation::Consts)
        .prepend_enum_name(false)
        .default_macro_constant_type(MacroTypeVariation::Signed)
        .allowlist_function("lupa_.*")
        .allowlist_type(TYPES)
        .allowlist_var("LUA_.*|LUPA_.*|LUAJIT_.*")
        .layout_tests(false)
        .generate_comments(false)
        .use_core();
    for function in api_table::callable_from_rust(flavour)? {
        builder = builder.allowlist_function(function);
    }
    builder.generate()?.write_to_file(out.join("bindings.rs"))?;
    compile(lua, &defines, &bodies)
}

/// What `wrapper.h` sees of the features.
fn our_defines(flavour: Flavour) -> Vec<&'static str> {
    if flavour.is_luajit() { vec!["LUPA_LUAJIT"] } else { vec![] }
}

/// Compiles the file that bindgen wrote: `wrapper.h` and one callable function for each static one.
fn compile(lua: &LuaSource, defines: &[&str], bodies: &Path) -> Outcome<()> {
    let mut compiler = lua.compiler();
    for name in defines {
        compiler.define(name, "1");
    }
    // bindgen includes wrapper.h by the path that it was given.
    if bodies.is_file() {
        compiler
            .include(env::var("CARGO_MANIFEST_DIR")?)
            .file(bodies)
            .opt_level(2)
            .pic(true)
            .flag_if_supported("-fexceptions")
            .warnings(true)
            .extra_warnings(true)
            .try_compile("lupa_bodies")?;
    }
    Ok(())
}
