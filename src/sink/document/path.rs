//! Where the document of a resource is: the same place for a snapshot as for a history.

use std::path::PathBuf;

use super::DocumentFormat;
use super::folder::file_name;
use crate::cloudtrail::history::change::{ResourceKind, ResourceScope};

/// `ACCOUNT/REGION/KIND/ID.yaml`.
pub fn document_path(scope: &ResourceScope, kind: ResourceKind, id: &str, format: DocumentFormat) -> PathBuf {
    kind_folder(scope, kind).join(format!("{}.{}", part(id), format.ending()))
}

/// `ACCOUNT/REGION/KIND`.
pub fn kind_folder(scope: &ResourceScope, kind: ResourceKind) -> PathBuf {
    let mut path = PathBuf::from(part(&scope.account));
    path.push(part(&scope.region));
    path.push(kind.folder());
    path
}

fn part(name: &str) -> String {
    if name.is_empty() { "unknown".into() } else { file_name(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_four_parts_whatever_the_names_are() {
        let scope = ResourceScope { account: "111122223333".into(), region: "".into() };
        let path = |id| document_path(&scope, ResourceKind::Instance, id, DocumentFormat::Json);
        assert_eq!(path("i-0a"), PathBuf::from("111122223333/unknown/instances/i-0a.json"));
        assert_eq!(path("../a"), PathBuf::from("111122223333/unknown/instances/%2E.%2Fa.json"));
    }
}
