//! LuaJIT by its own makefile: 2.1 from the crate `luajit-src`, 2.0 from a folder of sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Outcome;
use crate::bundled_lua::package_folder;
use crate::flavour::{Flavour, LuaJit20, LuaJit21, has_feature};
use crate::libclang::python;
use crate::lua_source::{Library, LuaSource, path_variable};
use crate::luajit_mends;

/// LuaJIT checks how it is used, and that it is consistent itself; the same as `debug` of `luajit-src`.
const SELF_CHECKS: &str = "-DLUA_USE_APICHECK -DLUA_USE_ASSERT";

pub fn build(flavour: Flavour) -> Outcome<LuaSource> {
    share_jobs_with_cargo();
    if flavour == LuaJit21 && !luajit_mends::are_known() {
        return Ok(build_unchanged_21());
    }
    let tree = if flavour == LuaJit20 { source_tree_20()? } else { source_tree_21()? };
    let copy = PathBuf::from(env::var("OUT_DIR")?).join(flavour.name());
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    copy_folder(&tree, &copy)?;
    if flavour == LuaJit21 {
        // A checkout has the version in its history, the crate in a file.
        fs::copy(package_folder("luajit-src")?.join("luajit_relver.txt"), copy.join(".relver"))?;
    }
    let src = copy.join("src");
    if luajit_mends::are_known() {
        luajit_mends::apply(flavour, &src)?;
    }
    make(flavour, &src)?;
    Ok(source(src.clone(), src.join("libluajit.a")))
}

/// Lets make compile in parallel, within the jobs that Cargo was given.
fn share_jobs_with_cargo() {
    if let Ok(flags) = env::var("CARGO_MAKEFLAGS") {
        // SAFETY: a build script is single threaded here, nothing reads the environment meanwhile.
        unsafe { env::set_var("MAKEFLAGS", flags) };
    }
}

/// By the crate, which knows how to build for many machines.
fn build_unchanged_21() -> LuaSource {
    let artifacts = luajit_src::Build::new().debug(has_feature("selfcheck")).build();
    source(artifacts.include_dir().to_owned(), artifacts.lib_dir().join("libluajit.a"))
}

fn source(include_dir: PathBuf, archive: PathBuf) -> LuaSource {
    LuaSource { include_dirs: vec![include_dir], defines: vec![], library: Library::Archive(archive), is_bundled: true }
}

fn source_tree_21() -> Outcome<PathBuf> {
    Ok(package_folder("luajit-src")?.join("luajit2"))
}

/// The folder that the builder names, else the one that `luajit20.py` keeps in the user's cache.
fn source_tree_20() -> Outcome<PathBuf> {
    let tree = match path_variable("LUPA_LUAJIT20_SOURCE") {
        Some(tree) => tree,
        None => fetched_tree()?,
    };
    if !tree.join("src/luajit.h").is_file() {
        return Err(format!("LuaJIT 2.0: there is no src/luajit.h in {}", tree.display()).into());
    }
    println!("cargo::rerun-if-changed={}", tree.display());
    Ok(tree)
}

fn fetched_tree() -> Outcome<PathBuf> {
    let output = python().arg("build_support/luajit20.py").output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn make(flavour: Flavour, src: &Path) -> Outcome<()> {
    let checks = if has_feature("selfcheck") { SELF_CHECKS } else { "" };
    let flags = builders_flags(flavour);
    let compiler = cc::Build::new().get_compiler();
    let status = Command::new("make")
        .current_dir(src)
        .arg("libluajit.a")
        .arg(format!("CFLAGS=-O3 -fPIC {checks} {flags}"))
        .arg(format!("CC={}", compiler.path().display()))
        .status()
        .map_err(|error| format!("make, which LuaJIT needs, cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("LuaJIT: make failed with {status}").into());
    }
    Ok(())
}

/// What the builder wants of the compiler. LuaJIT 2.0 compares strings a word at a time, past their ends, which AddressSanitizer
/// takes for a mistake; 2.1 marks these functions.
fn builders_flags(flavour: Flavour) -> String {
    let flags = env::var("CFLAGS").unwrap_or_default();
    let suits = |flag: &&str| flavour != LuaJit20 || !flag.starts_with("-fsanitize=");
    flags.split_whitespace().filter(suits).collect::<Vec<_>>().join(" ")
}

fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
