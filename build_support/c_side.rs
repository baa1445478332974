//! Reads the functions of our C side and the effects that their comments state: which of them Rust may name, and, for checked
//! builds, a copy in which each function is compared with what it states.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::api_table;
use crate::effects::Effect;
use crate::headers::Declaration;

const WRAPPER: &str = "wrapper.h";
const FOLDER: &str = "lua";
/// What the checks themselves consist of.
const CHECKS: &str = "checks.h";

/// A function of `lua/*.h` that gets a state.
struct Function<'a> {
    /// `static int`
    result: &'a str,
    name: &'a str,
    /// `lua_State *L, int index`
    parameters: &'a str,
    effect: Effect<'a>,
    /// Where in the file its signature begins, where the body does, and where that ends.
    start: usize,
    body: usize,
    end: usize,
}

/// Tells Cargo what to watch.
pub fn rerun_if_changed() {
    println!("cargo::rerun-if-changed={WRAPPER}");
    println!("cargo::rerun-if-changed={FOLDER}");
}

fn headers() -> Outcome<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "h") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(files)
}

/// The functions of ours that may raise, and must have no Rust name.
pub fn raising() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for (_, text) in headers()? {
        let raising = functions(&text)?.into_iter().filter(|function| !function.effect.never_raises());
        names.extend(raising.map(|function| function.name.to_owned()));
    }
    Ok(names)
}

/// The functions that a file defines, in order.
fn functions(text: &str) -> Outcome<Vec<Function<'_>>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = text[from..].find("\nstatic ") {
        let start = from + offset + 1;
        from = start + 1;
        if let Some(function) = function_at(text, start)? {
            from = function.end - 1;
            found.push(function);
        }
    }
    Ok(found)
}

fn function_at(text: &str, start: usize) -> Outcome<Option<Function<'_>>> {
    let signature_end = text[start..].find(['{', ';', '=']).map_or(text.len(), |offset| start + offset);
    let signature = &text[start..signature_end];
    let defined = text[signature_end..].starts_with('{');
    let Some((head, rest)) = signature.split_once(" (") else { return Ok(None) };
    let parameters = rest.trim_end().trim_end_matches(')');
    if !defined || !parameters.contains("lua_State *") || rest.contains("\\\n") {
        return Ok(None);
    }
    let name = &head[head.rfind([' ', '*']).map_or(0, |space| space + 1)..];
    let comment = text[..start].rfind("/*").map_or("", |comment| &text[comment..start]);
    let effect = Effect::find(comment).ok_or_else(|| format!("lua/*.h: {name} does not state its effect"))?;
    let end = end_of_body(text, signature_end);
    Ok(Some(Function {
        result: head[..head.len() - name.len()].trim_end(),
        name,
        parameters,
        effect,
        start,
        body: signature_end,
        end,
    }))
}

/// Bodies end with their line, or with a line that begins with the brace.
fn end_of_body(text: &str, body: usize) -> usize {
    let line_end = text[body..].find('\n').map_or(text.len(), |offset| body + offset);
    if text[body..line_end].ends_with('}') {
        return line_end;
    }
    text[body..].find("\n}\n").map_or(text.len(), |offset| body + offset + 2)
}

/// Writes `wrapper.h` and all of `lua` to a folder, with checks: of the functions of Lua by macros, of ours by functions that
/// have their names and call them.
pub fn write_checked(folder: &Path, api: &[api_table::Function], declarations: &[Declaration]) -> Outcome<()> {
    fs::create_dir_all(folder.join(FOLDER))?;
    fs::copy(WRAPPER, folder.join(WRAPPER))?;
    for (name, text) in headers()?.into_iter().filter(|(name, _)| name != CHECKS) {
        fs::write(folder.join(FOLDER).join(&name), checked_file(&format!("{FOLDER}/{name}"), &text)?)?;
    }
    fs::copy(Path::new(FOLDER).join(CHECKS), folder.join(FOLDER).join(CHECKS))?;
    fs::write(folder.join(FOLDER).join("checked_api.h"), checked_api(api, declarations)?)?;
    Ok(())
}

fn checked_file(path: &str, text: &str) -> Outcome<String> {
    let mut checked = format!("#line 1 \"{path}\"\n");
    let mut from = 0;
    for function in functions(text)? {
        let line = text[..function.start].lines().count() + 1;
        let Some(check) = function.check(path, line) else { continue };
        let Function { result, name, parameters, start, body, end, .. } = function;
        let flat = parameters.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(checked, "{}{result} {name} ({flat}); ", &text[from..start])?;
        write!(checked, "{result} unchecked_{name} ({parameters}) {}", &text[body..end])?;
        write!(checked, " {result} {name} ({flat}) {{ {check} }}")?;
        from = end;
    }
    checked.push_str(&text[from..]);
    Ok(checked)
}

impl Function<'_> {
    /// Called by Lua: its results are counted, and its frame is its own.
    fn is_called_by_lua(&self) -> bool {
        let kinds = ["lupa_body_", "lupa_pushed_", "lupa_entry_", "lupa_guard_", "lupa_message_handler"];
        kinds.iter().any(|kind| self.name.starts_with(kind)) && self.parameters == "lua_State *L"
    }

    fn returns_nothing(&self) -> bool {
        self.result.ends_with("void")
    }

    /// The body of the function that checks; None if there is nothing to check.
    fn check(&self, path: &str, line: usize) -> Option<String> {
        let arguments: Vec<&str> = self.parameters.split(',').map(name_of).collect();
        let (state, arguments) = (arguments.first()?, arguments.join(", "));
        let call = format!("unchecked_{} ({arguments})", self.name);
        let place = format!("{state}, \"{}\", \"{}\", \"{path}\", {line}", self.name, self.effect.text);
        if self.is_called_by_lua() {
            let mask = self.effect.results().unwrap_or(u32::MAX);
            return Some(format!(
                "int results = {call}; lupa_checkresults({place}, {mask:#x}u, results); return results;"
            ));
        }
        let mask = self.effect.growths()?;
        let check = format!("lupa_checkgrowth({place}, {mask:#x}u, lupa_top)");
        let before = format!("int lupa_top = lupa_topof({state});");
        Some(if self.returns_nothing() {
            format!("{before} {call}; {check};")
        } else {
            let result = self.result.trim_start_matches("static ").trim_start_matches("inline ");
            format!("{before} {result} lupa_result = {call}; {check}; return lupa_result;")
        })
    }
}

fn name_of(parameter: &str) -> &str {
    let parameter = parameter.trim();
    &parameter[parameter.rfind([' ', '*']).map_or(0, |space| space + 1)..]
}

/// A macro for each function of Lua that gets a state and has a fixed effect.
fn checked_api(api: &[api_table::Function], declarations: &[Declaration]) -> Outcome<String> {
    let mut text = String::from("/* Generated from lua/api.tsv for a checked build. */\n");
    for function in api {
        let Some(declaration) = declarations.iter().find(|each| each.name == function.name) else { continue };
        let Some(mask) = Effect::find(&function.effect).and_then(|effect| effect.growths()) else { continue };
        // lua_gettop is what the checks themselves use.
        if declaration.has_state && function.name != "lua_gettop" {
            let form = if declaration.returns_nothing { "LUPA_CHECKED_VOID" } else { "LUPA_CHECKED" };
            let name = &function.name;
            writeln!(text, "#define {name}(...) {form}({name}, \"{}\", {mask:#x}u, __VA_ARGS__)", function.effect)?;
        }
    }
    Ok(text)
}
