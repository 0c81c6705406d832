//! Tests of the server, with a minimal HTTP client.

mod access;
mod client;
mod faults;
mod listing;
mod objects;
mod synthetic;
