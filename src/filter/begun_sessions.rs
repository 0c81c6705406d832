//! The sessions of roles that the users of `--user` began under other names. `--user` does
//! not match their events, and `--actor` does.
//!
//! Only events that the run decodes anyway are looked at, so this costs nothing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::HumanCount;
use serde::{Deserialize, Serialize};

use super::options::{ACTOR, USER};
use super::spec::FilterSpec;
use crate::cloudtrail::actor::{GrantReader, SessionCount, SessionStarts};
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::syntax::glob::{Pattern, PatternSet};
use crate::syntax::shell::quoted;
use crate::syntax::window::Window;

/// Finds the sessions that the users of `--user` began. Clones on several threads add to
/// the same result.
#[derive(Clone, Debug)]
pub struct BegunSessions {
    users: PatternSet<Pattern>,
    typed: Vec<String>,
    /// Whether other conditions can rule out logs that begin sessions of these users.
    is_partial: bool,
    window: Window,
    name: FieldId,
    time: FieldId,
    identities: IdentityReader,
    grants: GrantReader,
    starts: Arc<Mutex<SessionStarts>>,
}

impl BegunSessions {
    /// Adds the fields it reads to `fields`. `None` if the run asks for no users, leaves
    /// some out, or asks for actors anyway.
    pub fn new(asked: &FilterSpec, fields: &mut FieldSet) -> Result<Option<BegunSessions>, Error> {
        let typed_of = |flag: &str| asked.options.iter().find(|(option, _)| option.flag == flag);
        let Some((option, typed)) = typed_of(USER).filter(|_| typed_of(ACTOR).is_none()) else { return Ok(None) };
        let typed = option.split(typed);
        if typed.iter().any(|value| value.starts_with('!')) {
            return Ok(None);
        }
        let compile = |value: &str| Pattern::new(USER, value);
        let lists = asked.options.lists();
        let users = PatternSet::with_lists(USER, &typed, lists, compile, |values| Pattern::of_list(values))?;
        let Some(users) = users else { return Ok(None) };
        let starts = SessionStarts::default();
        Ok(Some(BegunSessions {
            users,
            typed,
            is_partial: asked.jq.is_some()
                || asked.options.iter().any(|(other, _)| other.has_values() && other.flag != USER),
            window: asked.window,
            name: fields.add("eventName")?,
            time: fields.add("eventTime")?,
            identities: IdentityReader::new(fields)?,
            grants: starts.reader(fields).map_err(Error::usage)?,
            starts: Arc::new(Mutex::new(starts)),
        }))
    }

    /// Looks at an event.
    #[inline]
    pub fn note(&mut self, event: &Event<'_>) {
        let name = event.get(self.name).and_then(|name| name.raw_string());
        if name.is_some_and(|name| name.starts_with(b"AssumeRo")) {
            self.note_grant(event);
        }
    }

    fn note_grant(&mut self, event: &Event<'_>) {
        let time = event.get(self.time).and_then(time::of_value);
        let principal = self.identities.principal(event);
        let is_user = self.users.accepts(|pattern| principal.is_any(|name| pattern.matches(name)));
        if !is_user || time.is_some_and(|time| !self.window.contains(time)) {
            return;
        }
        let Some(start) = self.grants.session_start(event) else { return };
        let has_user_name = self.users.accepts(|pattern| start.names.iter().any(|name| pattern.matches(name)));
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        starts.add(&start, !has_user_name);
    }

    /// The sessions under other names that were found, of which it is proven that one of
    /// the users began them; `None` if there are none.
    pub fn count(&self) -> Option<BegunCount> {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_user = |name: &str| self.users.accepts(|pattern| pattern.matches(name));
        let sessions = starts.count(|actor| actor.is_any(is_user));
        let options: Vec<String> = self.typed.iter().map(|value| format!("{ACTOR} {}", quoted(value))).collect();
        let is_one_user =
            matches!(&self.typed[..], [only] if !only.starts_with('@') && !only.contains(['*', '?', '{', '[']));
        (sessions != SessionCount::Exact(0)).then(|| BegunCount {
            sessions,
            is_lower_bound: self.is_partial,
            is_one_user,
            options: options.join(" "),
        })
    }
}

/// The number of sessions that the users of `--user` began under other names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BegunCount {
    sessions: SessionCount,
    /// Whether there can be more than were counted.
    is_lower_bound: bool,
    is_one_user: bool,
    /// The options that find the events of the sessions.
    options: String,
}

impl BegunCount {
    /// The count of two parts of the logs. A session can be found in both, so the larger count is
    /// the least number of sessions.
    pub fn or_of_part(self, other: BegunCount) -> BegunCount {
        let larger = if other.sessions > self.sessions { other } else { self };
        BegunCount { is_lower_bound: true, ..larger }
    }
}

impl fmt::Display for BegunCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.is_one_user { "this user" } else { "these users" };
        let least = if self.is_lower_bound { "at least " } else { "" };
        let options = &self.options;
        let SessionCount::Exact(number) = self.sessions else {
            return write!(f, "{user} began many sessions, perhaps under other names, and {options} shows them");
        };
        let (sessions, names, them) = match number {
            1 => ("session", "another name", "it"),
            _ => ("sessions", "other names", "them"),
        };
        let number = HumanCount(number);
        write!(f, "{user} also began {least}{number} {sessions} under {names}, and {options} shows {them}")
    }
}
