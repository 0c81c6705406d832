//! Actors, as a user sees them.

mod chains;
mod inputs;
mod other_names;
