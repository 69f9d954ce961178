//! What a person's decisions about being addressed come to. Pure; the records are those of `crates/customers/src/consent`.

use meta::{DateTime, Id, Record, Utc};

/// Stands for every channel, every purpose.
pub const ANY: &str = "any";
/// What a customer must be told belongs to dealing with him and needs no consent (PIPL art. 13, GDPR art. 6(1)(b)).
const WITHOUT_CONSENT: &str = "service";

#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub id: Id,
    pub channel: String,
    pub purpose: String,
    pub state: String,
    pub decided_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Given,
    Refused,
    Withdrawn,
    Expired,
    /// Nobody asked, and it needs consent.
    NotAsked,
    /// Nobody asked, and it needs none.
    NotNeeded,
    /// The person was deleted or erased.
    Gone,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Given => "given",
            Reason::Refused => "refused",
            Reason::Withdrawn => "withdrawn",
            Reason::Expired => "expired",
            Reason::NotAsked => "not_asked",
            Reason::NotNeeded => "not_needed",
            Reason::Gone => "gone",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub allowed: bool,
    pub reason: Reason,
    /// The one that counts.
    pub decision: Option<Decision>,
}

impl Decision {
    pub fn read(record: &Record) -> Option<Decision> {
        Some(Decision {
            id: record.id,
            channel: record.text("channel").to_owned(),
            purpose: record.text("purpose").to_owned(),
            state: record.text("state").to_owned(),
            decided_at: record.get("decided_at").as_instant()?,
            expires_at: record.get("expires_at").as_instant(),
        })
    }

    fn covers(&self, channel: &str, purpose: &str) -> bool {
        [channel, ANY].contains(&self.channel.as_str()) && [purpose, ANY].contains(&self.purpose.as_str())
    }
}

/// The newest decision about the channel and the purpose, or about all of them, counts; of two at one moment the stricter.
pub fn decide(decisions: &[Decision], channel: &str, purpose: &str, now: DateTime<Utc>) -> Verdict {
    let mine = decisions.iter().filter(|one| one.decided_at <= now && one.covers(channel, purpose));
    let newest = mine.max_by_key(|one| (one.decided_at, one.state != "given", one.id));
    let Some(newest) = newest else {
        let allowed = purpose == WITHOUT_CONSENT;
        let reason = if allowed { Reason::NotNeeded } else { Reason::NotAsked };
        return Verdict { allowed, reason, decision: None };
    };
    let reason = match newest.state.as_str() {
        "given" if newest.expires_at.is_some_and(|end| end <= now) => Reason::Expired,
        "given" => Reason::Given,
        "withdrawn" => Reason::Withdrawn,
        _ => Reason::Refused,
    };
    Verdict { allowed: reason == Reason::Given, reason, decision: Some(newest.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).unwrap()
    }

    fn decision(on: i64, channel: &str, purpose: &str, state: &str) -> Decision {
        Decision {
            id: Id::from_u128(on as u128),
            channel: channel.into(),
            purpose: purpose.into(),
            state: state.into(),
            decided_at: day(on),
            expires_at: None,
        }
    }

    fn reason(decisions: &[Decision], channel: &str, purpose: &str) -> Reason {
        decide(decisions, channel, purpose, day(100)).reason
    }

    #[test]
    fn who_was_not_asked_is_told_only_what_belongs_to_the_service() {
        assert_eq!(reason(&[], "email", "service"), Reason::NotNeeded);
        assert_eq!(reason(&[], "email", "marketing"), Reason::NotAsked);
        assert!(!decide(&[], "email", "marketing", day(1)).allowed);
    }

    #[test]
    fn no_e_mail_but_a_phone_call() {
        let decisions = [decision(1, "any", "any", "given"), decision(2, "email", "any", "refused")];
        assert_eq!(reason(&decisions, "phone", "marketing"), Reason::Given);
        assert_eq!(reason(&decisions, "email", "marketing"), Reason::Refused);
        assert_eq!(reason(&decisions, "email", "service"), Reason::Refused);
    }

    #[test]
    fn the_newest_counts_whatever_the_order() {
        let mut decisions =
            vec![decision(3, "email", "marketing", "given"), decision(5, "any", "any", "withdrawn")];
        assert_eq!(reason(&decisions, "email", "marketing"), Reason::Withdrawn);
        decisions.push(decision(7, "email", "marketing", "given"));
        assert_eq!(reason(&decisions, "email", "marketing"), Reason::Given);
        decisions.push(decision(7, "email", "any", "refused"));
        assert_eq!(reason(&decisions, "email", "marketing"), Reason::Refused, "at one moment the stricter");
        decisions.push(decision(200, "email", "marketing", "given"));
        assert_eq!(reason(&decisions, "email", "marketing"), Reason::Refused, "not decided yet");
    }

    #[test]
    fn what_has_expired_no_longer_holds() {
        let given = Decision { expires_at: Some(day(50)), ..decision(1, "sms", "marketing", "given") };
        assert_eq!(decide(std::slice::from_ref(&given), "sms", "marketing", day(49)).reason, Reason::Given);
        assert_eq!(decide(&[given], "sms", "marketing", day(50)).reason, Reason::Expired);
    }
}
