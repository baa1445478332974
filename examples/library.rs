//! A library in Lua that is loaded and called from Rust, and calls functions of Rust.
//!
//!     cargo run --example library --features lua54
//!
//! It prints:
//!
//!     areas: 12 6.25
//!     total: 18.25
//!     sides must be positive
//!     log: 3 areas

use std::cell::RefCell;
use std::rc::Rc;

use lupa::lua::{Error, Runtime, Value};

const SHAPES: &str = r#"
    local host = ...  -- what Rust offers
    local shapes = {}

    function shapes.area(width, height)
        host.check(width, height)
        return width * height
    end

    function shapes.areas(list)
        local total, areas = 0, {}
        for number, sides in ipairs(list) do
            areas[number] = shapes.area(sides[1], sides[2])
            total = total + areas[number]
        end
        return areas, total
    end

    return shapes
"#;

fn main() -> Result<(), Error> {
    let mut runtime = Runtime::new()?;
    let mut lua = runtime.enter();

    // A function of Rust gets a frame with its arguments; its `Err` is an error of Lua.
    let checked = Rc::new(RefCell::new(0));
    let counter = Rc::clone(&checked);
    let check = lua.function(move |lua| {
        *counter.borrow_mut() += 1;
        for position in 0..lua.arguments() {
            if lua.argument(position)?.number().is_none_or(|side| side <= 0.0) {
                return Err(Error::new("sides must be positive"));
            }
        }
        Ok(vec![])
    })?;
    let host = lua.table(&[], &[("check".into(), check.into())])?;

    // What the library returns is a table, which stays in Lua: an object of Rust refers to it.
    let shapes = lua.run(SHAPES, c"=shapes", &[host.into()])?.into_object()?;
    let area = lua.get(&shapes, "area")?.into_object()?;
    let areas = lua.get(&shapes, "areas")?.into_object()?;

    let sides = [lua.table(&[3.into(), 4.into()], &[])?, lua.table(&[2.5.into(), 2.5.into()], &[])?];
    let list = lua.table(&sides.map(Value::from), &[])?;
    let results = lua.call(&areas, &[list.into()])?;
    let (list, total) = (results.value(0)?.into_object()?, results.value(1)?.number().unwrap_or_default());
    drop(results);

    print!("areas:");
    for position in 1..=2 {
        print!(" {}", lua.get(&list, position)?.value(0)?.number().unwrap_or_default());
    }
    println!("\ntotal: {total}");

    if let Err(error) = lua.call(&area, &[3.into(), (-1).into()]) {
        println!("{error}");
    }
    println!("log: {} areas", checked.borrow());
    Ok(())
}
