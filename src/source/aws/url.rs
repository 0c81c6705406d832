//! The characters that URLs and forms have to escape.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All but the unreserved characters.
pub const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Like [`RESERVED`], without the separator of a path.
pub const RESERVED_IN_PATHS: &AsciiSet = &RESERVED.remove(b'/');
