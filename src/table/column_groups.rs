//! Columns of a columnar file whose values recur together, so that rows share them as one
//! value: in most logs, few callers make few kinds of calls, again and again.

/// Columns that have a value together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ColumnGroup {
    /// What their values are about.
    pub kind: GroupKind,
    /// The positions of the columns in the file, in ascending order.
    pub columns: Vec<usize>,
}

/// What the values of a group are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GroupKind {
    /// Who called, and from where.
    Caller,
    /// Which call it was.
    Call,
    /// What the call was about, and what came of it.
    Details,
    /// A column of its own.
    Single,
}

/// Groups the columns of a file. All that write or read its rows group them in this way.
pub fn column_groups<'n>(names: impl Iterator<Item = &'n str>) -> Vec<ColumnGroup> {
    let mut groups: Vec<ColumnGroup> = Vec::new();
    for (position, name) in names.enumerate() {
        let kind = kind_of(name);
        let known = groups.iter_mut().find(|group| kind != GroupKind::Single && group.kind == kind);
        match known {
            Some(group) => group.columns.push(position),
            None => groups.push(ColumnGroup { kind, columns: vec![position] }),
        }
    }
    groups
}

/// Fields that are next to each other in most events are looked up as one text, if they have
/// one group. So `eventVersion` and `eventCategory`, which are almost constant, are in the
/// group of their neighbors.
fn kind_of(name: &str) -> GroupKind {
    match name {
        "userName"
        | "eventVersion"
        | "eventCategory"
        | "userIdentity"
        | "sourceIPAddress"
        | "userAgent"
        | "tlsDetails"
        | "sessionCredentialFromConsole"
        | "vpcEndpointId"
        | "vpcEndpointAccountId" => GroupKind::Caller,
        "eventName" | "eventSource" | "awsRegion" | "recipientAccountId" | "eventType" | "managementEvent"
        | "readOnly" | "apiVersion" => GroupKind::Call,
        "errorCode"
        | "errorMessage"
        | "requestParameters"
        | "responseElements"
        | "resources"
        | "resourcesFound"
        | "additionalEventData"
        | "serviceEventDetails"
        | "insightDetails"
        | "edgeDeviceDetails"
        | "addendum" => GroupKind::Details,
        _ => GroupKind::Single,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_recur_together_have_one_group() {
        let names = ["eventTime", "eventName", "userName", "eventSource", "eventID", "userIdentity", "actor"];
        let groups = column_groups(names.into_iter());
        let columns: Vec<&[usize]> = groups.iter().map(|group| &group.columns[..]).collect();
        assert_eq!(columns, [&[0][..], &[1, 3], &[2, 5], &[4], &[6]]);
    }
}
