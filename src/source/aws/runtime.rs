//! Runs requests on the threads of a runtime.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::error::cancel::Cancellation;
use crate::error::{Error, io_message};
use crate::report::Report;

/// Number of threads for requests, and again for downloads. Few threads saturate a network.
pub const THREADS: usize = 2;

/// Creates a runtime with [`THREADS`] threads. Returns an error if the system refuses one.
pub fn runtime() -> Result<Runtime, Error> {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    runtime.map_err(|error| Error::Failed(format!("no threads for requests: {}", io_message(&error))))
}

/// Runs `work`. Returns an error if the user cancels before it is done.
pub async fn unless_stopped<T>(stop: &Cancellation, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        result = work => result,
        () = stop.interrupted() => Err(Error::Interrupted),
    }
}

/// Like [`unless_stopped`], for the first requests to a service or bucket, `named`. A wrong
/// address or a firewall shows only as silence, and all attempts together take minutes, so the
/// report says what the program waits for.
pub async fn first_answer<T>(
    named: &str,
    report: &Report,
    stop: &Cancellation,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    /// Longer than an answer takes, including a temporary role and a distant region.
    const USUAL_WAIT: Duration = Duration::from_secs(10);
    let work = async {
        let mut work = pin!(work);
        if let Ok(result) = tokio::time::timeout(USUAL_WAIT, &mut work).await {
            return result;
        }
        report.note(&format!("{named}: still waiting for an answer"));
        work.await
    };
    unless_stopped(stop, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancellation_ends_the_wait() {
        let (runtime, stop) = (runtime().unwrap(), Cancellation::default());
        assert_eq!(runtime.block_on(unless_stopped(&stop, async { Ok(1) })).unwrap(), 1);
        stop.interrupt();
        let endless = std::future::pending::<Result<(), Error>>();
        assert!(matches!(runtime.block_on(unless_stopped(&stop, endless)), Err(Error::Interrupted)));
    }
}
