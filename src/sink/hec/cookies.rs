//! Cookies, by which a load balancer sends all requests of a client to the same indexer: only
//! that one knows what became of a batch.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The cookies that were set last.
#[derive(Debug, Default)]
pub(super) struct CookieJar(Mutex<BTreeMap<String, String>>);

impl CookieJar {
    /// Keeps cookies of the form `NAME=VALUE`. Those that are too long or too many are ignored.
    pub(super) fn set(&self, cookies: &[String]) {
        const MAX_COOKIE: usize = 4096;
        const MAX_COOKIES: usize = 20;
        let mut jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in cookies {
            let is_plain =
                cookie.len() <= MAX_COOKIE && cookie.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            let Some((name, value)) = cookie.split_once('=').filter(|_| is_plain) else { continue };
            if jar.len() < MAX_COOKIES || jar.contains_key(name) {
                jar.insert(name.into(), value.into());
            }
        }
    }

    /// Returns the value of the header `Cookie`; `None` without cookies.
    pub(super) fn header(&self) -> Option<String> {
        let jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_cookie_is_sent() {
        let jar = CookieJar::default();
        assert_eq!(jar.header(), None);
        jar.set(&["b=1".into(), "a=x=y".into(), "none".into(), "c=\u{e9}".into(), format!("d={}", "x".repeat(5000))]);
        jar.set(&["b=2".into()]);
        assert_eq!(jar.header().unwrap(), "a=x=y; b=2");
        (0..100).for_each(|number| jar.set(&[format!("n{number}=1")]));
        assert_eq!(jar.header().unwrap().split("; ").count(), 20);
    }
}
