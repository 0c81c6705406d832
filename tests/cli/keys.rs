//! Lists of keys: made by `keys`, split, and read by `--keys-from`.

mod list;
mod read;
mod report;
mod split;
