//! What an event says of the things that it names.

/// Something that has a history: an instance, an interface, a security group …
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    /// Its id.
    pub(super) id: String,
    /// Whether `id` is only a name of a group, or the public address of an allocation.
    pub(super) is_name: bool,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// What is known by the id of an attachment or an association only.
    Unknown,
    Instance,
    Interface,
    Address,
    Group,
    Volume,
    Gateway,
    ClassicBalancer,
    Balancer,
    Targets,
    ScalingGroup,
}

/// What an event says of a thing.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// It is new.
    Begins,
    /// It is gone.
    Ends,
    /// It has this from now on.
    Has { property: String, value: String, relation: Option<String> },
    /// It had this before the event, and still has it.
    HasAlready { property: String, value: String },
    /// It has this no more. Which value it had may not be told.
    HasNot { property: String, value: Option<String> },
    /// It has exactly these.
    HasOnly { property: String, values: Vec<String> },
    /// What has this id is gone: a rule, an attachment, an association.
    Without { property: String, relation: String },
    /// The rule with this id is another one from now on, of the same direction.
    Becomes { relation: String, rule: String },
}

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) thing: Thing,
    pub(super) says: Says,
}

impl Thing {
    pub(super) fn new(kind: Kind, id: String) -> Thing {
        Thing { kind, id, is_name: false }
    }

    pub(super) fn named(kind: Kind, id: String) -> Thing {
        Thing { kind, id, is_name: true }
    }

    pub(super) fn nothing() -> Thing {
        Thing::new(Kind::Unknown, String::new())
    }

    pub(super) fn begins(&self) -> Fact {
        self.says(Says::Begins)
    }

    pub(super) fn ends(&self) -> Fact {
        self.says(Says::Ends)
    }

    pub(super) fn has(&self, property: &str, value: Option<String>) -> Option<Fact> {
        self.has_by(property, value, None)
    }

    pub(super) fn has_by(&self, property: &str, value: Option<String>, relation: Option<String>) -> Option<Fact> {
        let property = property.to_string();
        Some(self.says(Says::Has { property, value: value?, relation }))
    }

    pub(super) fn has_not(&self, property: &str, value: Option<String>) -> Fact {
        self.says(Says::HasNot { property: property.into(), value })
    }

    pub(super) fn says(&self, says: Says) -> Fact {
        Fact { thing: self.clone(), says }
    }
}

/// Whether a thing can have several values at a time.
pub(super) fn has_many(property: &str) -> bool {
    ["privateAddress", "ipv6Address", "securityGroup", "rule", "member"].contains(&property)
}
