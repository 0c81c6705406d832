//! What goes wrong with the requests that a [`Selection`] strikes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::request::{Operation, Request};
use super::selection::Selection;

/// Something that goes wrong with some requests: `Fault::get("*").times(2).status(503, "SlowDown")`.
pub struct Fault {
    selection: Selection,
    effect: Effect,
}

/// What happens to a request that is struck.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// The answer waits. Other faults may add to it.
    Delay(Duration),
    /// An error is the answer: status, code, and the message if it is not the usual one.
    Status(u16, String, Option<String>),
    /// The connection is reset, without an answer.
    Reset,
    /// The body of the answer is damaged.
    Body(BodyFault),
    /// The page of a listing is wrong.
    List(ListFault),
    /// The answer waits for others to wait with it.
    Gather(Arc<RequestBarrier>),
}

/// Makes answers wait until enough of them wait at once. After that, none waits any more.
#[derive(Debug)]
pub(super) struct RequestBarrier {
    wanted: usize,
    waiting: AtomicUsize,
    /// Closed once enough answers have waited.
    gate: Semaphore,
}

impl RequestBarrier {
    /// Waits for the others, but not forever: a client that never makes enough requests at once
    /// should fail its test instead of hanging.
    pub(super) async fn wait(&self) {
        const MAX_WAIT: Duration = Duration::from_secs(20);
        if self.waiting.fetch_add(1, Relaxed) + 1 >= self.wanted {
            self.gate.close();
        }
        let _ = timeout(MAX_WAIT, self.gate.acquire()).await;
        self.waiting.fetch_sub(1, Relaxed);
    }
}

/// How a body is damaged.
#[derive(Clone, Copy, Debug)]
pub(super) enum BodyFault {
    ResetHalfway,
    ResetAtEnd,
    Short(usize),
    Truncated(usize),
    Long(usize),
    FlippedBit(usize),
    Endless,
    Stall(Duration),
}

/// What is wrong with a page of a listing.
#[derive(Clone, Copy, Debug)]
pub(super) enum ListFault {
    Endless,
    Empty,
    Repeat,
    Omit,
    Miscount,
    Outside,
    NoToken,
    Idle,
}

/// Selects requests. Their key, or the prefix of a LIST, must match a pattern in which `*` stands
/// for any text.
impl Fault {
    /// GETs of keys that match this pattern.
    pub fn get(pattern: &str) -> Selection {
        Selection::new(Some(Operation::Get), pattern)
    }

    /// LISTs of prefixes that match this pattern.
    pub fn list(pattern: &str) -> Selection {
        Selection::new(Some(Operation::List), pattern)
    }

    /// HEADs of keys that match this pattern.
    pub fn head(pattern: &str) -> Selection {
        Selection::new(Some(Operation::Head), pattern)
    }

    /// Requests of any kind.
    pub fn any() -> Selection {
        Selection::new(None, "*")
    }

    /// The credentials expire after this many requests: all later ones get `ExpiredToken`.
    pub fn expire_after(requests: usize) -> Self {
        Self::any().skip(requests).status(400, "ExpiredToken")
    }
}

/// Says what goes wrong with the selected requests.
impl Selection {
    /// An error is the answer: `status(503, "SlowDown")`, `status(403, "AccessDenied")`, …
    pub fn status(self, status: u16, code: &str) -> Fault {
        self.effect(Effect::Status(status, code.to_owned(), None))
    }

    /// An error with a message of its own is the answer.
    pub fn status_saying(self, status: u16, code: &str, message: &str) -> Fault {
        self.effect(Effect::Status(status, code.to_owned(), Some(message.to_owned())))
    }

    /// The answer is delayed by this time. It then comes as usual, unless another fault strikes
    /// too.
    pub fn delay(self, time: Duration) -> Fault {
        self.effect(Effect::Delay(time))
    }

    /// The answer waits until this many answers wait at once. This shows what a client does at the
    /// same time, however slow the machine is.
    pub fn gather(self, wanted: usize) -> Fault {
        let gathering = RequestBarrier { wanted, waiting: AtomicUsize::new(0), gate: Semaphore::new(0) };
        self.effect(Effect::Gather(Arc::new(gathering)))
    }

    /// The connection is reset before there is an answer.
    pub fn reset(self) -> Fault {
        self.effect(Effect::Reset)
    }

