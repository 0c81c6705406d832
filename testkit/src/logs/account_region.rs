//! Where a log file belongs: account, organisation, region.

use super::seeded::hash;

/// One folder of the bucket: the events of one account in one region.
#[derive(Clone, Debug)]
pub struct AccountRegion {
    /// Twelve digits.
    pub account: String,
    /// `o-…`, when the trail is an organisation's.
    pub organisation: Option<String>,
    /// The region of the folder.
    pub region: String,
    /// Whether it is the trail's home region. The events of global services arrive there, although
    /// their `awsRegion` is us-east-1.
    pub home: bool,
    seed: u64,
}

impl AccountRegion {
    /// A place directly below `AWSLogs/`, in the home region of its trail.
    pub fn new(account: &str, region: &str) -> AccountRegion {
        AccountRegion {
            account: account.into(),
            organisation: None,
            region: region.into(),
            home: true,
            seed: hash(account) ^ hash(region).rotate_left(1),
        }
    }

    /// The same place in an organisation's trail.
    pub fn in_organisation(mut self, id: &str) -> AccountRegion {
        self.organisation = Some(id.into());
        self
    }

    /// The same place, not the home region of its trail.
    pub fn away_from_home(mut self) -> AccountRegion {
        self.home = false;
        self
    }

    /// `AWSLogs/[o-…/]ACCOUNT/`: the prefix of all files of the account, whatever their kind.
    pub fn prefix(&self) -> String {
        match &self.organisation {
            Some(id) => format!("AWSLogs/{id}/{}/", self.account),
            None => format!("AWSLogs/{}/", self.account),
        }
    }

    /// The seed of the identifiers of this place's resources.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}
