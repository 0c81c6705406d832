//! Converts panics of the workbook library to errors. The library panics if it cannot write a
//! temporary file, for instance on a full disk, which must end the run like any other write
//! error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use rust_xlsxwriter::XlsxError;

use crate::error::Error;

thread_local! {
    /// True while panics of this thread are caught, so that their message is suppressed.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`. Returns an error if the library fails or panics.
pub(super) fn catch_library_panic<R>(work: impl FnOnce() -> Result<R, XlsxError>) -> Result<R, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default_hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A caught panic becomes an error, so its message would be noise.
            if !IS_CAUGHT.get() {
                default_hook(info);
            }
        }));
    });
    IS_CAUGHT.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    let failed = |reason: &str| Error::Failed(format!("the workbook cannot be written: {reason}"));
    match outcome {
        Ok(done) => done.map_err(|error| failed(&error.to_string())),
        Err(cause) => Err(failed(&reason(&*cause))),
    }
}

/// Extracts the message of the operating system from a panic.
fn reason(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("unknown error");
    let message = text.split_once("message: \"").and_then(|(_, rest)| rest.split_once('"'));
    message.map_or(text, |(message, _)| message).to_string()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_full_disk_is_an_error() {
        let write = |code: i32| if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) };
        let full = || -> Result<(), XlsxError> {
            write(28).expect("Couldn't write to xml file");
            Ok(())
        };
        let said = "the workbook cannot be written: No space left on device";
        assert_eq!(catch_library_panic(full).unwrap_err().to_string(), said);
        assert!(catch_library_panic(|| Ok(())).is_ok());
    }
}
