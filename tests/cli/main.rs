//! Runs the program as a user does, and checks what the user sees.

mod bad_input;
mod bucket;
mod harness;
mod output;
mod search;
mod summary;
