//! Small languages that people write or read: patterns, lists of values, times, numbers, shell
//! words, tables of addresses, and text that is safe on a terminal; and numbers in binary data.

pub mod decimal;
pub mod digit_form;
pub mod geo_database;
pub mod glob;
pub mod network_names;
pub mod network_table;
pub mod shell;
pub mod suggest;
pub mod value_list;
pub mod varint;
pub mod visible;
pub mod window;
