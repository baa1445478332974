//! Reads `lua/api.tsv`, the table of all Lua C functions that the crate may name.

use std::fs;

use crate::Outcome;
use crate::flavour::Flavour;

const PATH: &str = "lua/api.tsv";
const HEADER: [&str; 6] = ["function", "effect", "raises", "versions", "rust", "condition"];

/// The functions that `flavour` has and that Rust may call: those with `yes` or `guarded` in the column `rust`.
pub fn callable_from_rust(flavour: Flavour) -> Outcome<Vec<String>> {
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
        let &[function, _, _, versions, rust, ..] = row.as_slice() else {
            return Err(format!("{PATH}: too few columns: {row:?}").into());
        };
        if has_version(versions, flavour) && is_callable(rust)? {
            functions.push(function.to_owned());
        }
    }
    Ok(functions)
}

fn has_version(versions: &str, flavour: Flavour) -> bool {
    versions == "all" || versions.split(',').any(|version| version == flavour.api_version())
}

fn is_callable(rust: &str) -> Outcome<bool> {
    match rust {
        "yes" | "guarded" => Ok(true),
        "c" => Ok(false),
        other => Err(format!("{PATH}: column rust: {other:?} is none of yes, guarded, c").into()),
    }
}
