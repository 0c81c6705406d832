//! XML as S3 writes it: one line, text escaped, control characters as character references.

use std::fmt::Write;

use bytes::Bytes;

/// A document that is being written.
pub(super) struct Document(String);

impl Document {
    pub(super) fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut document = Self::new();
        document.0.reserve(bytes);
        document
    }

    /// Begins an element.
    pub(super) fn open(&mut self, element: &str) {
        self.0.push('<');
        self.0.push_str(element);
        self.0.push('>');
    }

    pub(super) fn close(&mut self, element: &str) {
        self.0.push_str("</");
        self.0.push_str(element);
        self.0.push('>');
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, element: &str, text: &str) {
        self.open(element);
        self.escape(text);
        self.close(element);
    }

    /// An element with a number, a time or a truth value in it.
    pub(super) fn value(&mut self, element: &str, value: impl std::fmt::Display) {
        self.open(element);
        write!(self.0, "{value}").unwrap();
        self.close(element);
    }

    pub(super) fn finish(self) -> Bytes {
        self.0.into()
    }

    fn escape(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                control if control.is_control() => write!(self.0, "&#x{:x};", u32::from(control)).unwrap(),
                other => self.0.push(other),
            }
        }
    }
}
