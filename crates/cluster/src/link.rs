//! How machines of a cluster know each other: one secret, one program, and TLS where the network is not their own.

use engine::{Error, Result};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tonic::{
    Request, Status,
    codegen::http::{HeaderMap, HeaderValue, header::AUTHORIZATION},
    metadata::MetadataMap,
};

pub const SECRET_MINIMUM: usize = 32;
const PROGRAM: &str = "x-zhike-program";

/// The same on every machine. Never printed: it holds the secret.
#[derive(Clone)]
pub struct Link {
    secret: String,
    program: String,
    /// Who does not answer a ping for so long is taken for lost.
    pub patience: Duration,
    /// PEM of the authority that signed the workers' certificates; they are spoken to in the clear without one.
    pub authority: Option<Vec<u8>>,
}

impl Link {
    /// [`Error::Unavailable`] if the secret is too short or cannot stand in a header.
    pub fn new(secret: &str, program: &str, patience: Duration, authority: Option<Vec<u8>>) -> Result<Link> {
        let plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
        if secret.len() < SECRET_MINIMUM || !plain {
            return Err(Error::Unavailable(format!(
                "worker_secret must be {SECRET_MINIMUM} or more letters and digits without spaces: make one with `openssl rand -hex 32`"
            )));
        }
        Ok(Link { secret: secret.to_owned(), program: program.to_owned(), patience, authority })
    }

    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// What every request carries.
    pub(crate) fn headers(&self) -> Result<HeaderMap> {
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|error| Error::Internal(error.to_string()));
        let mut headers = HeaderMap::new();
        let mut secret = header(&format!("Bearer {}", self.secret))?;
        secret.set_sensitive(true);
        headers.insert(AUTHORIZATION, secret);
        headers.insert(PROGRAM, header(&self.program)?);
        Ok(headers)
    }

    /// Lets a request in if it carries that; says what is wrong to those who know the secret.
    pub(crate) fn check(&self, request: Request<()>) -> std::result::Result<Request<()>, Status> {
        let text = |name: &str| of(request.metadata(), name);
        let secret = text(AUTHORIZATION.as_str()).strip_prefix("Bearer ").unwrap_or_default();
        if !bool::from(secret.as_bytes().ct_eq(self.secret.as_bytes())) {
            return Err(Status::unauthenticated("worker_secret is not this worker's"));
        }
        match text(PROGRAM) {
            program if program == self.program => Ok(request),
            other => Err(Status::failed_precondition(format!(
                "the worker is program {}, who asks it is {other}: run the same binary everywhere",
                self.program
            ))),
        }
    }
}

fn of<'m>(metadata: &'m MetadataMap, name: &str) -> &'m str {
    metadata.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::metadata::MetadataMap;

    fn link(secret: &str, program: &str) -> Link {
        Link::new(secret, program, Duration::from_secs(1), None).unwrap()
    }

    fn asked(headers: HeaderMap, of: &Link) -> std::result::Result<(), Status> {
        let mut request = Request::new(());
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        of.check(request).map(drop)
    }

    #[test]
    fn only_the_same_secret_and_program_come_in() {
        let (one, other) = ("a".repeat(SECRET_MINIMUM), "b".repeat(SECRET_MINIMUM));
        let worker = link(&one, "1+a");
        assert!(asked(worker.headers().unwrap(), &worker).is_ok());
        let wrong = asked(link(&other, "1+a").headers().unwrap(), &worker).unwrap_err();
        assert_eq!(wrong.code(), tonic::Code::Unauthenticated);
        assert!(!wrong.message().contains("1+a"), "a stranger learns nothing of the worker");
        assert_eq!(asked(HeaderMap::new(), &worker).unwrap_err().code(), tonic::Code::Unauthenticated);
        let old = asked(link(&one, "1+b").headers().unwrap(), &worker).unwrap_err();
        assert_eq!(old.code(), tonic::Code::FailedPrecondition);
        assert!(old.message().contains("1+a") && old.message().contains("1+b"), "{old}");
    }

    #[test]
    fn a_weak_secret_is_refused_with_the_remedy() {
        for secret in ["", "short", &"with space".repeat(9)] {
            let error = Link::new(secret, "1", Duration::from_secs(1), None).err().unwrap();
            assert!(error.to_string().contains("openssl rand"), "{error}");
        }
    }
}
