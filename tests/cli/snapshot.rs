//! `snapshot` against a server in the same process that has the resources of an account.

mod account;
mod balancing;
mod damage;
mod documents;
mod failures;
mod git;
mod moto;
