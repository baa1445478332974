//! Compiles what has to be in C for other reasons than Lua's errors.

use crate::Outcome;
use crate::flavour::has_feature;

const NATIVE_STACK: &str = "src/lua/native_stack.c";
const GIL: &str = "src/py/gil.c";

/// Without the tables for exceptions a thread that Python ends would skip the handlers of `gil.c`, or pay for each of them.
pub fn compile() -> Outcome<()> {
    if !std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix") {
        return Ok(());
    }
    let sources = if has_feature("python") { vec![NATIVE_STACK, GIL] } else { vec![NATIVE_STACK] };
    for file in &sources {
        println!("cargo::rerun-if-changed={file}");
    }
    cc::Build::new()
        .files(sources)
        .opt_level(2)
        .pic(true)
        .flag_if_supported("-fexceptions")
        .warnings(true)
        .extra_warnings(true)
        .try_compile("lupa_native")?;
    Ok(())
}
