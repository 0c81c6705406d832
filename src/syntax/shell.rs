//! Words as a shell takes them, so that what was typed can be typed again.

/// A word that a shell takes as it is, in quotes where it needs them.
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    // zsh takes what follows a = at the start for the name of a program.
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_a_program_as_they_are() {
        for (word, expected) in [
            ("alice", "alice"),
            ("Admin/alice@example.com", "Admin/alice@example.com"),
            ("--since=30d", "--since=30d"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(rm -rf /)`x`;&|<>\"", "'$(rm -rf /)`x`;&|<>\"'"),
            ("~", "'~'"),
            ("=x", "'=x'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
