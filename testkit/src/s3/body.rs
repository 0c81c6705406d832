//! The body of an answer as a script: bytes to send, pauses, and the end of the connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use super::connection::{ConnectionEnd, ConnectionHandle};
use super::counts::InFlightRequest;
use super::fault::BodyFault;

/// After this time, written bytes have left the server and reached a client that reads.
const SETTLE: Duration = Duration::from_millis(20);

enum Step {
    Send(Bytes),
    Wait(Duration),
    ConnectionEnd(ConnectionEnd),
    /// Sends the bytes again and again, as long as the client reads.
    Repeat(Bytes),
}

/// The body that hyper sends.
pub(super) struct Body {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    length: Option<usize>,
    line: ConnectionHandle,
    reset_when_done: bool,
    in_flight: Option<InFlightRequest>,
}

impl Body {
    pub(super) fn new(
        bytes: Bytes,
        fault: Option<BodyFault>,
        line: ConnectionHandle,
        in_flight: Option<InFlightRequest>,
    ) -> Self {
        let (mut steps, length) = script(bytes, fault);
        let length = match fault {
            Some(BodyFault::Endless) => {
                steps.push_back(Step::Repeat(vec![b'~'; 64 << 10].into()));
                None
            }
            _ => Some(length),
        };
        let reset_when_done = matches!(fault, Some(BodyFault::ResetAtEnd));
        Self { steps, pause: None, length, line, reset_when_done, in_flight }
    }

    /// The value of `Content-Length`, true or not. `None` if the body has no end.
    pub(super) fn length(&self) -> Option<usize> {
        self.length
    }

    /// Sends nothing, as for a HEAD.
    pub(super) fn withhold(&mut self) {
        self.steps.clear();
    }
}

/// The steps, and the length to announce.
fn script(bytes: Bytes, fault: Option<BodyFault>) -> (VecDeque<Step>, usize) {
    let length = bytes.len();
    let (first, second) = (bytes.slice(..length / 2), bytes.slice(length / 2..));
    let cut = |missing| bytes.slice(..length.saturating_sub(missing));
    let whole = |bytes: Bytes| {
        let length = bytes.len();
        (if length == 0 { VecDeque::new() } else { [Step::Send(bytes)].into() }, length)
    };
    match fault {
        None | Some(BodyFault::ResetAtEnd | BodyFault::Endless) => whole(bytes),
        Some(BodyFault::ResetHalfway) => {
            ([Step::Send(first), Step::Wait(SETTLE), Step::ConnectionEnd(ConnectionEnd::Reset)].into(), length)
        }
        Some(BodyFault::Short(missing)) => {
            ([Step::Send(cut(missing)), Step::Wait(SETTLE), Step::ConnectionEnd(ConnectionEnd::Close)].into(), length)
        }
        Some(BodyFault::Stall(time)) => ([Step::Send(first), Step::Wait(time), Step::Send(second)].into(), length),
        Some(BodyFault::Truncated(missing)) => whole(cut(missing)),
        Some(BodyFault::Long(extra)) => whole([&bytes[..], &vec![b'~'; extra]].concat().into()),
        Some(BodyFault::FlippedBit(bit)) => whole(flipped(&bytes, bit)),
    }
}

fn flipped(bytes: &Bytes, bit: usize) -> Bytes {
    let mut flipped = bytes.to_vec();
    if !flipped.is_empty() {
        let at = bit / 8 % flipped.len();
        flipped[at] ^= 1 << (bit % 8);
    }
    flipped.into()
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Wait(time)) => self.pause = Some(Box::pin(sleep(time))),
                Some(Step::Send(bytes)) => {
                    if let Some(in_flight) = &self.in_flight {
                        in_flight.sent(bytes.len());
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Repeat(bytes)) => {
                    self.steps.push_front(Step::Repeat(bytes.clone()));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::ConnectionEnd(end)) => {
                    // The task of the connection drops this body together with the connection.
                    // Until then the step stays, so that the body does not look finished.
                    self.line.end(end);
                    self.steps.push_front(Step::ConnectionEnd(end));
                    return Poll::Pending;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.reset_when_done {
            let line = self.line.clone();
            tokio::spawn(async move {
                sleep(SETTLE).await;
                line.end(ConnectionEnd::Reset);
            });
        }
    }
}
