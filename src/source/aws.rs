//! What requests to all AWS services share: configuration, errors, size limits, and running
//! them until the user cancels.

pub mod aws_error;
pub mod caller_identity;
pub mod connection;
pub mod credentials;
pub mod endpoint;
pub mod http_connector;
pub mod http_transport;
pub mod json;
pub mod profile;
pub mod query;
pub mod request_signature;
pub mod response_limit;
mod retry;
mod runtime;
pub mod s3_config;
pub mod service;
mod service_client;
pub mod url;
pub mod xml_element;

pub use self::aws_error::{AwsError, AwsErrorKind};
pub use self::connection::Connection;
pub use self::runtime::{THREADS, first_answer, runtime, unless_stopped};
pub use self::service_client::ServiceClient;
