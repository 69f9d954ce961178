//! What an API token may do of what its user may: read only, or only with some entities. A fence around a program's
//! mistakes and a leaked token; what the user himself may not do his tokens never may.

use axum::http::Method;
use engine::{Error, Result};
use meta::Lang;

#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub write: bool,
    /// `None`: all.
    pub entities: Option<Vec<String>>,
}

impl Default for Scope {
    fn default() -> Self {
        Scope { write: true, entities: None }
    }
}

const QUESTION: &str = "/api/v1/analysis/question";

impl Scope {
    /// As it is kept: absent columns are of tokens made before there were scopes.
    pub(crate) fn read(access: Option<&str>, entities: Option<&str>) -> Scope {
        let entities = entities.map(|names| names.split_whitespace().map(str::to_owned).collect());
        Scope { write: access != Some("read"), entities }
    }

    pub(crate) fn access(&self) -> &'static str {
        if self.write { "write" } else { "read" }
    }

    /// What is not known to be within the scope is outside of it.
    pub(crate) fn check(&self, method: &Method, path: &str, lang: Lang) -> Result<()> {
        let say = |en: &str, zh: &str| {
            Err(Error::Forbidden(if lang == Lang::En { en.to_owned() } else { zh.to_owned() }))
        };
        // A question changes nothing; it is posted because it is long.
        if !self.write && !method.is_safe() && path != QUESTION {
            return say("writing with a token that may only read", "只读令牌的写入操作");
        }
        let Some(entities) = &self.entities else { return Ok(()) };
        if ["/api/openapi.json", "/api/v1/meta"].contains(&path) {
            return Ok(());
        }
        let mut parts = path.strip_prefix("/api/v1/").unwrap_or_default().split('/');
        let entity = parts.next().unwrap_or_default();
        // These tell of records of other entities, too.
        let beyond = ["timeline", "person-data", "erasure"];
        let within = parts.nth(1).is_none_or(|place| !beyond.contains(&place));
        if entities.iter().any(|own| own == entity) && within {
            return Ok(());
        }
        say("this address with a token for other records", "该令牌范围之外的地址")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_outside() {
        let scope = Scope::read(Some("read"), Some("order customer"));
        let may = |method: Method, path: &str| scope.check(&method, path, Lang::En).is_ok();
        assert!(may(Method::GET, "/api/v1/order") && may(Method::GET, "/api/v1/customer/1/history"));
        assert!(may(Method::GET, "/api/v1/meta"));
        let reader = Scope::read(Some("read"), None);
        assert!(reader.check(&Method::POST, QUESTION, Lang::En).is_ok() && !may(Method::POST, QUESTION));
        assert!(!may(Method::POST, "/api/v1/order") && !may(Method::DELETE, "/api/v1/order/1"));
        for path in
            ["/api/v1/user", "/api/v1/search", "/api/v1/orders", "/api/v1/customer/1/timeline", "/api/", ""]
        {
            assert!(!may(Method::GET, path), "{path}");
        }
        let whole = Scope::read(None, None);
        assert_eq!(whole, Scope::default());
        assert!(whole.check(&Method::DELETE, "/api/v1/order/1", Lang::En).is_ok());
    }
}
