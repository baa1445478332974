//! Compiles what has to be in C for other reasons than Lua's errors. All modules need it, also `lupa._core`.

use crate::Outcome;

const SOURCES: [&str; 2] = ["src/py/gil.c", "src/py/native_stack.c"];

/// Without the tables for exceptions a thread that Python ends would skip the handlers of `gil.c`, or pay for each of them.
pub fn compile() -> Outcome<()> {
    if !std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix") {
        return Ok(());
    }
    for file in SOURCES {
        println!("cargo::rerun-if-changed={file}");
    }
    cc::Build::new()
        .files(SOURCES)
        .opt_level(2)
        .pic(true)
        .flag_if_supported("-fexceptions")
        .warnings(true)
        .extra_warnings(true)
        .try_compile("lupa_native")?;
    Ok(())
}
