//! Checks whether a profile exists after no credentials found, because the SDK does not
//! report a missing profile.

use std::collections::BTreeSet;
use std::path::PathBuf;

use etcetera::home_dir;

/// Returns an error text if the profile named by the option or the environment does not exist;
/// `None` if it exists or none is named.
pub fn missing(option: Option<&str>) -> Option<String> {
    let (name, by) = match option {
        Some(name) => (name.to_string(), "--profile"),
        None => (std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty())?, "AWS_PROFILE"),
    };
    let files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let files = files.map(|(variable, file)| {
        let default = || home_dir().map(|home| home.join(".aws").join(file)).unwrap_or_default();
        std::env::var_os(variable).map_or_else(default, PathBuf::from)
    });
    let texts = files.map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let names: BTreeSet<&str> = texts.iter().flat_map(|text| names(text)).collect();
    if names.contains(name.as_str()) {
        return None;
    }
    let there_are = match names.is_empty() {
        true => "~/.aws contains no profiles".to_string(),
        false => format!("available profiles: {}", names.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Some(format!("{by} {name:?}: profile not found; {there_are}"))
}

/// Returns the profile names in a configuration file.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let sections = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    sections.filter_map(|section| match section.trim().split_once([' ', '\t']) {
        Some(("profile", name)) => Some(name.trim().trim_matches(['"', '\''])),
        Some(_) => None,
        None => Some(section.trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_parsed_from_both_file_formats() {
        let config = "[default]\nregion = x\n [profile  a b ]\n[profile \"c\"]\n[sso-session d]\n#[profile e]\n";
        assert_eq!(names(config).collect::<Vec<_>>(), ["default", "a b", "c"]);
        assert_eq!(names("[x]\naws_access_key_id = [y]\n").collect::<Vec<_>>(), ["x"]);
    }
}
