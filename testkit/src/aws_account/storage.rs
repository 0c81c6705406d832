//! S3: buckets and their settings. Each setting is returned as it was put.

use serde_json::json;

use super::{Answer, Call, State, refuse};

/// Settings: name in the query, name of the operation after Get or Put, and the code of the error if nothing is set.
const SETTINGS: [(&str, &str, &str); 7] = [
    ("tagging", "BucketTagging", "NoSuchTagSet"),
    ("publicAccessBlock", "PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls", "OwnershipControlsNotFoundError"),
    ("versioning", "BucketVersioning", ""),
    ("encryption", "BucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
    ("lifecycle", "BucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    ("policy", "BucketPolicy", "NoSuchBucketPolicy"),
];

/// The operation of a request. `None` if it is unknown.
pub(super) fn operation(method: &str, setting: &str) -> Option<String> {
    let known = SETTINGS.iter().find(|(name, _, _)| *name == setting);
    Some(match (method, known) {
        ("GET", Some((_, name, _))) => format!("Get{name}"),
        ("PUT", Some((_, name, _))) => format!("Put{name}"),
        ("HEAD", _) => "HeadBucket".to_owned(),
        ("PUT", None) if setting.is_empty() => "CreateBucket".to_owned(),
        ("GET", None) if setting == "list-type" || setting == "max-keys" => "ListObjectsV2".to_owned(),
        _ => return None,
    })
}

impl State {
    pub(super) fn storage(&mut self, call: &Call) -> Answer {
        let (name, setting) = (call.text("Bucket"), call.text("Setting"));
        if call.operation == "CreateBucket" {
            if self.resources["buckets"].get(&name).is_some() {
                return Err(refuse(409, "BucketAlreadyOwnedByYou", "it is yours already"));
            }
            self.resources["buckets"][name] = json!({});
            return Ok(String::new());
        }
        let bucket = self.existing("buckets", &name, 404, "NoSuchBucket")?;
        if bucket.get("owner").is_some() {
            return Err(refuse(403, "AccessDenied", "it belongs to another account"));
        }
        match call.operation.as_str() {
            "HeadBucket" => Ok(String::new()),
            "ListObjectsV2" => {
                let content = if bucket.get("objects").is_some() { "<Contents><Key>k</Key></Contents>" } else { "" };
                Ok(format!("<ListBucketResult><Name>{name}</Name>{content}</ListBucketResult>"))
            }
            put if put.starts_with("Put") => {
                bucket[setting] = call.body.clone().into();
                Ok(String::new())
            }
            _ => match (bucket.get(&setting), SETTINGS.iter().find(|(name, _, _)| *name == setting)) {
                (Some(body), _) => Ok(body.as_str().unwrap_or_default().to_owned()),
                (None, Some((_, _, code))) if !code.is_empty() => Err(refuse(404, code, "not set")),
                _ => Ok("<VersioningConfiguration/>".to_owned()),
            },
        }
    }
}
