//! The text of a log that is in memory, and the count of all bytes in such texts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// The number of bytes in texts that are in use.
#[derive(Clone, Debug, Default)]
pub struct MemoryGauge(Arc<AtomicU64>);

impl MemoryGauge {
    /// Returns the number of bytes.
    pub fn bytes(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

/// A text in memory. Dropping it takes it out of the count.
#[derive(Debug)]
pub struct MemoryText {
    name: String,
    text: String,
    gauge: MemoryGauge,
}

impl MemoryText {
    /// Creates a text with the name that messages and the `file` column show, and counts it.
    pub fn new(name: String, text: String, gauge: MemoryGauge) -> MemoryText {
        gauge.0.fetch_add(text.len() as u64, SeqCst);
        MemoryText { name, text, gauge }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the content.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Drop for MemoryText {
    fn drop(&mut self) {
        self.gauge.0.fetch_sub(self.text.len() as u64, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_use_are_counted() {
        let gauge = MemoryGauge::default();
        let texts = ["ab", "c"].map(|text| MemoryText::new("x".into(), text.into(), gauge.clone()));
        assert_eq!((gauge.bytes(), texts[0].bytes()), (3, &b"ab"[..]));
        drop(texts);
        assert_eq!(gauge.bytes(), 0);
    }
}
