//! Reads `lua/api.tsv`, the table of all functions of the Lua C API.

use std::fs;

use crate::Outcome;
use crate::flavour::Flavour;

const PATH: &str = "lua/api.tsv";
const HEADER: [&str; 7] = ["function", "effect", "versions", "used", "rust", "manual", "remark"];

/// What the table says of a function, for one flavour.
pub struct Function {
    pub name: String,
    /// `[-pops, +pushes, raises]`
    pub effect: String,
    pub has_rust_name: bool,
    /// Not declared by every release, or only where the headers are told to be compatible with an older version.
    pub is_optional: bool,
}

/// The functions that `flavour` has.
pub fn functions(flavour: Flavour) -> Outcome<Vec<Function>> {
    println!("cargo::rerun-if-changed={PATH}");
    let text = fs::read_to_string(PATH)?;
    let mut rows = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split('\t').collect::<Vec<_>>());
    if rows.next().as_deref() != Some(&HEADER) {
        return Err(format!("{PATH}: the columns must be {HEADER:?}").into());
    }
    let mut functions = Vec::new();
    for row in rows {
        let &[name, effect, versions, _, rust, ..] = row.as_slice() else {
            return Err(format!("{PATH}: too few columns: {row:?}").into());
        };
        if let Some(is_optional) = version_in(versions, flavour) {
            functions.push(Function {
                name: name.to_owned(),
                effect: effect.to_owned(),
                has_rust_name: has_rust_name(rust)?,
                is_optional,
            });
        }
    }
    Ok(functions)
}

/// Whether the flavour is among the versions, and if so, with a question mark?
fn version_in(versions: &str, flavour: Flavour) -> Option<bool> {
    versions
        .split(',')
        .find(|version| *version == "all" || version.trim_end_matches('?') == flavour.api_version())
        .map(|version| version.ends_with('?'))
}

fn has_rust_name(rust: &str) -> Outcome<bool> {
    match rust {
        "yes" | "guarded" => Ok(true),
        "c" | "-" => Ok(false),
        other => Err(format!("{PATH}: column rust: {other:?} is none of yes, guarded, c, -").into()),
    }
}
