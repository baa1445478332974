//! `lupa::lua` without Python: what the examples do not show. `python tests/rust` runs it on all runtimes.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;

use lupa::lua::{Error, ErrorKind, Frame, Options, Runtime, Type, Value};

type Outcome = Result<(), Error>;

fn runtime() -> Runtime {
    Runtime::new().unwrap_or_else(|error| unreachable!("{error}"))
}

/// The values that a chunk returns.
fn values(lua: &mut Frame<'_>, chunk: &str) -> Result<Vec<Value<'static>>, Error> {
    let results = lua.run(chunk, c"=test", &[])?;
    (0..results.len()).map(|position| results.value(position).map(Value::into_owned)).collect()
}

fn number(lua: &mut Frame<'_>, chunk: &str) -> Result<f64, Error> {
    Ok(values(lua, chunk)?[0].number().unwrap_or(f64::NAN))
}

/// Makes a function of Rust a global variable.
fn define<F>(lua: &mut Frame<'_>, name: &str, function: F) -> Outcome
where
    F: Fn(&mut Frame<'_>) -> Result<Vec<Value<'static>>, Error> + 'static,
{
    let function = lua.function(function)?;
    let globals = lua.globals()?;
    lua.set(&globals, name, function)
}

fn failure<T>(result: Result<T, Error>) -> Error {
    result.err().unwrap_or_else(|| unreachable!("there was no error"))
}

mod values {
    use super::*;

    #[test]
    fn come_back_as_they_went_in() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let arguments = [Value::Nil, true.into(), 42.into(), 1.5.into(), "text\0more".into(), (&b"\xff"[..]).into()];
        let results = lua.run("return ...", c"=echo", &arguments)?;
        assert_eq!(results.len(), 6);
        assert!(matches!(results.value(0)?, Value::Nil));
        assert!(results.value(1)?.is_true());
        assert_eq!(results.value(2)?.integer(), Some(42));
        assert_eq!(results.value(3)?.number(), Some(1.5));
        assert_eq!(results.value(4)?.bytes(), Some(&b"text\0more"[..]));
        assert_eq!(results.value(5)?.bytes(), Some(&b"\xff"[..]));
        assert!(matches!(results.value(6)?, Value::Nil));
        Ok(())
    }

    #[test]
    fn may_be_many() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let arguments: Vec<Value<'_>> = (0..200).map(Value::from).collect();
        let results = lua.run("return ...", c"=echo", &arguments)?;
        assert_eq!(results.len(), 200);
        assert_eq!(results.value(199)?.integer(), Some(199));
        drop(results);
        let results =
            lua.run("local t = {} for i = 1, 100 do t[i] = {} end return (unpack or table.unpack)(t)", c"=t", &[])?;
        let tables: Result<Vec<_>, _> =
            (0..results.len()).map(|position| results.value(position)?.into_object()).collect();
        assert!(tables?.iter().all(|table| table.kind() == Type::Table));
        Ok(())
    }

    #[test]
    fn that_lua_cannot_represent_are_refused() {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        match lua.run("return ...", c"=echo", &[i64::MAX.into()]) {
            Ok(results) => assert_eq!(results.value(0).map(|value| value.integer()).ok().flatten(), Some(i64::MAX)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Integer),
        }
    }

    #[test]
    fn stay_in_lua_if_they_are_objects() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let table = lua.table(&[1.into(), 2.into()], &[("name".into(), "value".into())])?;
        assert_eq!(lua.length(&table)?.value(0)?.integer(), Some(2));
        assert_eq!(lua.get(&table, "name")?.value(0)?.text().as_deref(), Some("value"));
        lua.set(&table, "self", &table)?;
        let same = lua.get(&table, "self")?.into_object()?;
        let chunk = lua.load("local a, b = ... return a == b", c"=same")?.into_object()?;
        assert!(lua.call(&chunk, &[table.into(), same.into()])?.value(0)?.is_true());
        Ok(())
    }

    #[test]
    fn are_let_go_with_their_objects() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let weak = lua.run("return setmetatable({}, {__mode = 'v'})", c"=weak", &[])?.into_object()?;
        let table = lua.table(&[], &[])?;
        let clone = table.clone();
        lua.set(&weak, 1, &table)?;
        drop(table);
        lua.collect()?;
        assert!(lua.get(&weak, 1)?.value(0)?.is_true());
        drop(clone);
        lua.collect()?;
        assert!(!lua.get(&weak, 1)?.value(0)?.is_true());
        Ok(())
    }

    #[test]
    fn of_other_runtimes_are_refused() -> Outcome {
        let (mut first, mut second) = (runtime(), runtime());
        let table = first.enter().table(&[], &[])?;
        assert_eq!(failure(second.enter().get(&table, 1)).kind(), ErrorKind::OtherRuntime);
        drop(first);
        assert_eq!(failure(second.enter().table(&[table.into()], &[])).kind(), ErrorKind::OtherRuntime);
        Ok(())
    }

    #[test]
    fn that_a_script_takes_away_are_lost() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let table = lua.table(&[], &[])?;
        let chunk = "local r, t = debug.getregistry(), ... for k, v in pairs(r) do if v == t then r[k] = {} end end";
        lua.run(chunk, c"=take", &[(&table).into()])?;
        assert_eq!(failure(lua.length(&table)).kind(), ErrorKind::LostReference);
        Ok(())
    }
}

