//! The facts that an event states about the things that it names.

/// Something that has a history: an instance, an interface, a security group …
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    /// Its id.
    pub(super) id: String,
    /// Whether `id` is only the name of a group or the public address of an allocation.
    pub(super) is_name: bool,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// A thing of which only an attachment or an association is known, by its id.
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

/// What an event states about a thing.
#[derive(Clone, Debug)]
pub(super) enum FactKind {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// It has this from now on.
    Set { property: String, value: String, relation: Option<String> },
    /// It had this before the event, and still has it.
    AlreadySet { property: String, value: String },
    /// It no longer has this. The value is `None` if the event does not name it.
    Unset { property: String, value: Option<String> },
    /// It has exactly these.
    SetExactly { property: String, values: Vec<String> },
    /// The rule, attachment or association with this id is gone.
    RelationEnded { property: String, relation: String },
    /// The rule with this id becomes another one, with the same direction.
    RuleReplaced { relation: String, rule: String },
}

/// One statement about one thing.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) thing: Thing,
    pub(super) kind: FactKind,
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
        self.fact(FactKind::Created)
    }

    pub(super) fn ends(&self) -> Fact {
        self.fact(FactKind::Deleted)
    }

    pub(super) fn has(&self, property: &str, value: Option<String>) -> Option<Fact> {
        self.has_by(property, value, None)
    }

    pub(super) fn has_by(&self, property: &str, value: Option<String>, relation: Option<String>) -> Option<Fact> {
        let property = property.to_string();
        Some(self.fact(FactKind::Set { property, value: value?, relation }))
    }

    pub(super) fn has_not(&self, property: &str, value: Option<String>) -> Fact {
        self.fact(FactKind::Unset { property: property.into(), value })
    }

    pub(super) fn fact(&self, kind: FactKind) -> Fact {
        Fact { thing: self.clone(), kind }
    }
}

/// Whether a thing can have several values of a property at the same time.
pub(super) fn has_many(property: &str) -> bool {
    ["privateAddress", "ipv6Address", "securityGroup", "rule", "member"].contains(&property)
}
