//! Parses the configuration file: TOML, `option = value`.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{ConfiguredOption, FLAGS, LISTS, NAMES, PATHS, SettingOrigin, SettingsEnvironment, variable};
use crate::error::usage::UsageError;
use crate::error::{Error, io_message};
use crate::syntax::suggest::nearest;

/// Reads the settings of the file `named`, of the one that the environment names,
/// or of the default file. Only the default file may be missing.
pub(super) fn read(named: Option<&Path>, environment: &SettingsEnvironment) -> Result<Vec<ConfiguredOption>, Error> {
    let variable = environment.get(&variable("config")).map(Path::new);
    let Some(path) = named.or(variable).or(environment.file.as_deref()) else { return Ok(Vec::new()) };
    let is_named = named.is_some() || variable.is_some();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, path, environment),
        Err(error) if !is_named && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(Error::Failed(format!("{}: cannot be read: {}", path.display(), io_message(&error)))),
    }
}

fn parse(text: &str, path: &Path, environment: &SettingsEnvironment) -> Result<Vec<ConfiguredOption>, Error> {
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let wrong = |at: usize, what: &str| {
        Error::Usage(UsageError::new(what).with_origin(SettingOrigin::Line(path.into(), line(at))))
    };
    let table = DeTable::parse(text).map_err(|error| {
        let what = error.message().lines().next().unwrap_or("no TOML");
        wrong(error.span().map_or(0, |span| span.start), what)
    })?;
    let mut settings = Vec::new();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        let name = key.get_ref().as_ref();
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            return Err(wrong(at, &unknown(name)));
        };
        let values =
            values(name, value.get_ref(), environment).map_err(|what| wrong(at, &format!("{name}: {what}")))?;
        settings.push(ConfiguredOption { name, values, origin: SettingOrigin::Line(path.into(), line(at)) });
    }
    Ok(settings)
}

fn unknown(name: &str) -> String {
    match nearest(name, &NAMES) {
        Some(known) => format!("{name:?} is not a setting; did you mean {known}?"),
        None => format!("{name:?} is not a setting; the settings are {}", NAMES.join(", ")),
    }
}

const SINGLE: &str = "write a string in quotes, or a number";

/// Converts a value to its forms on the command line: of a list of paths one for each, else
/// one. The error says what to write.
fn values(name: &str, value: &DeValue<'_>, environment: &SettingsEnvironment) -> Result<Vec<OsString>, String> {
    if !PATHS.contains(&name) {
        return Ok(vec![text(name, value)?.into()]);
    }
    let one = |value: &DeValue<'_>| {
        let DeValue::String(path) = value else { return None };
        Some(path.to_string())
    };
    let example = LISTS.iter().find(|(known, _)| *known == name);
    let paths = match (value, example) {
        (DeValue::Array(list), Some((_, example))) => {
            let paths: Option<Vec<String>> = list.iter().map(|value| one(value.get_ref())).collect();
            paths.ok_or_else(|| format!("write a list of strings, such as {example}"))?
        }
        (value, _) => vec![text(name, value)?],
    };
    paths.iter().map(|path| absolute(path, environment)).collect()
}

/// Converts a value to its form on the command line. The error says what to write.
fn text(name: &str, value: &DeValue<'_>) -> Result<String, String> {
    let is_flag = FLAGS.contains(&name);
    match value {
        DeValue::Boolean(is) if is_flag => Ok(is.to_string()),
        _ if is_flag => Err("write true or false".into()),
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.as_str().to_string()),
        DeValue::Array(list) => {
            let (_, example) = LISTS.iter().find(|(known, _)| *known == name).ok_or(SINGLE)?;
            let text = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                DeValue::Integer(id) if name == "account" => Some(id.as_str().to_string()),
                _ => None,
            };
            let names: Option<Vec<String>> = list.iter().map(text).collect();
            names.map(|names| names.join(",")).ok_or_else(|| format!("write a list of strings, such as {example}"))
        }
        _ => Err(SINGLE.into()),
    }
}

/// Expands `~/`. Refuses a relative path, which would depend on the current folder.
fn absolute(text: &str, environment: &SettingsEnvironment) -> Result<OsString, String> {
    let path = match (text.strip_prefix("~/"), &environment.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    };
    if path.is_absolute() { Ok(path.into()) } else { Err("not an absolute path; begin it with / or ~/".into()) }
}
