//! The kinds of signals, and what they mean.

/// What a signal can be a sign of, in the order in which a summary shows them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::command::summary) enum SignalKind {
    /// One key or console session from several addresses.
    Addresses,
    /// An instance role from several public addresses.
    InstanceRole,
    /// Many denied calls in a short time.
    DeniedBurst,
    /// A sign-in to the console that is known to be without MFA.
    NoMfa,
    /// A permanent key that was used again after a long time.
    DormantKey,
    /// One key with several programs.
    Programs,
}

impl SignalKind {
    /// All kinds in their order.
    pub(in crate::command::summary) const ALL: [SignalKind; 6] = [
        SignalKind::Addresses,
        SignalKind::InstanceRole,
        SignalKind::DeniedBurst,
        SignalKind::NoMfa,
        SignalKind::DormantKey,
        SignalKind::Programs,
    ];

    /// The name of the table in data.
    pub(in crate::command::summary) const fn column(self) -> &'static str {
        match self {
            SignalKind::Addresses => "severalAddresses",
            SignalKind::InstanceRole => "instanceRole",
            SignalKind::DeniedBurst => "deniedBurst",
            SignalKind::NoMfa => "noMfa",
            SignalKind::DormantKey => "dormantKey",
            SignalKind::Programs => "severalPrograms",
        }
    }

    /// The name that people see.
    pub(in crate::command::summary) const fn name(self) -> &'static str {
        match self {
            SignalKind::Addresses => "one key, several addresses",
            SignalKind::InstanceRole => "instance role, several public addresses",
            SignalKind::DeniedBurst => "burst of denied calls",
            SignalKind::NoMfa => "console sign-in without MFA",
            SignalKind::DormantKey => "dormant key in use again",
            SignalKind::Programs => "one key, several programs",
        }
    }

    /// What a signal can mean, and what usually causes it.
    pub(in crate::command::summary) const fn meaning(self) -> &'static str {
        match self {
            SignalKind::Addresses => {
                "The key or the session may have been copied, above all if the addresses were used at overlapping \
                 times. Usually a person changed networks, or several machines share the key."
            }
            SignalKind::InstanceRole => {
                "The credentials of an instance may be used somewhere else. Usually the instance was stopped and \
                 started, or its NAT gateway has several addresses."
            }
            SignalKind::DeniedBurst => {
                "The caller may be trying what the credentials allow. Usually a tool lacks a permission and repeats its \
                 calls."
            }
            SignalKind::NoMfa => {
                "A password alone was enough for this sign-in. Usually the user has no MFA device yet. Sign-ins \
                 through an identity provider are not listed: CloudTrail does not know whether they had MFA."
            }
            SignalKind::DormantKey => {
                "A forgotten key may have been found, above all if it woke up at a new address. Usually a rare job \
                 ran."
            }
            SignalKind::Programs => {
                "Another person may use the key, with other programs. Usually its owner has several tools."
            }
        }
    }
}
