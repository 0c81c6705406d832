//! The key orders of events. Real logs have dozens: the usual one, some with a few keys elsewhere,
//! and some without any pattern.

use std::sync::LazyLock;

use fastrand::Rng;

use super::event::Field::{self, *};
use super::seeded::{hash, mix};

/// A key, and the key that it directly follows instead.
type Move = (Field, Field);

const MOVED: &[&[Move]] = &[
    &[(SessionCredentialFromConsole, EventCategory)],
    &[(ReadOnly, Resources)],
    &[(RequestId, EventId)],
    &[(ApiVersion, EventTime)],
    &[(UserIdentity, RecipientAccountId)],
    &[(EventTime, TlsDetails)],
    &[(EventName, UserAgent), (EventSource, UserAgent)],
    &[(RecipientAccountId, EventVersion)],
    &[(ErrorMessage, TlsDetails), (ErrorCode, TlsDetails)],
    &[(RequestParameters, EventVersion)],
    &[(AwsRegion, EventTime), (SourceIpAddress, AwsRegion)],
    &[(EventId, EventVersion), (EventType, EventVersion)],
];
const SHUFFLES: u64 = 16;

static ORDERS: LazyLock<Vec<Vec<Field>>> = LazyLock::new(|| {
    let mut orders: Vec<Vec<Field>> = MOVED.iter().map(|moves| moved(moves)).collect();
    let mut by_name = Field::ALL.to_vec();
    by_name.sort_by_key(|field| field.name());
    orders.push(by_name);
    for seed in 0..SHUFFLES {
        let mut order = Field::ALL.to_vec();
        Rng::with_seed(seed).shuffle(&mut order);
        orders.push(order);
    }
    orders
});

/// The usual order for about seven events in eight, and another one for the rest.
pub(super) fn pick(rng: &mut Rng) -> &'static [Field] {
    match rng.u8(..8) {
        0 => &ORDERS[rng.usize(..ORDERS.len())],
        _ => Field::ALL,
    }
}

/// The order of a call, which is unusual for about one call in eight.
pub(super) fn of_call(name: &str) -> &'static [Field] {
    let chosen = mix(hash(name), 0);
    match chosen % 8 {
        0 => &ORDERS[(chosen >> 3) as usize % ORDERS.len()],
        _ => Field::ALL,
    }
}

fn moved(moves: &[Move]) -> Vec<Field> {
    let mut order = Field::ALL.to_vec();
    for &(field, behind) in moves {
        order.retain(|&other| other != field);
        let place = order.iter().position(|&other| other == behind);
        order.insert(place.map_or(0, |place| place + 1), field);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_every_key_once() {
        for order in ORDERS.iter() {
            assert_eq!(order.len(), Field::ALL.len());
            assert!(Field::ALL.iter().all(|field| order.contains(field)));
        }
    }
}
