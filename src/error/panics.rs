//! Turns panics inside libraries into errors, such as those of a jq function that makes a
//! string of 10^18 bytes.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panic hook from reporting panics that are caught here.
pub fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CAUGHT.get() {
                report(panic);
            }
        }));
    });
}

/// Runs code that may panic, and returns the message of a panic. After an error, what the
/// code had modified must not be used again.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    IS_CAUGHT.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    result.map_err(|panic| message(&*panic).to_string())
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason is known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        keep_quiet();
        assert_eq!(caught(|| 1), Ok(1));
        let full = caught(|| "x".repeat(usize::MAX)).unwrap_err();
        assert_eq!(full, "capacity overflow");
        assert_eq!(caught(|| panic!("{} is too much", 7)).map(|()| 0).unwrap_err(), "7 is too much");
    }
}
