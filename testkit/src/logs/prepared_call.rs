//! The calls with their templates parsed, and who may make them.

use std::sync::LazyLock;

use fastrand::Rng;

use super::actors::{ACTORS, Actor};
use super::calls::{self, Call, TERMINATE};
use super::event::Field;
use super::template::Template;

/// A call whose templates have been parsed, and the actors that may make it.
pub(super) struct PreparedCall {
    pub(super) call: &'static Call,
    pub(super) request: Template,
    pub(super) response: Template,
    pub(super) host: Template,
    pub(super) more: Vec<(Field, Template)>,
    pub(super) errors: Vec<(&'static str, Template)>,
    pub(super) actors: WeightedChoice<&'static Actor>,
}

/// Values to draw from, each in proportion to its weight.
#[derive(Clone)]
pub(super) struct WeightedChoice<T> {
    /// Each value with the sum of the weights up to and including its own.
    pub(super) sums: Vec<(u32, T)>,
}

impl<T: Copy> WeightedChoice<T> {
    pub(super) fn new(weighted: impl Iterator<Item = (u32, T)>) -> WeightedChoice<T> {
        let mut sum = 0;
        let sums = weighted.map(|(weight, thing)| {
            sum += weight;
            (sum, thing)
        });
        WeightedChoice { sums: sums.collect() }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> T {
        let total = self.sums.last().map_or(0, |last| last.0);
        let ball = rng.u32(..total);
        self.sums[self.sums.partition_point(|(sum, _)| *sum <= ball)].1
    }
}

pub(super) static PREPARED_CALLS: LazyLock<Vec<PreparedCall>> =
    LazyLock::new(|| calls::all().map(PreparedCall::new).collect());
pub(super) static TERMINATE_CALL: LazyLock<PreparedCall> = LazyLock::new(|| PreparedCall::new(&TERMINATE));

impl PreparedCall {
    fn new(call: &'static Call) -> PreparedCall {
        let actors = ACTORS.iter().filter(|actor| may(call, actor));
        let actors = WeightedChoice::new(actors.map(|actor| (actor.weight, actor)));
        assert!(!actors.sums.is_empty(), "no actor may call {}:{}", call.source, call.name);
        let templates = |list: &'static [(Field, &'static str)]| {
            list.iter().map(|&(field, text)| (field, Template::new(text))).collect()
        };
        PreparedCall {
            call,
            request: Template::new(call.request),
            response: Template::new(call.response),
            host: Template::new(call.host),
            more: templates(call.more),
            errors: call.errors().iter().map(|&(code, text)| (code, Template::new(text))).collect(),
            actors,
        }
    }
}

/// Whether this actor may make this call.
fn may(call: &Call, actor: &Actor) -> bool {
    let named = match call.only {
        [] => !actor.reserved && (actor.calls.is_empty() || actor.calls.contains(&call.source)),
        only => only.contains(&actor.name),
    };
    named && call.by.contains(&actor.who)
}