    /// The connection is reset after half of the body.
    pub fn reset_halfway(self) -> Fault {
        self.effect(Effect::Body(BodyFault::ResetHalfway))
    }

    /// The connection is reset a moment after the whole body, when the client may already plan to
    /// reuse it.
    pub fn reset_at_end(self) -> Fault {
        self.effect(Effect::Body(BodyFault::ResetAtEnd))
    }

    /// The last bytes are not sent and the connection is closed; `Content-Length` promised them.
    pub fn short_body(self, missing: usize) -> Fault {
        self.effect(Effect::Body(BodyFault::Short(missing)))
    }

    /// The last bytes are missing, and `Content-Length` does not count them: only the listing has
    /// the true size.
    pub fn truncated_body(self, missing: usize) -> Fault {
        self.effect(Effect::Body(BodyFault::Truncated(missing)))
    }

    /// The body has more bytes than in the listing, and `Content-Length` counts them.
    pub fn long_body(self, extra: usize) -> Fault {
        self.effect(Effect::Body(BodyFault::Long(extra)))
    }

    /// The body continues forever after its last byte, without a `Content-Length`.
    pub fn endless_body(self) -> Fault {
        self.effect(Effect::Body(BodyFault::Endless))
    }

    /// This bit of the body is flipped, counted from the lowest bit of the first byte. Numbers past
    /// the end start again at the first byte.
    pub fn flip_bit(self, bit: usize) -> Fault {
        self.effect(Effect::Body(BodyFault::FlippedBit(bit)))
    }

    /// The server pauses for this time after half of the body, and then sends the rest.
    pub fn stall(self, time: Duration) -> Fault {
        self.effect(Effect::Body(BodyFault::Stall(time)))
    }

    /// LIST only: the page says that there is more, and its token leads to the same page again.
    pub fn endless_list(self) -> Fault {
        self.effect(Effect::List(ListFault::Endless))
    }

    /// LIST only: the page is empty, and its token leads to the page that should have come. S3 does
    /// this at times.
    pub fn empty_page(self) -> Fault {
        self.effect(Effect::List(ListFault::Empty))
    }

    /// LIST only: the page has every key twice.
    pub fn repeated_keys(self) -> Fault {
        self.effect(Effect::List(ListFault::Repeat))
    }

    /// LIST only: the page leaves out its first key, its third, and so on.
    pub fn omitted_keys(self) -> Fault {
        self.effect(Effect::List(ListFault::Omit))
    }

    /// LIST only: the page leaves out its last half, and `KeyCount` still counts it.
    pub fn miscounted_keys(self) -> Fault {
        self.effect(Effect::List(ListFault::Miscount))
    }

    /// LIST only: the last key and the last common prefix of the page are outside of the requested
    /// prefix.
    pub fn keys_outside(self) -> Fault {
        self.effect(Effect::List(ListFault::Outside))
    }

    /// LIST only: the page says that there is more, but has no token.
    pub fn missing_token(self) -> Fault {
        self.effect(Effect::List(ListFault::NoToken))
    }

    /// LIST only: the page is empty, and its token leads to another empty page. Two tokens
    /// alternate.
    pub fn idle_list(self) -> Fault {
        self.effect(Effect::List(ListFault::Idle))
    }

    fn effect(self, effect: Effect) -> Fault {
        Fault { selection: self, effect }
    }
}

/// An active fault, which counts the requests that it struck.
#[derive(Clone)]
pub struct ActiveFault(Arc<Fault>);

impl ActiveFault {
    /// How many requests were struck.
    pub fn fired(&self) -> usize {
        self.0.selection.struck()
    }
}

/// The active faults.
#[derive(Default)]
pub(super) struct Faults(Vec<Arc<Fault>>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) -> ActiveFault {
        let fault = Arc::new(fault);
        self.0.push(fault.clone());
        ActiveFault(fault)
    }

    /// The sum of all delays for this request, and its first other effect. Faults with later
    /// effects are not consulted, so they do not count the request.
    pub(super) fn strike(&self, request: &Request) -> (Duration, Option<Effect>) {
        let (mut delay, mut effect) = (Duration::ZERO, None);
        for fault in &self.0 {
            match &fault.effect {
                Effect::Delay(time) if fault.selection.strikes(request) => delay += *time,
                Effect::Delay(_) => {}
                other if effect.is_none() && fault.selection.strikes(request) => effect = Some(other.clone()),
                _ => {}
            }
        }
        (delay, effect)
    }
}
