//! What comes from S3: run against a server in the same process, which counts
//! what it is asked for and misbehaves on request.

mod answers;
mod archived;
mod broken_off;
mod cloud;
mod damage;
mod haste;
mod keys;
mod kinds;
mod layout;
mod lists;
mod mirror;
mod order;
mod refused;
mod regions;
mod sync;
mod trust;
mod weather;
mod window;
