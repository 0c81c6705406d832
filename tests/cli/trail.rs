//! `trail` against a server in the same process that has an account.

mod account;
mod create;
mod delete;
mod documents;
mod errors;
mod foreign;
#[cfg(unix)]
mod moto;
#[cfg(unix)]
mod question;
mod resume;
mod show;
