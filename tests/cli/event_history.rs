//! `--event-history` against a server in the same process that has the events of an account.

pub mod account;
mod commands;
mod failures;
mod options;
mod pages;
mod selection;
