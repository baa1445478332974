//! Finds libclang for bindgen, and the builtin headers that a bare libclang lacks.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Makes libclang findable: `LIBCLANG_PATH`, else what bindgen finds by itself, else the PyPI package `libclang` in
/// the building Python.
///
/// The path found in Python is not a dependency of the build: it lies in a folder that pip deletes afterwards.
pub fn locate() -> Outcome<()> {
    println!("cargo::rerun-if-env-changed=LIBCLANG_PATH");
    if env::var_os("LIBCLANG_PATH").is_some() || clang_sys::load().is_ok() {
        return Ok(());
    }
    let folder = in_python().ok_or(
        "libclang is needed to read Lua's headers: install it with `python -m pip install libclang`, \
         or set LIBCLANG_PATH to the folder that holds it",
    )?;
    // SAFETY: a build script is single threaded here, nothing reads the environment meanwhile.
    unsafe { env::set_var("LIBCLANG_PATH", folder) };
    Ok(())
}

/// The folder of the Python package `libclang`.
fn in_python() -> Option<String> {
    let program = "from importlib.util import find_spec as f; print(*f('clang.native').submodule_search_locations)";
    output_of(python().args(["-c", program]))
}

/// The Python that the crate is built for.
pub fn python() -> Command {
    Command::new(env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".into()))
}

/// Arguments that show libclang the C compiler's own headers (`stddef.h`, `stdarg.h`).
pub fn builtin_headers(compiler: &Path) -> Vec<String> {
    output_of(Command::new(compiler).arg("-print-file-name=include"))
        .filter(|folder| Path::new(folder).is_dir())
        .map(|folder| vec!["-isystem".into(), folder])
        .unwrap_or_default()
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
