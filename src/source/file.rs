//! Files: how they are opened, read ahead and unpacked.

pub mod archive;
pub mod cancellable_reader;
pub mod container;
pub mod gzip;
pub mod inflate;
pub mod layer;
pub mod opener;
pub mod read_ahead;
