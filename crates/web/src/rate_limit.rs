//! How many requests a token (or session) and an address may send to the API: a bucket each, kept in memory and filled
//! evenly. It stands before `guard`, so that a flood is refused before it costs a look into the database. Headers are
//! those of draft-ietf-httpapi-ratelimit-headers-10.

use crate::{Failure, Proxies, Rates, session};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, MonotonicClock, Reference},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use meta::Lang;
use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const WINDOW_SECONDS: u64 = 60;
/// Callers remembered at most; when all buckets are in use, newcomers share one.
const BUCKETS_LIMIT: usize = 100_000;
/// Looking for full buckets to forget walks over all of them: not oftener than this.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// The bucket that newcomers share.
const SHARED: u64 = 0;

pub struct RateLimits {
    hasher: RandomState,
    proxies: Proxies,
    token: Option<Buckets>,
    address: Option<Buckets>,
}

impl RateLimits {
    pub fn new(rates: Rates, proxies: Proxies) -> Arc<RateLimits> {
        let buckets = |name, per_minute| {
            let per_minute = NonZeroU32::new(per_minute)?;
            Some(Buckets::new(name, per_minute, BUCKETS_LIMIT, MonotonicClock))
        };
        Arc::new(RateLimits {
            hasher: RandomState::new(),
            proxies,
            token: buckets("token", rates.token_per_minute),
            address: buckets("address", rates.address_per_minute),
        })
    }

    /// Takes one request out of the buckets of whoever sent it: what to say of them, and whether one was empty.
    fn take(&self, address: Option<&str>, proof: Option<&[u8]>) -> Vec<Level> {
        let of = |buckets: &Option<Buckets>, key: Option<&[u8]>| {
            let (buckets, key) = (buckets.as_ref()?, key?);
            Some(buckets.take(self.hasher.hash_one(key)))
        };
        let address = of(&self.address, address.map(str::as_bytes));
        // An address that sends too much uses up nobody's token.
        let refused = address.as_ref().is_some_and(|level| level.wait.is_some());
        let token = if refused { None } else { of(&self.token, proof) };
        token.into_iter().chain(address).collect()
    }
}

/// A bucket after a request.
#[derive(Debug, PartialEq)]
struct Level {
    policy: &'static str,
    quota: u32,
    left: u32,
    /// How long until the next request, if this one was refused.
    wait: Option<Duration>,
}

impl Level {
    /// Until the bucket is full again.
    fn reset_seconds(&self) -> u64 {
        (u64::from(self.quota - self.left.min(self.quota)) * WINDOW_SECONDS).div_ceil(u64::from(self.quota))
    }
}

type States = HashMapStateStore<u64>;

/// The buckets of all callers of one kind.
struct Buckets<C: Clock = MonotonicClock> {
    policy: &'static str,
    per_minute: NonZeroU32,
    buckets_limit: usize,
    clock: C,
    tidied_at: Mutex<C::Instant>,
    limiter: RateLimiter<u64, States, C, StateInformationMiddleware>,
}

impl<C: Clock + Clone> Buckets<C> {
    fn new(policy: &'static str, per_minute: NonZeroU32, buckets_limit: usize, clock: C) -> Self {
        let limiter = RateLimiter::hashmap_with_clock(Quota::per_minute(per_minute), clock.clone());
        Buckets {
            policy,
            per_minute,
            buckets_limit,
            tidied_at: Mutex::new(clock.now()),
            clock,
            limiter: limiter.with_middleware(),
        }
    }

    fn take(&self, key: u64) -> Level {
        let key = if self.has_room() { key } else { SHARED };
        let quota = self.per_minute.get();
        match self.limiter.check_key(&key) {
            Ok(state) => {
                Level { policy: self.policy, quota, left: state.remaining_burst_capacity(), wait: None }
            }
            Err(refused) => Level { policy: self.policy, quota, left: 0, wait: Some(self.wait(&refused)) },
        }
    }

    fn wait(&self, refused: &NotUntil<C::Instant>) -> Duration {
        refused.wait_time_from(self.clock.now())
    }

    fn has_room(&self) -> bool {
        if self.limiter.len() < self.buckets_limit {
            return true;
        }
        let now = self.clock.now();
        let mut tidied_at = self.tidied_at.lock().unwrap_or_else(PoisonError::into_inner);
        if Duration::from(now.duration_since(*tidied_at)) >= TIDY_EVERY {
            *tidied_at = now;
            self.limiter.retain_recent();
        }
        self.limiter.len() < self.buckets_limit
    }
}

