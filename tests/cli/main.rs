//! Runs the program as a user does, and checks what the user sees.

mod actors;
mod archives;
mod bad_input;
#[cfg(unix)]
mod batch;
mod bucket;
mod columns;
mod completions;
mod conditions;
mod event_history;
mod excel;
mod follow;
mod geoip;
mod harness;
mod help;
mod history;
mod jq;
mod json;
mod keys;
mod libreoffice;
mod meaning;
#[cfg(target_os = "linux")]
mod memory;
mod mistakes;
mod networks;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod search;
mod settings;
mod snapshot;
mod sort;
#[cfg(unix)]
mod spark;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod summary;
mod timeline;
mod trail;
mod value_lists;
mod verify;
mod xlsx;
mod zone;
