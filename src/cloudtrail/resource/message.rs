//! Finds ids and ARNs in the text of an error message.

use super::is_resource;

/// Calls `each` for the ids and ARNs in a message, in their order, without the quotes,
/// brackets and punctuation around them.
pub(super) fn resources_of_message(message: &str, mut each: impl FnMut(&str)) {
    const AROUND: [char; 14] = ['"', '\'', '`', '(', ')', '[', ']', '<', '>', '{', '}', ';', '|', ','];
    for word in message.split(char::is_whitespace) {
        // A comma may be part of a name in an ARN, or separate two ARNs.
        let mut words = word.split(&AROUND[..AROUND.len() - 1]).flat_map(|word| word.split(",arn:").enumerate());
        for (nth, part) in &mut words {
            let joined;
            let part = match nth {
                0 => part,
                _ => {
                    joined = format!("arn:{part}");
                    &joined
                }
            };
            resource_in(part, &mut each);
        }
    }
}

fn resource_in(word: &str, each: &mut impl FnMut(&str)) {
    const TRAILING: [char; 6] = ['.', ',', ':', '!', '?', '='];
    let arn = word.find("arn:").map(|start| word[start..].trim_end_matches(TRAILING));
    if let Some(arn) = arn.filter(|arn| is_resource(arn)) {
        return each(arn);
    }
    let parts = word.split(['/', ':', '=', ',']).map(|part| part.trim_end_matches(TRAILING));
    parts.filter(|part| is_resource(part)).for_each(each);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_in_messages_are_found() {
        for (message, expected) in [
            (
                "User: arn:aws:iam::1:user/bob is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/a,b=c@d",
                "arn:aws:iam::1:user/bob arn:aws:iam::1:role/a,b=c@d",
            ),
            ("The instance ID 'i-0abc12de34f567890' does not exist", "i-0abc12de34f567890"),
            ("The instance IDs 'i-01234567, i-89abcdef' do not exist.", "i-01234567 i-89abcdef"),
            ("no rule in sg-0abc1234def567890.", "sg-0abc1234def567890"),
            ("Key 'arn:aws:kms:r:1:key/k' is disabled", "arn:aws:kms:r:1:key/k"),
            ("(arn:aws:s3:::b/k), [arn:aws:s3:::c];", "arn:aws:s3:::b/k arn:aws:s3:::c"),
            ("list arn:aws:s3:::b,arn:aws:s3:::c", "arn:aws:s3:::b arn:aws:s3:::c"),
            ("resource=i-0abc12de34f567890", "i-0abc12de34f567890"),
            ("resource:arn:aws:s3:::b", "arn:aws:s3:::b"),
            ("Rate exceeded: arn:only, not-an-id", ""),
            ("", ""),
        ] {
            let mut found = Vec::new();
            resources_of_message(message, |text| found.push(text.to_string()));
            assert_eq!(found.join(" "), expected, "{message}");
        }
    }
}
