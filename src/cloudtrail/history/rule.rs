//! One rule of a security group in its normal form: equal rules have equal texts.
