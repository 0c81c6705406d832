//! Runs the program as a user does, and checks what the user sees.

mod harness;
mod output;
