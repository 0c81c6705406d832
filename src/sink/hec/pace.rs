//! How long to wait between requests.

use std::time::Duration;

/// How long to wait between requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct HecPace {
    /// The first pause; each further one is twice as long.
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    /// First pause before polling for an acknowledgement; later ones are longer.
    pub(super) first_poll: Duration,
    pub(super) longest_poll: Duration,
    /// Number of polls before the batch is sent again.
    pub(super) polls: u32,
}

impl Default for HecPace {
    fn default() -> HecPace {
        HecPace {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            first_poll: Duration::from_millis(100),
            longest_poll: Duration::from_secs(5),
            // About five minutes.
            polls: 85,
        }
    }
}
