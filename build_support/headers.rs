//! Which Lua a folder of headers belongs to, asked of the C preprocessor.

use std::{env, fs, path::PathBuf};

use crate::Outcome;
use crate::flavour::Flavour;
use crate::lua_source::LuaSource;

/// Each known version leaves one word in the preprocessed text; `LUA_VERSION_NUM` itself is an expression on 5.5.
const PROBE: &str = "
#include <lua.h>
#if defined(LUAJIT_VERSION_NUM) && LUAJIT_VERSION_NUM >= 20100
found_luajit21
#elif defined(LUAJIT_VERSION_NUM)
found_luajit20
#elif LUA_VERSION_NUM == 501
found_lua51
#elif LUA_VERSION_NUM == 502
found_lua52
#elif LUA_VERSION_NUM == 503
found_lua53
#elif LUA_VERSION_NUM == 504
found_lua54
#elif LUA_VERSION_NUM == 505
found_lua55
#endif
";

/// Fails unless the headers of `lua` are those of `flavour`.
pub fn check(flavour: Flavour, lua: &LuaSource) -> Outcome<()> {
    let probe = PathBuf::from(env::var("OUT_DIR")?).join("probe.c");
    let is_luajit = lua.include_dirs.iter().any(|dir| dir.join("luajit.h").is_file());
    let first_line = if is_luajit { "#include <luajit.h>" } else { "" };
    fs::write(&probe, format!("{first_line}{PROBE}"))?;
    let text = lua.compiler().file(&probe).try_expand()?;
    let text = String::from_utf8_lossy(&text);
    let found =
        text.split_whitespace().find_map(|word| word.strip_prefix("found_")).unwrap_or("none of the known versions");
    if found == flavour.name() {
        return Ok(());
    }
    Err(format!(
        "feature {} is on, but the headers in {} are those of {found}",
        flavour.name(),
        lua.include_dirs_text()
    )
    .into())
}