mod errors {
    use super::*;

    #[test]
    fn are_told_apart() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let syntax = failure(lua.load("return +", c"=bad"));
        assert_eq!(syntax.kind(), ErrorKind::Syntax);
        assert!(syntax.to_string().starts_with("bad:1:"));
        let compiled = lua.run("return string.dump(function() end)", c"=dump", &[])?.value(0)?.into_owned();
        assert_eq!(failure(lua.load(compiled.bytes().unwrap_or_default(), c"=dump")).kind(), ErrorKind::Syntax);
        assert_eq!(failure(lua.require("no.such.module")).kind(), ErrorKind::Script);
        assert_eq!(number(&mut lua, "return 7")?, 7.0);
        Ok(())
    }

    #[test]
    fn have_their_value_and_a_traceback() {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let error = failure(lua.run("local function f() error({code = 7}) end f()", c"=script", &[]));
        assert_eq!(error.to_string(), "(error object is a table value)");
        let code = error.value().object().and_then(|table| lua.get(table, "code").ok()?.value(0).ok()?.integer());
        assert_eq!(code, Some(7));
        let error = failure(lua.run("local function f() error('text') end f()", c"=script", &[]));
        assert!(error.traceback().is_some_and(|text| text.contains("stack traceback:\n")));
        assert_eq!(error.to_string(), "script:1: text");
    }

    #[test]
    fn of_memory_leave_the_state_usable() -> Outcome {
        let mut runtime = match Runtime::with(Options::new().limit(1 << 20)) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NoAllocator);
                return Ok(());
            }
            Ok(runtime) => runtime,
        };
        let mut lua = runtime.enter();
        for _ in 0..3 {
            let error = failure(lua.run("local t = {} for i = 1, 1e9 do t[i] = {} end", c"=greedy", &[]));
            assert_eq!(error.kind(), ErrorKind::Memory);
            lua.collect()?;
        }
        assert_eq!(number(&mut lua, "return 7")?, 7.0);
        assert!(runtime.memory_used() < 1 << 20);
        Ok(())
    }

    #[test]
    fn come_from_too_deep_a_recursion() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        define(&mut lua, "again", |lua| {
            let globals = lua.globals()?;
            let again = lua.get(&globals, "again")?.into_object()?;
            lua.call(&again, &[]).map(|_| vec![])
        })?;
        let kind = failure(lua.run("again()", c"=deep", &[])).kind();
        assert!(matches!(kind, ErrorKind::Script | ErrorKind::Memory));
        assert_eq!(number(&mut lua, "return 7")?, 7.0);
        Ok(())
    }
}

mod functions {
    use super::*;

