//! Runs the program as a user does, and checks what the user sees.

mod bad_input;
mod bucket;
mod columns;
mod conditions;
mod harness;
mod mistakes;
mod output;
mod search;
mod settings;
mod sort;
mod zone;
