//! Runs the program as a user does, and checks what the user sees.

mod bad_input;
mod bucket;
mod excel;
mod harness;
mod json;
mod office;
mod output;
mod search;
mod xlsx;
