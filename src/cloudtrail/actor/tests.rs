use std::sync::Arc;

use super::*;
use crate::decode::event::FieldSet;
use crate::decode::testing::with_event;

const CREATED: &str = "2026-10-01T09:00:00Z";

/// The cells of an event, by the events that hand out credentials. Runs of parts resolve it
/// equally.
fn cells(grants: &[String], event: &str) -> Option<(String, String)> {
    let cells = cells_of_one_run(grants, event);
    assert_eq!(cells_of_parts(grants, event), cells);
    cells
}

fn cells_of_parts(grants: &[String], event: &str) -> Option<(String, String)> {
    let mut builder = ActorIndexBuilder::for_parts();
    for grant in grants {
        let mut fields = FieldSet::default();
        let mut reader = GrantReader::for_parts(&mut fields).unwrap();
        let mut records = Vec::new();
        with_event(grant, &fields, |event| {
            reader.read(event, |fact| records.push(serde_json::to_string(&fact).unwrap()));
        });
        records.iter().for_each(|fact| builder.add_portable(serde_json::from_str(fact).unwrap()).unwrap());
    }
    let mut fields = FieldSet::default();
    let mut callers = PortableCallerReader::new(&mut fields).unwrap();
    let caller = with_event(event, &fields, |event| serde_json::to_string(&callers.caller(event)).unwrap());
    builder.finish().actor_of(serde_json::from_str(&caller).unwrap()).map(|actor| (actor.name, actor.via.to_string()))
}

fn cells_of_one_run(grants: &[String], event: &str) -> Option<(String, String)> {
    let mut builder = ActorIndexBuilder::default();
    let mut fields = FieldSet::default();
    let mut reader = GrantReader::new(&builder, &mut fields).unwrap();
    for grant in grants {
        let mut facts = Vec::new();
        with_event(grant, &fields, |event| reader.read(event, |fact| facts.push(fact)));
        facts.iter().for_each(|fact| builder.add(fact).unwrap());
    }
    let mut fields = FieldSet::default();
    let mut actors = ActorReader::new(&mut fields).unwrap();
    actors.set_index(&Arc::new(builder.finish()));
    with_event(event, &fields, |event| actors.actor(event).map(|actor| (actor.name, actor.via.to_string())))
}

fn user(name: &str) -> String {
    format!(
        r#"{{"type":"IAMUser","userName":"{name}","principalId":"AIDA{name}","accountId":"111122223333",
            "arn":"arn:aws:iam::111122223333:user/{name}","accessKeyId":"AKIA{name}"}}"#
    )
}

/// A session of the role R, with a key and further members of its context.
fn session(name: &str, created: &str, key: &str, context: &str) -> String {
    format!(
        r#"{{"type":"AssumedRole","principalId":"AROA:{name}","accountId":"111122223333","accessKeyId":"{key}",
            "arn":"arn:aws:sts::111122223333:assumed-role/R/{name}","sessionContext":{{{context}
            "sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/R","userName":"R"}},
            "attributes":{{"creationDate":"{created}"}}}}}}"#
    )
}

fn call(identity: &str) -> String {
    format!(r#"{{"eventName":"X","userIdentity":{identity}}}"#)
}

/// A caller assumes the role R.
fn assume(identity: &str, name: &str, time: &str, key: &str) -> String {
    format!(
        r#"{{"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","eventTime":"{time}","userIdentity":{identity},
            "requestParameters":{{"roleArn":"arn:aws:iam::111122223333:role/R","roleSessionName":"{name}"}},
            "responseElements":{{"credentials":{{"accessKeyId":"{key}"}}}}}}"#
    )
}

fn found(name: &str, via: &str) -> Option<(String, String)> {
    Some((name.into(), via.into()))
}

#[test]
fn role_session_and_time_have_to_agree() {
    let grants = [assume(&user("alice"), "s", CREATED, "ASIA1")];
    for (name, created, key, expected) in [
        ("s", CREATED, "ASIA1", found("alice", "key")),
        ("s", "2026-10-01T09:00:01Z", "ASIA1", found("alice", "key")),
        ("s", "2026-10-01T08:59:59Z", "ASIA2", found("alice", "principal+time")),
        ("s", CREATED, "", found("alice", "principal+time")),
        ("s", "2026-10-01T09:00:02Z", "ASIA1", None),
        ("other", CREATED, "ASIA2", None),
        ("s", "never", "ASIA1", None),
    ] {
        assert_eq!(cells(&grants, &call(&session(name, created, key, ""))), expected, "{name} {created} {key}");
    }
}

