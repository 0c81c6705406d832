//! Opens, reads ahead and unpacks files.

pub mod archive;
pub mod cancellable_reader;
pub mod container;
pub mod gzip;
pub mod inflate;
pub mod layer;
pub mod opener;
pub mod parquet;
pub mod read_ahead;