pub async fn limit(State(limits): State<Arc<RateLimits>>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let headers = request.headers();
    let address = limits.proxies.caller(request.extensions(), headers).map(|address| address.to_string());
    let levels = match proof(headers) {
        Proof::Header(token) => limits.take(address.as_deref(), Some(token)),
        Proof::Cookie(session) => limits.take(address.as_deref(), Some(session.as_bytes())),
        Proof::None => limits.take(address.as_deref(), None),
    };
    let wait = levels.iter().find_map(|level| level.wait);
    let mut response = match wait {
        Some(wait) => refuse(headers, wait),
        None => next.run(request).await,
    };
    tell(response.headers_mut(), &levels);
    response
}

/// What a request says of who sends it; whether that is true is for `guard` to find out.
enum Proof<'r> {
    Header(&'r [u8]),
    Cookie(String),
    None,
}

fn proof(headers: &HeaderMap) -> Proof<'_> {
    if let Some(token) = headers.get(header::AUTHORIZATION) {
        return Proof::Header(token.as_bytes());
    }
    let jar = CookieJar::from_headers(headers);
    match [true, false].iter().find_map(|secure| jar.get(session::cookie_name(*secure))) {
        Some(session) => Proof::Cookie(session.value().to_owned()),
        None => Proof::None,
    }
}

fn refuse(headers: &HeaderMap, wait: Duration) -> Response {
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    let failure = Failure::refused(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        format!(
            "Too many requests: wait {seconds} s, then go on more slowly. RateLimit-Policy says how many are fine."
        ),
        format!("请求过于频繁，请等待 {seconds} 秒后放慢速度，允许的次数见 RateLimit-Policy 响应头。"),
    );
    let lang = headers.get(header::ACCEPT_LANGUAGE).and_then(|lang| lang.to_str().ok()).and_then(Lang::parse);
    let mut response = (failure.status(), Json(failure.problem(lang.unwrap_or_default()))).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if let Ok(seconds) = HeaderValue::try_from(seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn tell(headers: &mut HeaderMap, levels: &[Level]) {
    let policies = levels
        .iter()
        .map(|level| format!("\"{}\";q={};w={WINDOW_SECONDS}", level.policy, level.quota))
        .collect::<Vec<_>>();
    let left = levels
        .iter()
        .map(|level| format!("\"{}\";r={};t={}", level.policy, level.left, level.reset_seconds()))
        .collect::<Vec<_>>();
    for (name, parts) in [("ratelimit-policy", policies), ("ratelimit", left)] {
        if let (false, Ok(value)) = (parts.is_empty(), HeaderValue::try_from(parts.join(", "))) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn buckets(per_minute: u32, limit: usize) -> (Buckets<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Buckets::new("token", NonZeroU32::new(per_minute).unwrap(), limit, clock.clone()), clock)
    }

    #[test]
    fn an_empty_bucket_refuses_until_a_drop_has_fallen_in() {
        let (buckets, clock) = buckets(6, 10);
        let lefts: Vec<u32> = (0..6).map(|_| buckets.take(7).left).collect();
        assert_eq!(lefts, [5, 4, 3, 2, 1, 0]);
        assert_eq!(buckets.take(7).wait, Some(Duration::from_secs(10)));
        assert_eq!(buckets.take(8).left, 5, "another caller has a bucket of its own");
        clock.advance(Duration::from_secs(10));
        assert_eq!(buckets.take(7).wait, None);
        assert!(buckets.take(7).wait.is_some());
        clock.advance(Duration::from_secs(60));
        let full = buckets.take(7);
        assert_eq!((full.left, full.reset_seconds()), (5, 10));
    }

    #[test]
    fn when_all_buckets_are_in_use_newcomers_share_one() {
        let (buckets, clock) = buckets(2, 3);
        for key in 1..=3 {
            buckets.take(key);
        }
        assert_eq!((buckets.take(4).left, buckets.take(5).left), (1, 0));
        assert!(buckets.take(6).wait.is_some());
        assert!(buckets.limiter.len() <= 4, "three and the shared one");
        clock.advance(Duration::from_secs(120));
        assert_eq!(buckets.take(6).left, 1, "full buckets are forgotten, so there is room again");
    }

    #[test]
    fn an_address_that_sends_too_much_uses_up_nobodys_token() {
        let limits =
            RateLimits::new(Rates { token_per_minute: 5, address_per_minute: 1 }, Proxies::default());
        let first = limits.take(Some("10.0.0.1"), Some(b"zk_a"));
        assert_eq!(first.iter().map(|level| level.left).collect::<Vec<_>>(), [4, 0]);
        for _ in 0..3 {
            let levels = limits.take(Some("10.0.0.1"), Some(b"zk_a"));
            assert_eq!(levels.iter().map(|level| level.policy).collect::<Vec<_>>(), ["address"]);
        }
        assert_eq!(limits.take(Some("10.0.0.2"), Some(b"zk_a"))[0].left, 3);
        assert!(
            RateLimits::new(Rates { token_per_minute: 0, address_per_minute: 0 }, Proxies::default())
                .take(Some("x"), None)
                .is_empty()
        );
    }
}
