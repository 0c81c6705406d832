//! The patterns of one option, wanted and unwanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::error::Error;
use crate::syntax::value_list::{ListError, ListValue, ValueLists, named_file};

/// The values of one option. One of the plain patterns must match, and none of those with
/// a leading `!`.
#[derive(Clone, Debug)]
pub struct PatternSet<T> {
    option: Box<str>,
    wanted: Vec<T>,
    /// For each wanted pattern, the index in `usage` of the value that it is from.
    origins: Vec<usize>,
    unwanted: Vec<T>,
    /// A flag per wanted value, shared by the clones on all threads. A list is one value.
    usage: Arc<[ValueUsage]>,
}

/// A wanted value as typed, and whether it has matched.
#[derive(Debug)]
struct ValueUsage {
    value: Box<str>,
    is_matched: AtomicBool,
}

impl<T> PatternSet<T> {
    /// Compiles the values of an option with `compile`; `None` if there are none.
    pub fn new(
        option: &str,
        values: &[String],
        mut compile: impl FnMut(&str) -> Result<T, Error>,
    ) -> Result<Option<PatternSet<T>>, Error> {
        let mut set = PatternSetBuilder::new(option);
        for value in values {
            set.push(value, &mut compile)?;
        }
        Ok(set.finish())
    }

    /// Like [`new`](Self::new), but a value may name one of `lists`, whose values `compile_list`
    /// compiles.
    pub fn with_lists(
        option: &str,
        values: &[String],
        lists: &ValueLists,
        mut compile: impl FnMut(&str) -> Result<T, Error>,
        compile_list: impl Fn(&mut dyn Iterator<Item = ListValue<'_>>) -> Result<Vec<T>, ListError>,
    ) -> Result<Option<PatternSet<T>>, Error> {
        let mut set = PatternSetBuilder::new(option);
        for value in values {
            match named_file(value) {
                Some((file, is_negated)) => {
                    set.push_list(value, is_negated, &file, lists, &mut compile, &compile_list)?;
                }
                None => set.push(value, &mut compile)?,
            }
        }
        Ok(set.finish())
    }

    /// The wanted patterns, one of which must match. Empty if all are negated.
    pub fn wanted(&self) -> &[T] {
        &self.wanted
    }

    /// Whether the set matches, where `matches` tests a single pattern.
    pub fn accepts(&self, mut matches: impl FnMut(&T) -> bool) -> bool {
        let is_wanted = match &self.wanted[..] {
            [] => true,
            [only] => matches(only),
            _ => self.is_any_wanted(&mut matches),
        };
        is_wanted && !self.unwanted.iter().any(matches)
    }

    /// After a match, only patterns without a match so far are tried.
    fn is_any_wanted(&self, matches: &mut impl FnMut(&T) -> bool) -> bool {
        let mut is_any = false;
        for (pattern, origin) in self.wanted.iter().zip(&self.origins) {
            let usage = &self.usage[*origin];
            let is_matched = usage.is_matched.load(Relaxed);
            if !(is_any && is_matched) && matches(pattern) {
                is_any = true;
                if !is_matched {
                    usage.is_matched.store(true, Relaxed);
                }
            }
        }
        is_any
    }

    /// The values without a match, if the option has several.
    pub fn unmatched(&self) -> Option<UnmatchedValues> {
        let is_unmatched = |usage: &&ValueUsage| !usage.is_matched.load(Relaxed);
        let values: Vec<String> = self.usage.iter().filter(is_unmatched).map(|usage| usage.value.to_string()).collect();
        (self.usage.len() > 1 && !values.is_empty())
            .then(|| UnmatchedValues { option: self.option.to_string(), values })
    }
}

/// A [`PatternSet`] to which values are added.
struct PatternSetBuilder<'a, T> {
    option: &'a str,
    wanted: Vec<T>,
    origins: Vec<usize>,
    unwanted: Vec<T>,
    usage: Vec<ValueUsage>,
}

impl<'a, T> PatternSetBuilder<'a, T> {
    fn new(option: &'a str) -> PatternSetBuilder<'a, T> {
        PatternSetBuilder { option, wanted: Vec::new(), origins: Vec::new(), unwanted: Vec::new(), usage: Vec::new() }
    }

    /// Adds a value as typed.
    fn push(&mut self, value: &str, compile: &mut impl FnMut(&str) -> Result<T, Error>) -> Result<(), Error> {
        let pattern = value.strip_prefix('!').unwrap_or(value);
        if let Some(reason) = misuse(value) {
            return Err(Error::option(self.option, value, reason));
        }
        let compiled = compile(pattern)?;
        self.add(value, value.starts_with('!'), [compiled]);
        Ok(())
    }

    /// Adds the values of a list.
    fn push_list(
        &mut self,
        typed: &str,
        is_negated: bool,
        file: &str,
        lists: &ValueLists,
        compile: &mut impl FnMut(&str) -> Result<T, Error>,
        compile_list: &impl Fn(&mut dyn Iterator<Item = ListValue<'_>>) -> Result<Vec<T>, ListError>,
    ) -> Result<(), Error> {
        /// So few values are compiled one by one, for the byte search.
        const FEW: usize = 8;
        let wrong = |error: ListError| Error::option(self.option, typed, error.reason);
        let list =
            lists.get(file).ok_or_else(|| Error::option(self.option, typed, "names a list that was not read"))?;
        if let Some(value) =
            list.values().find(|value| misuse(value.text).is_some() || (is_negated && is_negation(value)))
        {
            return Err(wrong(ListError::new(value, misuse(value.text).unwrap_or(NEGATED_TWICE))));
        }
        for negated in [false, true] {
            let values = || {
                let of_sign = list.values().filter(move |value| is_negation(value) == negated);
                of_sign.map(|value| ListValue { text: value.text.strip_prefix('!').unwrap_or(value.text), ..value })
            };
            let mut patterns = compile_list(&mut values()).map_err(wrong)?;
            if values().count() <= FEW {
                patterns = values().map(|value| compile(value.text)).collect::<Result<_, _>>()?;
            }
            if !patterns.is_empty() {
                self.add(typed, negated || is_negated, patterns);
            }
        }
        Ok(())
    }

    fn add(&mut self, typed: &str, is_negated: bool, patterns: impl IntoIterator<Item = T>) {
        if is_negated {
            return self.unwanted.extend(patterns);
        }
        self.wanted.extend(patterns);
        self.origins.resize(self.wanted.len(), self.usage.len());
        self.usage.push(ValueUsage { value: typed.into(), is_matched: AtomicBool::new(false) });
    }

    /// The set; `None` if nothing was added.
    fn finish(self) -> Option<PatternSet<T>> {
        let PatternSetBuilder { option, wanted, origins, unwanted, usage } = self;
        let is_empty = wanted.is_empty() && unwanted.is_empty();
        (!is_empty).then(|| PatternSet { option: option.into(), wanted, origins, unwanted, usage: usage.into() })
    }
}

const NEGATED_TWICE: &str = "negated twice; write one !, or !\\! to exclude text that begins with !";

/// Why a value is not one of any option; `None` if it may be.
fn misuse(value: &str) -> Option<&'static str> {
    match value {
        "" | "!" => Some("empty, so it would match nothing; leave it out or write *"),
        _ if value.starts_with("!!") => Some(NEGATED_TWICE),
        _ => None,
    }
}

fn is_negation(value: &ListValue<'_>) -> bool {
    value.text.starts_with('!')
}

/// Values of an option without a match, while others had one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnmatchedValues {
    /// The option, such as `--event-name`.
    pub option: String,
    /// The values as typed.
    pub values: Vec<String>,
}
