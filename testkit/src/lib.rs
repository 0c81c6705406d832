//! What the tests, examples and benchmarks of trail2tsv share.
