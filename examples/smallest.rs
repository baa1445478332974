//! The smallest embedding: a state, a script, a result.
//!
//!     cargo run --example smallest --features lua54
//!
//! It prints:
//!
//!     Hello Rust
//!     script:1: attempt to compare number with nil

use lupa::lua::{Error, Runtime};

fn main() -> Result<(), Error> {
    let mut runtime = Runtime::new()?;
    let mut lua = runtime.enter();

    // One protected call. The results lie on the stack of Lua until they are dropped.
    let results = lua.run("return 'Hello ' .. ...", c"=script", &["Rust".into()])?;
    println!("{}", results.value(0)?.text().unwrap_or_default());
    drop(results);

    // An error of Lua is an `Err`, and the state goes on.
    if let Err(error) = lua.run("return 1 < nil", c"=script", &[]) {
        println!("{error}");
    }
    Ok(())
}
