//! Builds what the crate needs of Lua: the library itself, its bindings, and our C bodies.
//!
//! The steps are in `build_support/*.rs`: which flavour is wanted (`flavour`), where its Lua comes from (`lua_source`
//! and the two `bundled_*` files), whether the headers are those of the flavour (`headers`), and what is generated
//! from them (`bindings`). Which flavours make up the Python package is decided in `setup.py`, not here.

#[path = "build_support/api_table.rs"]
mod api_table;
#[path = "build_support/bindings.rs"]
mod bindings;
#[path = "build_support/bundled_lua.rs"]
mod bundled_lua;
#[path = "build_support/bundled_luajit.rs"]
mod bundled_luajit;
#[path = "build_support/c_side.rs"]
mod c_side;
#[path = "build_support/checked_calls.rs"]
mod checked_calls;
#[path = "build_support/effects.rs"]
mod effects;
#[path = "build_support/flavour.rs"]
mod flavour;
#[path = "build_support/headers.rs"]
mod headers;
#[path = "build_support/libclang.rs"]
mod libclang;
#[path = "build_support/lua_source.rs"]
mod lua_source;
#[path = "build_support/luajit_mends.rs"]
mod luajit_mends;
#[path = "build_support/native.rs"]
mod native;

use std::error::Error;
use std::process::ExitCode;

use flavour::Build;

/// Every step fails with a sentence for the person who builds.
type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Outcome<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build_support");
    println!("cargo::rustc-check-cfg=cfg(lupa_sees_unknown, lupa_keeps_blocks)");
    match Build::from_features()? {
        Build::Core => println!("cargo::rustc-env=LUPA_FLAVOUR=core"),
        Build::Runtime(flavour) => {
            let lua = lua_source::find(flavour)?;
            let declarations = headers::check(flavour, &lua)?;
            println!("cargo::rustc-env=LUPA_FLAVOUR={}", flavour.name());
            bindings::generate(flavour, &lua, &declarations)?;
            lua.link();
        }
    }
    native::compile()?;
    link_symbols_to_this_module();
    Ok(())
}

/// Modules loaded with `RTLD_GLOBAL` must not capture each other's Lua, so that each binds to its own symbols first.
fn link_symbols_to_this_module() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix")
        && std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor != "apple")
    {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-Bsymbolic");
    }
}
