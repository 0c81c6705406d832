//! Lists of keys: objects and files to read, in the order of the list.

pub mod line;
