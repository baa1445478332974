//! The trace for auditors, in builds with the feature `trace`: each crossing as lines of text, indented by what lies within what.
//! They go to the file that `LUPA_TRACE_FILE` names, at its end, or to the standard error. In other builds the macros are empty.

#[cfg(feature = "trace")]
use std::{
    cell::Cell,
    fmt::Arguments,
    fs::{File, OpenOptions},
    io::Write as _,
    sync::OnceLock,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A line.
macro_rules! note {
    ($($text:tt)*) => {
        #[cfg(feature = "trace")]
        $crate::trace::line(format_args!($($text)*));
    };
}

/// A line; what comes until `leave!` lies within it.
#[cfg(not(feature = "core"))]
macro_rules! enter {
    ($($text:tt)*) => {
        #[cfg(feature = "trace")]
        {
            $crate::trace::line(format_args!($($text)*));
            $crate::trace::indent(1);
        }
    };
}

/// The end of what `enter!` began, and a line.
#[cfg(not(feature = "core"))]
macro_rules! leave {
    ($($text:tt)*) => {
        #[cfg(feature = "trace")]
        {
            $crate::trace::indent(-1);
            $crate::trace::line(format_args!($($text)*));
        }
    };
}

pub(crate) use note;
#[cfg(not(feature = "core"))]
pub(crate) use {enter, leave};

#[cfg(feature = "trace")]
static THREADS: AtomicUsize = AtomicUsize::new(0);

#[cfg(feature = "trace")]
thread_local! {
    /// The number of this thread, and how far its lines are indented.
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    static DEPTH: Cell<isize> = const { Cell::new(0) };
}

/// Writes a line. It is written at once and whole: other threads write too.
#[cfg(feature = "trace")]
pub(crate) fn line(text: Arguments<'_>) {
    static TARGET: OnceLock<Option<File>> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var_os("LUPA_TRACE_FILE").filter(|name| !name.is_empty())?;
        OpenOptions::new().create(true).append(true).open(name).ok()
    });
    let indentation = usize::try_from(DEPTH.get()).unwrap_or(0) * 2;
    let line = format!("{} {:indentation$}{text}\n", THREAD.with(|number| *number), "");
    // There is nobody to tell that this fails.
    let _written = match target {
        Some(file) => (&*file).write_all(line.as_bytes()),
        None => std::io::stderr().write_all(line.as_bytes()),
    };
}

/// Moves the lines that follow to the right, or back.
#[cfg(feature = "trace")]
pub(crate) fn indent(levels: isize) {
    DEPTH.set(DEPTH.get() + levels);
}
