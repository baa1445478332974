//! Where the headers and the library of Lua come from.
//!
//! In this order: what the builder names (`LUPA_LUA_INCLUDES`, `LUPA_LUA_LIB`), a Lua of the system when that is asked
//! for (`LUPA_NO_BUNDLE`, by pkg-config), the bundled sources otherwise (`LUPA_USE_BUNDLE` asks for them explicitly).

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::flavour::Flavour;
use crate::{Outcome, bundled_lua, bundled_luajit};

/// Headers and library of one Lua.
pub struct LuaSource {
    pub include_dirs: Vec<PathBuf>,
    /// C macros that the library was compiled with and its headers must see too.
    pub defines: Vec<&'static str>,
    pub library: Library,
    /// Its sources came with the crate.
    pub is_bundled: bool,
}

pub enum Library {
    /// A C file with all of Lua, which is compiled as one translation unit with our C side: that calls functions of Lua for a
    /// few instructions each, and the compiler sees through such calls.
    Unit(PathBuf),
    /// An archive that becomes a part of the module.
    Archive(PathBuf),
    /// A shared library that the module loads.
    Shared(PathBuf),
    /// Whatever pkg-config says: `-L`, `-l`.
    PkgConfig(Vec<String>),
}

pub fn find(flavour: Flavour) -> Outcome<LuaSource> {
    let includes = path_variable("LUPA_LUA_INCLUDES");
    let library = path_variable("LUPA_LUA_LIB");
    let use_bundle = is_set("LUPA_USE_BUNDLE");
    let no_bundle = is_set("LUPA_NO_BUNDLE");
    match (includes, library) {
        (Some(_), Some(_)) if use_bundle => {
            Err("LUPA_USE_BUNDLE contradicts LUPA_LUA_INCLUDES and LUPA_LUA_LIB".into())
        }
        (Some(includes), Some(library)) => named(includes, library),
        (None, None) if use_bundle && no_bundle => Err("LUPA_USE_BUNDLE contradicts LUPA_NO_BUNDLE".into()),
        (None, None) if no_bundle => from_system(flavour),
        (None, None) if flavour.is_luajit() => bundled_luajit::build(flavour),
        (None, None) => bundled_lua::prepare(flavour),
        _ => Err("LUPA_LUA_INCLUDES and LUPA_LUA_LIB must be given together".into()),
    }
}

/// The value of a variable that names a path, unless it is empty.
pub fn path_variable(name: &str) -> Option<PathBuf> {
    println!("cargo::rerun-if-env-changed={name}");
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Whether a switch is on: set, and neither empty nor `0`.
fn is_set(name: &str) -> bool {
    path_variable(name).is_some_and(|value| value != Path::new("0"))
}

fn named(includes: PathBuf, library: PathBuf) -> Outcome<LuaSource> {
    if !includes.join("lua.h").is_file() {
        return Err(format!("LUPA_LUA_INCLUDES: there is no lua.h in {}", includes.display()).into());
    }
    if !library.is_file() {
        return Err(format!("LUPA_LUA_LIB: {} is no file", library.display()).into());
    }
    println!("cargo::rerun-if-changed={}", includes.display());
    println!("cargo::rerun-if-changed={}", library.display());
    let library = library.canonicalize()?;
    let is_archive = library.extension().is_some_and(|extension| extension == "a" || extension == "lib");
    Ok(LuaSource {
        include_dirs: vec![includes.canonicalize()?],
        defines: vec![],
        library: if is_archive { Library::Archive(library) } else { Library::Shared(library) },
        is_bundled: false,
    })
}

fn from_system(flavour: Flavour) -> Outcome<LuaSource> {
    let names = flavour.pkg_config_names();
    let name = names
        .iter()
        .find(|name| pkg_config(&["--exists", name]).is_some())
        .ok_or_else(|| format!("pkg-config knows no {}: tried {}", flavour.name(), names.join(", ")))?;
    let words = |option| pkg_config(&[option, name]).unwrap_or_default();
    let include_dirs = words("--cflags-only-I")
        .split_whitespace()
        .filter_map(|flag| flag.strip_prefix("-I").map(PathBuf::from))
        .collect();
    let flags = words("--libs").split_whitespace().map(str::to_owned).collect();
    Ok(LuaSource { include_dirs, defines: vec![], library: Library::PkgConfig(flags), is_bundled: false })
}

fn pkg_config(arguments: &[&str]) -> Option<String> {
    let program = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

impl LuaSource {
    /// A C compiler set up for these headers.
    pub fn compiler(&self) -> cc::Build {
        let mut compiler = cc::Build::new();
        compiler.includes(&self.include_dirs).cargo_warnings(true);
        for name in &self.defines {
            compiler.define(name, None);
        }
        compiler
    }

    pub fn include_dirs_text(&self) -> String {
        let dirs: Vec<_> = self.include_dirs.iter().map(|dir| dir.display().to_string()).collect();
        if dirs.is_empty() { "the system's folders".into() } else { dirs.join(", ") }
    }

    /// Links the library. Comes after our C bodies on the command line, since they call it.
    pub fn link(&self) {
        match &self.library {
            Library::Unit(source) => link_archive(&bundled_lua::archive_of(source)),
            Library::Archive(path) => link_archive(path),
            Library::Shared(path) => link_shared(path),
            Library::PkgConfig(flags) => flags.iter().for_each(|flag| link_flag(flag)),
        }
        if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
            println!("cargo::rustc-link-lib=m");
            println!("cargo::rustc-link-lib=dl");
        }
    }
}

/// Takes the whole archive in and exports its symbols: modules written for Lua in C look them up in the process.
fn link_archive(path: &Path) {
    link_file("static:+whole-archive,+export-symbols,+verbatim", path);
}

fn link_shared(path: &Path) {
    link_file("dylib:+verbatim", path);
    if let Some(folder) = path.parent() {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-rpath,{}", folder.display());
    }
}

fn link_file(kind: &str, path: &Path) {
    if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib={kind}={}", name.to_string_lossy());
    }
}

fn link_flag(flag: &str) {
    if let Some(folder) = flag.strip_prefix("-L") {
        println!("cargo::rustc-link-search=native={folder}");
    } else if let Some(name) = flag.strip_prefix("-l") {
        println!("cargo::rustc-link-lib={name}");
    }
}