#[test]
fn two_callers_prove_nothing() {
    let [alice, bob] = ["alice", "bob"].map(|name| assume(&user(name), "s", CREATED, "ASIAREDACTED"));
    let event = call(&session("s", CREATED, "ASIAREDACTED", ""));
    assert_eq!(cells(&[alice.clone(), bob.clone()], &event), None);
    assert_eq!(cells(&[alice.clone(), alice.clone()], &event), found("alice", "key"), "read twice");
    let other = assume(&user("bob"), "s", CREATED, "ASIA2");
    assert_eq!(cells(&[other, alice], &event), found("alice", "key"), "one has the key");
}

#[test]
fn a_failed_call_begins_no_session() {
    let denied = assume(&user("alice"), "s", CREATED, "ASIA1").replacen('{', r#"{"errorCode":"AccessDenied","#, 1);
    assert_eq!(cells(&[denied], &call(&session("s", CREATED, "ASIA1", ""))), None);
}

#[test]
fn a_session_name_is_no_proof() {
    for name in ["alice", "root", "i-0abc12de34f567890"] {
        assert_eq!(cells(&[], &call(&session(name, CREATED, "ASIA1", ""))), None, "{name}");
    }
    let delivered = r#""ec2RoleDelivery":"2.0","#;
    let of_instance = call(&session("i-0abc12de34f567890", CREATED, "ASIA1", delivered));
    assert_eq!(cells(&[], &of_instance), found("i-0abc12de34f567890", "session name"));
    assert_eq!(cells(&[], &call(&session("i-other", CREATED, "ASIA1", delivered))), None);
}

#[test]
fn names_cannot_be_mistaken_for_root() {
    let source = |name: &str| call(&session("s", CREATED, "ASIA1", &format!(r#""sourceIdentity":"{name}","#)));
    assert_eq!(cells(&[], &source("root")), found("user/root", "sourceIdentity"));
    assert_eq!(cells(&[], &call(&user("root"))), found("user/root", "identity"));
    let grants = [assume(&user("mallory"), "s", CREATED, "ASIA1")];
    assert_eq!(cells(&grants, &source("alice")), found("alice", "sourceIdentity, set by mallory"));
    assert_eq!(cells(&grants, &source("mallory")), found("mallory", "sourceIdentity"));
}

#[test]
fn an_assumed_root_user_is_the_one_who_assumed_it() {
    let grant = assume(&user("alice"), "", CREATED, "ASIA1")
        .replace("\"AssumeRole\"", "\"AssumeRoot\"")
        .replace("\"roleArn\":\"arn:aws:iam::111122223333:role/R\"", "\"targetPrincipal\":\"444455556666\"");
    let event = call(&format!(
        r#"{{"type":"Root","principalId":"444455556666","arn":"arn:aws:iam::444455556666:root","accessKeyId":"ASIA1",
            "accountId":"444455556666","sessionContext":{{"assumedRoot":"true","attributes":{{"creationDate":"{CREATED}"}}}}}}"#
    ));
    assert_eq!(cells(&[grant], &event), found("111122223333/alice", "key"));
    assert_eq!(cells(&[], &event), None);
}

#[test]
fn more_facts_than_fit_are_an_error() {
    let fill = |memory: usize| {
        let mut builder = ActorIndexBuilder::with_memory(memory);
        let mut fields = FieldSet::default();
        let mut reader = GrantReader::new(&builder, &mut fields).unwrap();
        for number in 0..20_000 {
            let caller = session(&format!("s{}", number + 1), CREATED, "ASIA1", "");
            let grant = assume(&caller, &format!("s{number}"), CREATED, "ASIA1");
            let mut facts = Vec::new();
            with_event(&grant, &fields, |event| reader.read(event, |fact| facts.push(fact)));
            facts.iter().try_for_each(|fact| builder.add(fact))?;
        }
        Ok(())
    };
    assert_eq!(fill(64 << 20), Ok(()));
    let full: Result<(), IndexFull> = fill(1 << 20);
    assert!(full.unwrap_err().to_string().contains("fit into 1 MiB of memory"));
}
