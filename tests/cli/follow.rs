//! Following a trail, by a queue and by polling, against servers in the same process.

mod account;
mod collector;
mod documents;
mod feed;
mod files;
mod kill;
mod load;
mod poison;
mod poll;
mod queue;
mod refused;
mod stop;
mod wrappings;
