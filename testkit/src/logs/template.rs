//! JSON text with placeholders: `{"instanceId":"<instance>"}`. A template is parsed once, and
//! filled for every event from its [`EventContext`].

use super::event_context::{EventContext, Placeholder};

/// A text with placeholders.
pub(super) struct Template(Vec<Piece>);

enum Piece {
    Text(&'static str),
    Placeholder(Placeholder),
}

impl Template {
    /// Parses a text. Panics at an unknown placeholder, which is a mistake in a table.
    pub(super) fn new(text: &'static str) -> Template {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = split(rest) {
            pieces.push(Piece::Text(before));
            match Placeholder::named(name) {
                Some(placeholder) => pieces.push(Piece::Placeholder(placeholder)),
                None => panic!("unknown placeholder <{name}> in {text}"),
            }
            rest = after;
        }
        pieces.push(Piece::Text(rest));
        Template(pieces)
    }

    /// Whether the text has placeholders.
    pub(super) fn has_placeholder(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
    }

    /// Appends the text with its placeholders filled.
    pub(super) fn fill(&self, context: &EventContext<'_>, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Placeholder(placeholder) => context.fill(*placeholder, out),
            }
        }
    }
}

fn split(text: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (before, rest) = text.split_once('<')?;
    let (name, after) = rest.split_once('>')?;
    Some((before, name, after))
}
