//! What there is to say of a gzip stream that was read.

use crate::error::Problem;

/// What a gzip stream turned out to hold beside its text.
#[derive(Debug, Default)]
pub struct GzipFindings {
    /// How many members have begun.
    pub members: u64,
    /// Bytes of text in all but the first.
    pub further_bytes: u64,
    /// How many members have a wrong checksum or length.
    bad_checks: u64,
    /// Which is the first of these.
    first_bad_check: u64,
    /// In how many places it is damaged.
    damaged: u64,
    /// Bytes between members that are not gzip.
    between: u64,
    /// Bytes that are not gzip, of which it is not known yet whether a member follows.
    junk: u64,
    /// Whether it is looked for a member behind something that is not gzip, and not
    /// behind damage.
    is_junk: bool,
    /// What ended it before its end.
    end: Option<Problem>,
}

impl GzipFindings {
    /// What is wrong with the stream.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.bad_checks > 0 {
            let (count, first) = (self.bad_checks, self.first_bad_check);
            problems.push(Problem::GzipChecksum { count, first, is_only: self.members == 1 });
        }
        problems.extend((self.damaged > 0).then_some(Problem::GzipDamaged { places: self.damaged }));
        problems.extend((self.between > 0).then_some(Problem::GzipBetween { bytes: self.between }));
        problems.extend((self.junk > 0).then_some(Problem::GzipTrailer { bytes: self.junk }));
        problems.extend(self.end);
        problems
    }

    pub(super) fn note_text(&mut self, bytes: usize) {
        self.further_bytes += if self.members > 1 { bytes as u64 } else { 0 };
    }

    pub(super) fn note_bad_check(&mut self) {
        if self.bad_checks == 0 {
            self.first_bad_check = self.members;
        }
        self.bad_checks += 1;
    }

    pub(super) fn note_damage(&mut self) {
        self.damaged += 1;
        self.is_junk = false;
    }

    /// What follows is not gzip.
    pub(super) fn begin_junk(&mut self) {
        self.is_junk = true;
    }

    /// Bytes were passed over in search for a member.
    pub(super) fn skip_junk(&mut self, bytes: u64) {
        self.junk += if self.is_junk { bytes } else { 0 };
    }

    /// What looked like a member behind them is one.
    pub(super) fn confirm_member(&mut self) {
        self.members += 1;
        self.between += std::mem::take(&mut self.junk);
    }

    pub(super) fn end(&mut self, problem: Option<Problem>) {
        self.end = problem;
    }
}
