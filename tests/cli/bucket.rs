//! What comes from S3: run against a server in the same process, which counts
//! what it is asked for and misbehaves on request.

mod answers;
mod archived;
mod broken_off;
mod cloud;
mod concurrency;
mod damage;
mod faults;
mod keys;
mod kinds;
mod layout;
mod lists;
mod mirror;
mod moto;
mod order;
mod refused;
mod regions;
mod sync;
mod trust;
mod window;
