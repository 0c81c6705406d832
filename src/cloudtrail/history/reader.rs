//! Reads the changes that an event made.
