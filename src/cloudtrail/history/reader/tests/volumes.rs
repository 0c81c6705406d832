use super::Example;

pub const EXAMPLES: &[Example] = &[
    Example {
        name: "CreateVolume",
        request: r#"{"size":"1","zone":"us-east-1a"}"#,
        response: r#"{"volumeId":"vol-0a","size":"1","zone":"us-east-1a","status":"creating","volumeType":"gp2","encrypted":false,
            "tagSet":{"items":[{"key":"a","value":"b"}]}}"#,
        changes: &[
            "+vol-0a",
            "vol-0a size=1",
            "vol-0a type=gp2",
            "vol-0a zone=us-east-1a",
            "vol-0a encrypted=false",
            "vol-0a tag:a=b",
        ],
    },
    Example {
        name: "CopyVolumes",
        request: r#"{"CopyVolumesRequest":{"SourceVolumeId":"vol-0a"}}"#,
        response: r#"{"CopyVolumesResponse":{"volumeSet":{"item":{"volumeId":"vol-0b","size":8,"availabilityZone":"us-east-1a"}}}}"#,
        changes: &["+vol-0b", "vol-0b size=8", "vol-0b zone=us-east-1a"],
    },
    Example {
        name: "AttachVolume",
        request: r#"{"volumeId":"vol-0a","instanceId":"i-0a","device":"/dev/sdf","deleteOnTermination":false}"#,
        response: r#"{"volumeId":"vol-0a","instanceId":"i-0a","device":"/dev/sdf","status":"attaching","deleteOnTermination":false}"#,
        changes: &["vol-0a AttachedTo=i-0a", "vol-0a device=/dev/sdf", "vol-0a deleteOnTermination=false"],
    },
    Example {
        name: "DetachVolume",
        request: r#"{"volumeId":"vol-0a","force":false}"#,
        response: r#"{"volumeId":"vol-0a","instanceId":"i-0a","device":"/dev/sdf","status":"detaching"}"#,
        changes: &["vol-0a AttachedTo!=i-0a"],
    },
    Example {
        name: "DetachVolume",
        request: r#"{"volumeId":"vol-0a"}"#,
        response: "null",
        changes: &["vol-0a AttachedTo!=*"],
    },
    Example {
        name: "ModifyVolume",
        request: r#"{"ModifyVolumeRequest":{"VolumeId":"vol-0a","Size":16,"VolumeType":"gp3"}}"#,
        response: r#"{"ModifyVolumeResponse":{"volumeModification":{"targetSize":16}}}"#,
        changes: &["vol-0a size=16", "vol-0a type=gp3"],
    },
    Example {
        name: "DeleteVolume",
        request: r#"{"volumeId":"vol-0a"}"#,
        response: r#"{"_return":true}"#,
        changes: &["-vol-0a"],
    },
];
