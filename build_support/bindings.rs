//! Generates the Rust names of Lua's functions and of our own C bodies, and compiles the bodies.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use bindgen::callbacks::ParseCallbacks;
use bindgen::{EnumVariation, MacroTypeVariation};

use crate::flavour::{Flavour, has_feature};
use crate::headers::Declaration;
use crate::lua_source::{Library, LuaSource};
use crate::{Outcome, api_table, bundled_lua, c_side, checked_calls, libclang};

const WRAPPER: &str = "wrapper.h";

/// Types that Rust names by itself; those in the signatures of the allowed functions come along anyway.
const TYPES: &str = "Lupa.*|lua_(State|Integer|Unsigned|Number|CFunction|Alloc|Debug|KContext|KFunction|Reader|Writer|Hook|WarnFunction)|luaL_Reg";

/// Writes `bindings.rs` to `OUT_DIR` and links the compiled bodies.
///
/// The functions keep the ABI `C`, which states that they do not unwind: those that may raise (on LuaJIT and on a Lua
/// compiled as C++ an error unwinds for real) have no Rust name, and nothing that has one lets an error through.
pub fn generate(flavour: Flavour, lua: &LuaSource, declarations: &[Declaration]) -> Outcome<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let bodies = out.join("bodies.c");
    let api = api_table::functions(flavour)?;
    let mut defines = our_defines(flavour);
    if sees_unknown(lua) {
        defines.push("LUPA_SEES_UNKNOWN");
        println!("cargo::rustc-cfg=lupa_sees_unknown");
        println!("cargo::rustc-link-arg-cdylib=-Wl,--wrap=dlopen");
        if !flavour.is_luajit() && !spoils_what_is_freed() {
            println!("cargo::rustc-cfg=lupa_keeps_blocks");
        }
    }
    let mut c_side = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    c_side::rerun_if_changed();
    if has_feature("checked") {
        defines.push("LUPA_WITH_CHECKS");
        c_side = out.join("checked");
        c_side::write_checked(&c_side, &api, declarations)?;
    }
    libclang::locate()?;
    let mut builder = bindgen::Builder::default()
        .header(c_side.join(WRAPPER).to_string_lossy())
        .clang_args(lua.include_dirs.iter().map(|dir| format!("-I{}", dir.display())))
        .clang_args(lua.defines.iter().chain(&defines).map(|name| format!("-D{name}=1")))
        .clang_args(libclang::builtin_headers(lua.compiler().get_compiler().path()))
        .parse_callbacks(Box::new(WatchedFiles))
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
    for function in api.iter().filter(|function| function.has_rust_name) {
        builder = builder.allowlist_function(&function.name);
    }
    for function in c_side::raising()? {
        builder = builder.blocklist_function(function);
    }
    let bindings = builder.generate()?.to_string();
    fs::write(out.join("bindings.rs"), &bindings)?;
    if has_feature("checked") {
        fs::write(out.join("checked_calls.rs"), checked_calls::source(&bindings, &api)?)?;
    }
    compile(lua, &defines, &bodies)
}

/// Is all native code known that Lua runs, until a script loads some, which is noticed (`lua/unknown.h`)? What is in a Lua of others is
/// not known.
fn sees_unknown(lua: &LuaSource) -> bool {
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    has_feature("python") && lua.is_bundled && target("OS") == "linux" && target("ENV") == "gnu"
}

/// Are there checks that look at memory which Lua has freed? They would not see it while it is kept.
fn spoils_what_is_freed() -> bool {
    println!("cargo::rerun-if-env-changed=CFLAGS");
    has_feature("selfcheck") || env::var("CFLAGS").is_ok_and(|flags| flags.contains("-fsanitize"))
}

/// Has Cargo watch the headers of Lua. Ours are watched where they come from, not where a checked build puts them.
#[derive(Debug)]
struct WatchedFiles;

impl ParseCallbacks for WatchedFiles {
    fn include_file(&self, file: &str) {
        let is_generated = env::var("OUT_DIR").is_ok_and(|out| file.starts_with(&out));
        if !is_generated {
            println!("cargo::rerun-if-changed={file}");
        }
    }
}

/// What `wrapper.h` sees of the features.
fn our_defines(flavour: Flavour) -> Vec<&'static str> {
    if flavour.is_luajit() { vec!["LUPA_LUAJIT"] } else { vec![] }
}

/// Compiles the file that bindgen wrote: `wrapper.h` and one callable function for each static one. Where it becomes a part of
/// the unit with Lua it is compiled by itself too, not for the module: its warnings are for us, and what it needs of Lua is
/// compared with `lua/api.tsv`.
fn compile(lua: &LuaSource, defines: &[&str], bodies: &Path) -> Outcome<()> {
    let mut compiler = lua.compiler();
    for name in defines {
        compiler.define(name, "1");
    }
    if let Library::Unit(unit) = &lua.library {
        bundled_lua::compile(compiler.clone(), unit, bodies)?;
        compiler.cargo_metadata(false);
    }
    if bodies.is_file() {
        compiler
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
