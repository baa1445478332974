//! For checked builds: a Rust function for each function of Lua that Rust may call, which calls it and compares what it has
//! done to the stack with `lua/api.tsv`. Where Rust calls it is what the message names.

use std::fmt::Write as _;

use crate::Outcome;
use crate::api_table::Function;
use crate::effects::Effect;

/// The functions, in Rust, from the bindings that they stand before.
pub fn source(bindings: &str, api: &[Function]) -> Outcome<String> {
    let mut text = String::new();
    for function in api.iter().filter(|function| function.has_rust_name) {
        let Some(mask) = Effect::find(&function.effect).and_then(|effect| effect.growths()) else { continue };
        let Some((parameters, result)) = signature(bindings, &function.name) else { continue };
        let names: Vec<&str> =
            parameters.split(',').filter_map(|parameter| Some(parameter.split_once(':')?.0.trim())).collect();
        // lua_gettop is what the checks themselves use.
        let Some(state) = names.first().filter(|_| parameters.contains("lua_State") && function.name != "lua_gettop")
        else {
            continue;
        };
        let (keep, give) = if result.trim().is_empty() { ("", "") } else { ("let result = ", "result\n") };
        writeln!(
            text,
            "#[track_caller]
pub(crate) unsafe fn {name}({parameters}){result} {{
    // SAFETY: promised by the caller.
    unsafe {{
        let before = lua_gettop({state});
        {keep}unchecked::{name}({arguments});
        let place = std::panic::Location::caller();
        super::checks::compare(place, \"{name}\", \"{effect}\", {mask:#x}, lua_gettop({state}) - before);
        {give}    }}
}}",
            name = function.name,
            effect = function.effect,
            arguments = names.join(", "),
        )?;
    }
    Ok(text)
}

/// Parameters and result of a bound function: `L: *mut lua_State`, ` -> c_int`.
fn signature<'a>(bindings: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let declared = bindings
        .split("pub fn ")
        .skip(1)
        .find(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('(')))?;
    let (parameters, result) = declared[declared.find('(')? + 1..declared.find(';')?].rsplit_once(')')?;
    Some((parameters.trim().trim_end_matches(','), result))
}
