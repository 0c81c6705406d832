//! Suggests the name that was probably meant by an unknown one.

/// The most similar name of `known`, if it differs by at most two typing mistakes.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    /// Two swapped letters count as one mistake.
    const MISTAKES: usize = 2;
    let lower = name.to_lowercase();
    let mistakes = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &lower);
    let all = known.iter().map(|known| (mistakes(known), *known));
    let (fewest, nearest) = all.min_by_key(|(mistakes, _)| *mistakes)?;
    (fewest <= MISTAKES.min(name.len() / 3)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_corrected_and_other_words_are_not() {
        let known = ["eventName", "eventTime", "mfa"];
        for (name, expected) in [
            ("eventname", Some("eventName")),
            ("evnetName", Some("eventName")),
            ("eventTimes", Some("eventTime")),
            ("MFA", Some("mfa")),
            ("mf", None),
            ("bogus", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
