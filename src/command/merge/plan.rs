//! The plan of a merge: the list of all files that the parts must have.

use std::collections::HashMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::file_names::{NameHasher, NameSet};
use super::part_set::CheckedPart;
use crate::error::Error;
use crate::report::count;
use crate::sink::part_file::PartFileReader;
use crate::source::key_list::each_name;
use crate::spill::dedupe::IdHash;

/// The lists of a plan, one after another.
pub(super) struct MergePlan<'a> {
    lists: &'a [PathBuf],
    hasher: &'a NameHasher,
}

/// Files of the plan that no part has.
#[derive(Default)]
struct MissingFiles {
    /// The first one and its place.
    first: Option<String>,
    count: u64,
}

impl<'a> MergePlan<'a> {
    pub(super) fn new(lists: &'a [PathBuf], hasher: &'a NameHasher) -> MergePlan<'a> {
        MergePlan { lists, hasher }
    }

    /// Puts the parts in the order of the plan. Returns an error if they do not have exactly the
    /// files of the plan, whose names are `names`, in the order of the plan.
    /// `reads_nothing` says that the question wants no rows, for which nothing is read.
    pub(super) fn order(
        &self,
        parts: &mut [CheckedPart],
        mut names: NameSet,
        reads_nothing: bool,
    ) -> Result<(), Error> {
        let firsts: HashMap<IdHash, usize> =
            parts.iter().enumerate().filter_map(|(at, part)| Some((part.first?, at))).collect();
        let mut places = vec![u64::MAX; parts.len()];
        let (mut planned, mut missing, mut is_cut) = (NameSet::default(), MissingFiles::default(), reads_nothing);
        self.each(&mut planned, |place, name, hash| {
            if let Some(at) = firsts.get(&hash) {
                // What comes after the last row of a limit is not read.
                is_cut |= parts[*at].coverage.is_cut;
                places[*at] = place;
            }
            if !is_cut && !names.contains(&hash)? {
                missing.first.get_or_insert_with(name);
                missing.count += 1;
            }
            Ok(())
        })?;
        if let Some(first) = missing.first {
            let more = match missing.count - 1 {
                0 => String::new(),
                more => format!(", and so are {}", count(more, "more file")),
            };
            return Err(Error::Failed(format!("{first} is in no part{more}; a part is missing")));
        }
        if is_cut || planned.count() != names.count() {
            self.find_unplanned(parts, &mut planned)?;
        }
        parts.sort_by_key(|part| part.first.map_or(u64::MAX, |first| places[firsts[&first]]));
        if is_cut { Ok(()) } else { self.check_order(parts) }
    }

    /// Returns an error that names a file that is not in the plan.
    fn find_unplanned(&self, parts: &[CheckedPart], planned: &mut NameSet) -> Result<(), Error> {
        for part in parts {
            PartFileReader::each_file(&part.path, |file| {
                let is_planned = match self.hasher.of_record(&file) {
                    Some(hash) => planned.contains(&hash)?,
                    None => true,
                };
                let text = || format!("{}: has {}, which is not in the plan", part.path.display(), file.name);
                if is_planned { Ok(()) } else { Err(Error::Failed(text())) }
            })?;
        }
        Ok(())
    }

    /// Checks that each part has its range of the plan.
    fn check_order(&self, parts: &[CheckedPart]) -> Result<(), Error> {
        let mut rest = parts.iter().filter(|part| part.files > 0);
        let mut part = rest.next();
        let (mut files, mut order) = (0, Sha256::new());
        self.each(&mut NameSet::default(), |_, _, hash| {
            order.update(hash);
            files += 1;
            let Some(now) = part.filter(|part| part.files == files) else { return Ok(()) };
            if order.finalize_reset()[..] != now.order {
                let text = "its files are not a range of the plan, so the parts have no order";
                return Err(Error::Failed(format!("{}: {text}", now.path.display())));
            }
            files = 0;
            part = rest.next();
            Ok(())
        })
    }

    /// Calls `each` with the index and hash of every name, and a function that formats its
    /// position. Repeated names are skipped.
    fn each(
        &self,
        planned: &mut NameSet,
        mut each: impl FnMut(u64, &dyn Fn() -> String, IdHash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut place = 0;
        for list in self.lists {
            each_name("--plan", list, &mut |line, name| {
                let name = name.to_string();
                let hash = self.hasher.of(&name);
                if !planned.insert(hash)? {
                    return Ok(());
                }
                place += 1;
                each(place, &|| format!("{}: line {line}: {name}", list.display()), hash)
            })?;
        }
        Ok(())
    }
}
