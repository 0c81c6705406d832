//! Matches texts that are too large to be held whole: an automaton takes them in pieces.

use std::ops::ControlFlow;

use regex_automata::Anchored;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::hybrid::{BuildError, LazyStateID};
use regex_automata::util::start;
use regex_automata::util::syntax;

/// Matches a text in pieces.
#[derive(Debug)]
pub struct PieceMatcher {
    automaton: DFA,
    cache: Cache,
    state: MatchState,
}

/// The state of a match.
#[derive(Clone, Copy, Debug)]
enum MatchState {
    /// The rest of the text decides.
    At(LazyStateID),
    /// The result is known, whatever follows.
    Decided(bool),
    /// The automaton cannot decide.
    Unknown,
}

impl PieceMatcher {
    /// Searches a text for a regular expression; `None` if no automaton can do that.
    pub fn new(regex: &str, dot_matches_new_line: bool) -> Option<PieceMatcher> {
        PieceMatcher::build(regex, dot_matches_new_line).ok()
    }

    fn build(regex: &str, dot_matches_new_line: bool) -> Result<PieceMatcher, Box<BuildError>> {
        // Word boundaries are supported in ASCII text only; at other text the automaton
        // gives up.
        let config = DFA::config().unicode_word_boundary(true).skip_cache_capacity_check(true);
        let syntax = syntax::Config::new().dot_matches_new_line(dot_matches_new_line);
        let automaton = DFA::builder().configure(config).syntax(syntax).build(regex)?;
        let mut cache = automaton.create_cache();
        let start = automaton.start_state(&mut cache, &start::Config::new().anchored(Anchored::No));
        let state = start.map_or(MatchState::Unknown, MatchState::At);
        Ok(PieceMatcher { automaton, cache, state })
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        let MatchState::At(mut state) = self.state else { return };
        for byte in piece {
            state = match self.automaton.next_state(&mut self.cache, state, *byte) {
                Ok(next) if !next.is_tagged() => next,
                Ok(next) if next.is_match() => return self.state = MatchState::Decided(true),
                Ok(next) if next.is_dead() => return self.state = MatchState::Decided(false),
                Ok(next) if next.is_start() => next,
                _ => return self.state = MatchState::Unknown,
            };
        }
        self.state = MatchState::At(state);
    }

    /// Breaks off once the rest of the text does not matter.
    pub fn control_flow(&self) -> ControlFlow<()> {
        match self.state {
            MatchState::At(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Whether the text, which has ended, matches; `None` if the automaton gave up.
    pub fn finish(mut self) -> Option<bool> {
        match self.state {
            MatchState::At(state) => {
                let end = self.automaton.next_eoi_state(&mut self.cache, state).ok()?;
                (!end.is_quit()).then_some(end.is_match())
            }
            MatchState::Decided(matches) => Some(matches),
            MatchState::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn in_pieces(regex: &str, text: &str, size: usize) -> Option<bool> {
        let mut matcher = PieceMatcher::new(regex, false)?;
        text.as_bytes().chunks(size).for_each(|piece| matcher.push(piece));
        matcher.finish()
    }

    proptest! {
        #[test]
        fn pieces_match_as_the_whole_does(
            regex in r"(?:[ab.é]|a\*|\^|\$|\(a\|b\)|\[\^a\]|\(\?i\)|\\b|\\s|b\{2\}){0,6}",
            text in "[abAé \n]{0,12}",
            size in 1..5_usize,
        ) {
            if let Ok(whole) = Regex::new(&regex) {
                let found = in_pieces(&regex, &text, size);
                prop_assert!(found.is_none_or(|found| found == whole.is_match(&text)), "{} {:?}", regex, text);
                prop_assert!(found.is_some() || (regex.contains("\\b") && !text.is_ascii()), "{} {:?}", regex, text);
            }
        }
    }
}
