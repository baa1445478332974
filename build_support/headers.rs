//! What the headers of Lua say, asked of the C preprocessor: which Lua they belong to, and which functions they declare.

use std::collections::BTreeSet;
use std::{env, fs, path::PathBuf};

use crate::Outcome;
use crate::api_table;
use crate::flavour::Flavour;
use crate::lua_source::LuaSource;

/// Each known version leaves one word in the preprocessed text; `LUA_VERSION_NUM` itself is an expression on 5.5.
const PROBE: &str = "
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
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

/// A function that the headers declare.
pub struct Declaration {
    pub name: String,
    pub returns_nothing: bool,
    /// Its first parameter is a state.
    pub has_state: bool,
}

/// The functions of Lua that the headers declare. Fails unless the headers are those of `flavour`.
pub fn check(flavour: Flavour, lua: &LuaSource) -> Outcome<Vec<Declaration>> {
    let text = preprocessed(lua)?;
    let found =
        text.split_whitespace().find_map(|word| word.strip_prefix("found_")).unwrap_or("none of the known versions");
    if found != flavour.name() {
        return Err(format!(
            "feature {} is on, but the headers in {} are those of {found}",
            flavour.name(),
            lua.include_dirs_text()
        )
        .into());
    }
    let declarations: Vec<_> = text.split(';').filter_map(declaration).collect();
    compare_with_table(flavour, lua, &declarations)?;
    Ok(declarations)
}

fn preprocessed(lua: &LuaSource) -> Outcome<String> {
    let probe = PathBuf::from(env::var("OUT_DIR")?).join("probe.c");
    let is_luajit = lua.include_dirs.iter().any(|dir| dir.join("luajit.h").is_file());
    let first_line = if is_luajit { "#include <luajit.h>" } else { "" };
    fs::write(&probe, format!("{first_line}{PROBE}"))?;
    let text = lua.compiler().file(&probe).try_expand()?;
    let lines = String::from_utf8_lossy(&text);
    Ok(lines.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" "))
}

/// `extern int (lua_next) (lua_State *L, int idx)`, or without the first parentheses.
fn declaration(statement: &str) -> Option<Declaration> {
    if statement.contains("typedef") {
        return None;
    }
    let (start, name, parameters) =
        ["(lua", " lua", "*lua"].iter().find_map(|beginning| name_and_parameters(statement, beginning))?;
    let result = statement[..start].trim_end_matches(['(', ' ']);
    // A symbol that tells releases of LuaJIT apart.
    if name.starts_with("luaJIT_version_") {
        return None;
    }
    Some(Declaration {
        name,
        returns_nothing: result.ends_with("void"),
        has_state: parameters.trim_start().starts_with("lua_State"),
    })
}

/// The first name that begins so and is followed by parameters: where it is, the name, and what follows.
fn name_and_parameters<'a>(statement: &'a str, beginning: &str) -> Option<(usize, String, &'a str)> {
    statement.match_indices(beginning).find_map(|(before, _)| {
        let start = before + 1;
        let name: String = statement[start..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let rest = statement[start + name.len()..].trim_start();
        let parameters = rest.strip_prefix(')').unwrap_or(rest).trim_start().strip_prefix('(')?;
        Some((start, name, parameters))
    })
}

/// The table has what the headers have. Bundled headers are as they are; those of others may have more or less.
fn compare_with_table(flavour: Flavour, lua: &LuaSource, declarations: &[Declaration]) -> Outcome<()> {
    let table = api_table::functions(flavour)?;
    let declared: BTreeSet<&str> = declarations.iter().map(|each| each.name.as_str()).collect();
    let listed: BTreeSet<&str> = table.iter().map(|each| each.name.as_str()).collect();
    let optional: BTreeSet<&str> =
        table.iter().filter(|each| each.is_optional).map(|each| each.name.as_str()).collect();
    let unknown: Vec<_> = declared.difference(&listed).collect();
    let missing: Vec<_> = listed.difference(&declared).filter(|name| !optional.contains(*name)).collect();
    if unknown.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let difference = format!(
        "lua/api.tsv and the headers of {} differ: not in the table {unknown:?}, not in the headers {missing:?}",
        flavour.name()
    );
    if lua.is_bundled {
        return Err(difference.into());
    }
    println!("cargo::warning={difference}");
    Ok(())
}
