//! The seven runtimes, and which of them (or the core) this build is for.

use std::env;

use crate::Outcome;

/// A Lua that the crate can be built for; one Cargo feature each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Lua51,
    Lua52,
    Lua53,
    Lua54,
    Lua55,
    LuaJit20,
    LuaJit21,
}

pub use Flavour::*;

/// What is being built: a runtime module, or the module that all of them share.
pub enum Build {
    Core,
    Runtime(Flavour),
}

const ALL: [Flavour; 7] = [Lua51, Lua52, Lua53, Lua54, Lua55, LuaJit20, LuaJit21];

impl Build {
    /// Exactly one feature names what is built.
    pub fn from_features() -> Outcome<Self> {
        let mut wanted: Vec<Build> =
            ALL.into_iter().filter(|flavour| has_feature(flavour.name())).map(Build::Runtime).collect();
        if has_feature("core") {
            wanted.push(Build::Core);
        }
        match (wanted.pop(), wanted.is_empty()) {
            (Some(build), true) => Ok(build),
            _ => Err("choose exactly one of the features lua51 lua52 lua53 lua54 lua55 luajit20 luajit21 core".into()),
        }
    }
}

pub fn has_feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
}

impl Flavour {
    /// The name of the Cargo feature and of the Python module.
    pub fn name(self) -> &'static str {
        match self {
            Lua51 => "lua51",
            Lua52 => "lua52",
            Lua53 => "lua53",
            Lua54 => "lua54",
            Lua55 => "lua55",
            LuaJit20 => "luajit20",
            LuaJit21 => "luajit21",
        }
    }

    /// The flavour as the column `versions` of `lua/api.tsv` writes it.
    pub fn api_version(self) -> &'static str {
        match self {
            Lua51 => "51",
            Lua52 => "52",
            Lua53 => "53",
            Lua54 => "54",
            Lua55 => "55",
            LuaJit20 => "jit20",
            LuaJit21 => "jit21",
        }
    }

    pub fn is_luajit(self) -> bool {
        matches!(self, LuaJit20 | LuaJit21)
    }

    /// Under which names pkg-config may know it, the most common first.
    pub fn pkg_config_names(self) -> &'static [&'static str] {
        match self {
            Lua51 => &["lua5.1", "lua-5.1", "lua51"],
            Lua52 => &["lua5.2", "lua-5.2", "lua52"],
            Lua53 => &["lua5.3", "lua-5.3", "lua53"],
            Lua54 => &["lua5.4", "lua-5.4", "lua54"],
            Lua55 => &["lua5.5", "lua-5.5", "lua55"],
            LuaJit20 | LuaJit21 => &["luajit"],
        }
    }
}
