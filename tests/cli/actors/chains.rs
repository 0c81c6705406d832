//! Random chains of credentials, against a plain resolution of the same events.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;
use testkit::logs::{random_chains, records};
use testkit::plain::actor::actors;
use testkit::plain::row::shown;

use crate::harness::Trial;

/// Checks that every event has the actor of a plain resolution, in files of any order, on one
/// thread and on eight. Returns the cells of those that have one.
fn check(seed: u64) -> Vec<String> {
    let mut random = Rng::with_seed(seed);
    let events = random_chains(&mut random);
    let expected = actors(&events);
    let id = |event: &Value| event["eventID"].as_str().unwrap().to_string();
    let cells = |actor: &Option<(String, String)>| {
        actor.as_ref().map_or("\t".into(), |(name, via)| format!("{}\t{}", shown(name), shown(via)))
    };
    let expected: BTreeMap<String, String> =
        events.iter().zip(&expected).map(|(event, actor)| (id(event), cells(actor))).collect();
    let trial = Trial::new();
    let written: Vec<String> = events.iter().map(Value::to_string).collect();
    for (at, file) in written.chunks(random.usize(1..20)).enumerate() {
        trial.write(&format!("logs/{at:03}.json"), records(file));
    }
    let mut outputs = Vec::new();
    for threads in ["1", "8"] {
        let ran = trial.run(&["logs", "-c", "eventID,actor,actorVia", "--threads", threads, "-q"]);
        let rows: Vec<(String, String)> = ran.lines(0)[1..]
            .iter()
            .map(|row| row.split_once('\t').map(|(id, cells)| (id.to_string(), cells.to_string())).unwrap())
            .collect();
        assert_eq!(rows.len(), events.len(), "seed {seed}");
        for (id, cells) in rows {
            let event = written.iter().find(|event| event.contains(&format!("\"{id}\""))).unwrap();
            assert_eq!(cells, expected[&id], "seed {seed}: {event}\n{}", written.join("\n"));
        }
        outputs.push(ran.stdout);
    }
    assert_eq!(outputs[0], outputs[1], "seed {seed}");
    expected.into_values().filter(|cells| cells.len() > 1).collect()
}

#[test]
fn every_event_has_the_actor_of_a_plain_resolution() {
    let found: Vec<String> = (0..40).flat_map(check).collect();
    assert!(found.len() > 500, "{}", found.len());
    let longest = ["key"; 10].join(", ");
    for proof in [
        "identity",
        "key, key, key",
        "principal+time",
        "principal id",
        "other account",
        "issuer",
        "session name",
        "sourceIdentity",
        "set by ",
        "key created by ",
        "launched by ",
        "service-linked role",
        "invokedBy",
        &longest,
    ] {
        assert!(found.iter().any(|cells| cells.contains(proof)), "{proof}");
    }
}