    #[test]
    fn get_arguments_and_give_results() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        define(&mut lua, "swap", |lua| {
            assert_eq!(lua.arguments(), 2);
            assert!(matches!(lua.argument(2)?, Value::Nil));
            Ok(vec![lua.argument(1)?.into_owned(), lua.argument(0)?.into_owned()])
        })?;
        let values = values(&mut lua, "return swap('a', {})")?;
        assert_eq!(values[0].object().map(|table| table.kind()), Some(Type::Table));
        assert_eq!(values[1].text().as_deref(), Some("a"));
        Ok(())
    }

    #[test]
    fn may_give_many_results() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        define(&mut lua, "many", |_| Ok((0..300).map(Value::from).collect()))?;
        assert_eq!(number(&mut lua, "return select('#', many()), (select(300, many()))")?, 300.0);
        Ok(())
    }

    #[test]
    fn raise_their_errors_in_lua() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        define(&mut lua, "fail", |_| Err(Error::new("no")))?;
        define(&mut lua, "pass_on", |lua| lua.run("error({1})", c"=inner", &[]).map(|_| vec![]))?;
        define(&mut lua, "panic", |_| unreachable!("on purpose"))?;
        assert_eq!(failure(lua.run("fail()", c"=outer", &[])).to_string(), "no");
        let caught =
            values(&mut lua, "local _, e = pcall(fail) local _, t = pcall(pass_on) return e, t[1], pcall(panic)")?;
        assert_eq!(caught[0].text().as_deref(), Some("no"));
        assert_eq!(caught[1].integer(), Some(1));
        assert_eq!(caught[3].text().as_deref(), Some("a function of Rust has panicked"));
        Ok(())
    }

    #[test]
    fn work_in_coroutines_and_in_finalizers() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let calls = Rc::new(Cell::new(0));
        let counter = Rc::clone(&calls);
        define(&mut lua, "count", move |lua| {
            counter.set(counter.get() + 1);
            let results = lua.run("return ('x'):rep(10)", c"=inner", &[])?;
            Ok(vec![results.value(0)?.into_owned()])
        })?;
        assert_eq!(number(&mut lua, "return #coroutine.wrap(function() return count() end)()")?, 10.0);
        lua.run(
            "if newproxy then last = newproxy(true) getmetatable(last).__gc = count
             else last = setmetatable({}, {__gc = count}) end",
            c"=last",
            &[],
        )?;
        drop(runtime);
        // A function whose box was finalized first can only say so.
        assert!((1..=2).contains(&calls.get()));
        Ok(())
    }

    /// Says when it is dropped.
    struct Dropped(Rc<Cell<bool>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    #[test]
    fn are_dropped_when_lua_forgets_them() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let flags = [Rc::new(Cell::new(false)), Rc::new(Cell::new(false))];
        for (name, flag) in ["first", "second"].iter().zip(&flags) {
            let dropped = Dropped(Rc::clone(flag));
            define(&mut lua, name, move |_| {
                let _kept = &dropped;
                Ok(vec![])
            })?;
        }
        lua.run("first()  first = nil", c"=forget", &[])?;
        lua.collect()?;
        lua.collect()?;
        assert!(flags[0].get() && !flags[1].get());
        drop(runtime);
        assert!(flags[1].get());
        Ok(())
    }

    #[test]
    fn survive_that_a_script_finalizes_them_while_they_run() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        let text = Rc::new(RefCell::new(String::from("alive")));
        let own = Rc::clone(&text);
        define(&mut lua, "victim", move |lua| {
            lua.run(
                "local _, box = debug.getupvalue(victim, 1)
                 if box then debug.getmetatable(box).__gc(box) collectgarbage() end
                 reached = box ~= nil",
                c"=end",
                &[],
            )?;
            lua.run("return 1", c"=another", &[])?;
            Ok(vec![own.borrow().clone().into()])
        })?;
        assert_eq!(values(&mut lua, "return victim()")?[0].text().as_deref(), Some("alive"));
        // Lua 5.1 shows no upvalues of functions in C.
        let is_gone = lua.run("victim()", c"=gone", &[]).is_err();
        assert_eq!(values(&mut lua, "return reached")?[0].is_true(), is_gone);
        Ok(())
    }

    #[test]
    fn may_lose_their_frames() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        for (name, succeeds) in [("good", true), ("bad", false)] {
            let other: &'static mut Runtime = Box::leak(Box::new(self::runtime()));
            let frame = RefCell::new(Some(other.enter()));
            define(&mut lua, name, move |lua| {
                if let Some(frame) = frame.borrow_mut().take() {
                    *lua = frame;
                }
                if succeeds { Ok((0..200).map(Value::from).collect()) } else { Err(Error::new("mine")) }
            })?;
        }
        let values = values(&mut lua, "return select('#', good()), select(2, pcall(bad))")?;
        assert_eq!(values[0].integer(), Some(200));
        assert_eq!(values[1].text().as_deref(), Some("mine"));
        Ok(())
    }

    unsafe extern "C-unwind" fn nothing(_: *mut std::ffi::c_void) -> std::ffi::c_int {
        0
    }

    #[test]
    fn may_be_functions_of_c() -> Outcome {
        let mut runtime = runtime();
        let mut lua = runtime.enter();
        // SAFETY: it uses nothing of Lua.
        let function = unsafe { lua.c_function(nothing) }?;
        assert_eq!(function.kind(), Type::Function);
        assert!(lua.call(&function, &[1.into()])?.is_empty());
        Ok(())
    }
}

#[test]
fn results_that_are_forgotten_do_not_pile_up() -> Outcome {
    if cfg!(feature = "checked") {
        return Ok(());
    }
    let mut runtime = runtime();
    for _ in 0..10_000 {
        #[expect(clippy::mem_forget, reason = "a mistake that must be harmless")]
        mem::forget(runtime.enter().run("return 1, 2, 3", c"=forgotten", &[])?);
    }
    assert_eq!(number(&mut runtime.enter(), "return 7")?, 7.0);
    Ok(())
}
