//! A state whose memory comes from an allocator of the program, and has a limit.
//!
//!     cargo run --example allocator --features lua54
//!
//! It prints (but on LuaJIT 2.0, which takes no allocator):
//!
//!     a string of 100000 bytes
//!     not enough memory
//!     the state goes on: 6
//!     blocks that were not freed: 0

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::cell::Cell;
use std::error::Error;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use lupa::lua::{Allocator, ErrorKind, Options, Runtime};

/// The allocator of Rust, with a count of the blocks that Lua has.
struct Counting {
    blocks: Rc<Cell<usize>>,
}

/// Lua wants blocks for any type of C.
const ALIGNMENT: usize = 16;

// SAFETY: the blocks are those of Rust's allocator, which gets the sizes back that it was asked for.
unsafe impl Allocator for Counting {
    unsafe fn resize(&self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        let (Ok(before), Ok(after)) =
            (Layout::from_size_align(old, ALIGNMENT), Layout::from_size_align(new, ALIGNMENT))
        else {
            return ptr::null_mut();
        };
        let blocks = self.blocks.get();
        // SAFETY: promised by the caller; a layout without bytes is not used.
        unsafe {
            if block.is_null() {
                let new_block = alloc(after);
                self.blocks.set(blocks + usize::from(!new_block.is_null()));
                return new_block.cast();
            }
            if new == 0 {
                self.blocks.set(blocks - 1);
                dealloc(block.cast(), before);
                return ptr::null_mut();
            }
            realloc(block.cast(), before, new).cast()
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let blocks = Rc::new(Cell::new(0));
    let options = Options::new().allocator(Counting { blocks: Rc::clone(&blocks) }).limit(1 << 20);
    let mut runtime = match Runtime::with(options) {
        Err(error) if error.kind() == ErrorKind::NoAllocator => {
            println!("{error}");
            return Ok(());
        }
        runtime => runtime?,
    };
    let mut lua = runtime.enter();

    let text = lua.run("return ('x'):rep(100000)", c"=small", &[])?;
    println!("a string of {} bytes", text.value(0)?.bytes().unwrap_or_default().len());
    drop(text);

    match lua.run("local s = 'x' while true do s = s .. s end", c"=greedy", &[]) {
        Err(error) if error.kind() == ErrorKind::Memory => println!("{error}"),
        other => println!("the limit was not kept: {other:?}", other = other.map(|results| results.len())),
    }
    // Lua 5.1 and LuaJIT do not look for garbage before they give up.
    lua.collect()?;
    let sum = lua.run("return 1 + 2 + 3", c"=sum", &[])?;
    println!("the state goes on: {}", sum.value(0)?.integer().unwrap_or_default());

    drop(sum);
    drop(runtime);
    println!("blocks that were not freed: {}", blocks.get());
    Ok(())
}
