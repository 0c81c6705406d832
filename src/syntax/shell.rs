//! Quotes words for a shell, so that a command line can be copied.

/// The word, quoted if a shell would interpret it.
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    // zsh expands a word that begins with = to the path of a program.
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_reach_the_program_unchanged() {
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
