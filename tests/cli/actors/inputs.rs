//! Actors from every kind of input.
