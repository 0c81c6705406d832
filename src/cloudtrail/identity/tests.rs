use super::*;
use crate::decode::testing::with_event;

fn with_principal<R>(event: &str, with_principal: impl FnOnce(&Principal<'_>) -> R) -> R {
    let mut fields = FieldSet::default();
    let mut identities = IdentityReader::new(&mut fields).unwrap();
    with_event(event, &fields, |event| with_principal(&identities.principal(event)))
}

fn shown(event: &str) -> String {
    with_principal(event, |principal| principal.name().map_or("-".into(), |name| name.parts().concat()))
}

fn user(identity: &str) -> String {
    shown(&format!(r#"{{"eventName":"x","userIdentity":{identity}}}"#))
}

/// Whether `-u NAME` matches the caller.
fn is_found(identity: &str, wanted: &str) -> bool {
    let event = format!(r#"{{"eventName":"x","userIdentity":{identity}}}"#);
    with_principal(&event, |principal| principal.is_any(|name| name.eq_ignore_ascii_case(wanted)))
}

const ROLE: &str = r#""sessionContext":{"sessionIssuer":{"type":"Role","userName":"Admin"}}"#;
const ASSUMED: &str = r#""principalId":"AROA1:a@b.c","arn":"arn:aws:sts::1:assumed-role/Admin/a@b.c""#;

#[test]
fn every_kind_of_identity_has_its_name() {
    for (identity, expected) in [
        (r#"{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::1:user/alice"}"#.into(), "alice"),
        (r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/alice"}"#.into(), "arn:aws:iam::1:user/alice"),
        (r#"{"type":"SAMLUser","userName":"s"}"#.into(), "s"),
        (r#"{"type":"WebIdentityUser","userName":"w"}"#.into(), "w"),
        (r#"{"type":"Root","arn":"arn:aws:iam::1:root"}"#.into(), "root"),
        (r#"{"type":"Root","userName":"my-alias"}"#.into(), "root"),
        (r#"{"type":"Root","userName":"my-alias","invokedBy":"support.amazonaws.com"}"#.into(), "root"),
        (format!(r#"{{"type":"Root",{ASSUMED}}}"#), "root"),
        (format!(r#"{{"type":"AssumedRole",{ASSUMED},{ROLE}}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"AssumedRole",{ASSUMED}}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:a@b.c",{ROLE}}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"AssumedRole",{ROLE}}}"#), "Admin"),
        (r#"{"type":"AssumedRole","principalId":"AROA1:sess"}"#.into(), "AROA1:sess"),
        (r#"{"type":"AssumedRole","principalId":"AROA1"}"#.into(), "AROA1"),
        (format!(r#"{{"type":"Unknown",{ASSUMED}}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"Role",{ASSUMED},"userName":"alice"}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"AWSAccount","accountId":"1",{ASSUMED}}}"#), "Admin/a@b.c"),
        (format!(r#"{{"type":"Novel",{ASSUMED},{ROLE}}}"#), "Admin/a@b.c"),
        (format!(r#"{{{ASSUMED},"invokedBy":"ec2.amazonaws.com"}}"#), "Admin/a@b.c"),
        (r#"{"type":"Role","arn":"arn:aws:sts::1:assumed-role/Admin/"}"#.into(), "arn:aws:sts::1:assumed-role/Admin/"),
        (r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.into(), "ec2.amazonaws.com"),
        (r#"{"invokedBy":"ec2.amazonaws.com"}"#.into(), "ec2.amazonaws.com"),
        (r#"{"type":"AWSAccount","accountId":"111122223333"}"#.into(), "111122223333"),
        (r#"{"type":"AWSAccount","accountId":"1","principalId":"AIDA"}"#.into(), "1/AIDA"),
        (r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"94482488-1"}}"#.into(), "94482488-1"),
        (r#"{"type":"Unknown","principalId":"1","userName":"u"}"#.into(), "u"),
        (r#"{"type":"Unknown","principalId":"p"}"#.into(), "p"),
        (r#"{"type":"Directory","userName":"d"}"#.into(), "d"),
        (r#"{"type":"Novel","arn":"arn:x","principalId":"p"}"#.into(), "arn:x"),
        (r#"{"type":"IAMUser","userName":""}"#.into(), "-"),
        (r#"{"\u0074ype":"Root"}"#.into(), "root"),
        (r#"{}"#.into(), "-"),
        (r#"null"#.into(), "-"),
        (r#""someone""#.into(), "someone"),
        (r#"[1]"#.into(), "-"),
        (r#"{"type":5,"userName":{"a":1},"arn":true}"#.to_string(), "true"),
    ] {
        assert_eq!(user(&identity), expected, "{identity}");
    }
}

#[test]
fn a_federated_user_is_shown_after_its_issuer() {
    let token = r#""type":"FederatedUser","principalId":"1:fred","arn":"arn:aws:sts::1:federated-user/fred""#;
    let issued = |issuer: &str| format!(r#"{{{token},"sessionContext":{{"sessionIssuer":{issuer}}}}}"#);
    let by_mallory = issued(r#"{"type":"IAMUser","userName":"mallory","arn":"arn:aws:iam::1:user/mallory"}"#);
    for (identity, expected) in [
        (by_mallory.clone(), "mallory/fred"),
        (issued(r#"{"type":"Root","userName":"my-alias"}"#), "root/fred"),
        (issued(r#"{"arn":"arn:aws:iam::1:root"}"#), "root/fred"),
        (issued(r#"{"arn":"arn:aws:iam::1:user/eve"}"#), "arn:aws:iam::1:user/eve/fred"),
        (issued(r#"{"type":"IAMUser","userName":"root"}"#), "user/root/fred"),
        (format!("{{{token}}}"), "arn:aws:sts::1:federated-user/fred"),
        (r#"{"type":"FederatedUser","principalId":"1:root"}"#.into(), "1:root"),
        (
            r#"{"type":"FederatedUser","principalId":"1:x","sessionContext":{"sessionIssuer":{"userName":"m"}}}"#
                .into(),
            "m/x",
        ),
    ] {
        assert_eq!(user(&identity), expected, "{identity}");
    }
    for known in ["mallory/fred", "mallory", "fred", "arn:aws:iam::1:user/mallory", "1:fred"] {
        assert!(is_found(&by_mallory, known), "{known}");
    }
    assert!(!is_found(&by_mallory, "root"));
}

#[test]
fn only_the_root_user_is_shown_as_root() {
    let admin = r#""sessionContext":{"sessionIssuer":{"type":"Role","userName":"Admin"}}"#;
    let eve = r#""sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"eve"}}"#;
    let role = r#""sessionContext":{"sessionIssuer":{"type":"Role","userName":"root"}}"#;
    let source = r#""sessionContext":{"sessionIssuer":{"type":"Role","userName":"Admin"},"sourceIdentity":"root"}"#;
    for (identity, shown) in [
        (r#"{"type":"IAMUser","userName":"root"}"#.to_string(), "user/root"),
        (r#"{"type":"IAMUser","userName":"Root"}"#.into(), "user/Root"),
        (r#"{"type":"SAMLUser","userName":"ROOT","principalId":"x:root"}"#.into(), "user/ROOT"),
        (r#"{"type":"WebIdentityUser","userName":"root/alice"}"#.into(), "user/root/alice"),
        (r#"{"type":"AWSService","invokedBy":"root"}"#.into(), "user/root"),
        (r#"{"type":"Directory","userName":"root"}"#.into(), "user/root"),
        (r#"{"type":"Novel","principalId":"root"}"#.into(), "user/root"),
        (r#"{"type":"root","userName":"root"}"#.into(), "user/root"),
        (r#""root""#.into(), "user/root"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:root",{admin}}}"#), "Admin/root"),
        (r#"{"type":"AssumedRole","principalId":"AROA1:root"}"#.into(), "AROA1:root"),
        (r#"{"type":"Unknown","arn":"arn:aws:sts::1:assumed-role/Admin/root"}"#.into(), "Admin/root"),
        (r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/root/alice"}"#.into(), "role/root/alice"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:alice",{role}}}"#), "role/root/alice"),
        (format!(r#"{{"type":"AssumedRole",{role}}}"#), "role/root"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:x",{source}}}"#), "Admin/x"),
        (format!(r#"{{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/root",{eve}}}"#), "eve/root"),
        (r#"{"type":"AWSAccount","accountId":"1","principalId":"AROA1:root"}"#.into(), "1/AROA1:root"),
    ] {
        assert_eq!(user(&identity), shown, "{identity}");
        assert!(is_found(&identity, shown), "{identity} by {shown}");
        assert!(!is_found(&identity, "root"), "{identity}");
    }
    let root = r#"{"type":"Root","userName":"my-alias","arn":"arn:aws:iam::1:root","principalId":"1"}"#;
    for known in ["root", "my-alias", "arn:aws:iam::1:root", "1"] {
        assert!(is_found(root, known), "{known}");
    }
    let issued = r#"{"type":"FederatedUser","principalId":"1:x","sessionContext":{"sessionIssuer":{"type":"Root"}}}"#;
    assert!(["root", "root/x", "x"].iter().all(|name| is_found(issued, name)));
}

#[test]
fn a_sign_in_names_the_person() {
    for kind in ["IdentityCenterUser", "Unknown"] {
        let event = format!(
            r#"{{"userIdentity":{{"type":"{kind}","principalId":"111122223333","onBehalfOf":{{"userId":"94"}}}},
                 "additionalEventData":{{"UserName":"alice"}}}}"#
        );
        assert_eq!(shown(&event), "alice");
        with_principal(&event, |principal| {
            assert!(["alice", "94", "111122223333"].iter().all(|known| principal.is_any(|name| name == *known)));
            assert!(!principal.is_identity());
        });
        assert_eq!(shown(&event.replace("alice", "root")), "user/root");
    }
    let other = r#"{"userIdentity":{"type":"IAMUser","userName":"bob"},"additionalEventData":{"UserName":"alice"}}"#;
    with_principal(other, |principal| assert!(!principal.is_any(|name| name == "alice")));
}

#[test]
fn a_principal_is_matched_by_each_of_its_names() {
    for kind in ["AssumedRole", "Unknown", "Role", "AWSAccount", "Novel"] {
        let identity = format!(
            r#"{{"type":"{kind}","principalId":"AROA1:alice","arn":"arn:aws:sts::1:assumed-role/Admin/alice",
                "userName":"a","sessionContext":{{"sessionIssuer":{{"userName":"Admin","arn":"arn:aws:iam::1:role/x/Admin"}},
                "sourceIdentity":"alice@example.com"}}}}"#
        );
        for known in [
            "Admin/alice",
            "Admin",
            "alice",
            "a",
            "AROA1:alice",
            "alice@example.com",
            "arn:aws:sts::1:assumed-role/Admin/alice",
            "arn:aws:iam::1:role/x/Admin",
        ] {
            assert!(is_found(&identity, known), "{kind} {known}");
        }
        assert!(!is_found(&identity, "bob"));
    }
    let only_id = r#"{"type":"AWSAccount","accountId":"1","principalId":"AROA1:alice"}"#;
    assert!(is_found(only_id, "alice") && is_found(only_id, "1/AROA1:alice"));
    let only_arn = r#"{"type":"Unknown","arn":"arn:aws:sts::1:assumed-role/Admin/alice"}"#;
    assert!(is_found(only_arn, "alice") && is_found(only_arn, "Admin"));
}

#[test]
fn permissions_are_those_of_the_role() {
    let holder = |identity: &str| {
        with_principal(&format!(r#"{{"userIdentity":{identity}}}"#), |principal| principal.holder().unwrap_or_default())
    };
    assert_eq!(holder(&format!(r#"{{"type":"Unknown",{ASSUMED}}}"#)), "Admin");
    assert_eq!(holder(r#"{"type":"Root","userName":"alias"}"#), "root");
    assert_eq!(holder(r#"{"type":"IAMUser","userName":"bob"}"#), "bob");
}
