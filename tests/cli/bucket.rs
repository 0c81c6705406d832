//! Reading from S3, against a server in the same process that counts requests and injects
//! faults.

mod answers;
mod archived;
mod broken_off;
pub mod cloud;
mod concurrency;
mod damage;
mod digests;
mod direct;
mod faults;
mod keys;
mod kinds;
mod layout;
mod lists;
mod mirror;
pub mod moto;
mod order;
mod refused;
mod regions;
mod sync;
mod trust;
mod window;
