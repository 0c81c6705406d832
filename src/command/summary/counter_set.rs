//! The counters of one thread, or what belongs to each of them.

/// One for each table that is counted.
#[derive(Debug)]
pub(super) struct CounterSet<T> {
    /// One for each subject.
    pub(super) subjects: Vec<T>,
    /// Of denied calls.
    pub(super) denied: T,
    /// Of the principals whose calls were denied.
    pub(super) roles: T,
    /// Of calls with a theme.
    pub(super) changes: T,
    /// Of what signals are made of.
    pub(super) signals: T,
}

impl<T> CounterSet<T> {
    /// Makes all of them, for this number of subjects.
    pub(super) fn new(subjects: usize, mut make: impl FnMut() -> T) -> CounterSet<T> {
        CounterSet {
            subjects: (0..subjects).map(|_| make()).collect(),
            denied: make(),
            roles: make(),
            changes: make(),
            signals: make(),
        }
    }

    /// Makes something of each.
    pub(super) fn map<U>(&self, mut make: impl FnMut(&T) -> U) -> CounterSet<U> {
        CounterSet {
            subjects: self.subjects.iter().map(&mut make).collect(),
            denied: make(&self.denied),
            roles: make(&self.roles),
            changes: make(&self.changes),
            signals: make(&self.signals),
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.subjects.iter().chain([&self.denied, &self.roles, &self.changes, &self.signals])
    }

    /// All of them, in the same order.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.subjects.iter_mut().chain([&mut self.denied, &mut self.roles, &mut self.changes, &mut self.signals])
    }

    /// All of them, in the same order.
    pub(super) fn into_iter(self) -> impl Iterator<Item = T> {
        self.subjects.into_iter().chain([self.denied, self.roles, self.changes, self.signals])
    }
}
