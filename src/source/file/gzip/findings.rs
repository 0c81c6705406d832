//! Collects what was found out about a gzip stream.

use crate::error::Problem;

/// Findings about a gzip stream, apart from its text.
#[derive(Debug, Default)]
pub struct GzipFindings {
    /// Number of members read.
    pub members: u64,
    /// Bytes of text in all members after the first.
    pub further_bytes: u64,
    /// Number of members with a wrong checksum or length.
    bad_checks: u64,
    /// Number of the first such member, counted from 1.
    first_bad_check: u64,
    /// Number of damaged places.
    damaged: u64,
    /// Bytes between members that are not gzip.
    between: u64,
    /// Bytes that are not gzip and may turn out to lie between members or at the end.
    junk: u64,
    /// True while searching after bytes that are not gzip, false while searching after damage.
    is_junk: bool,
    /// Error that ended the stream early.
    end: Option<Problem>,
}

impl GzipFindings {
    /// Returns all problems of the stream.
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

    /// Notes that the following bytes are not gzip.
    pub(super) fn begin_junk(&mut self) {
        self.is_junk = true;
    }

    /// Counts bytes skipped while searching for a member.
    pub(super) fn skip_junk(&mut self, bytes: u64) {
        self.junk += if self.is_junk { bytes } else { 0 };
    }

    /// Confirms that the member after the skipped bytes is real.
    pub(super) fn confirm_member(&mut self) {
        self.members += 1;
        self.between += std::mem::take(&mut self.junk);
    }

    pub(super) fn end(&mut self, problem: Option<Problem>) {
        self.end = problem;
    }
}
