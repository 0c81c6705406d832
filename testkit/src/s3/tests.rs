//! The server, asked by a client that knows no more of HTTP than it must.

mod access;
mod client;
mod faults;
mod listing;
mod objects;
mod synthetic;
