//! After how long without use a session ends: the company's choice.

use chrono::TimeDelta;
use engine::{Engine, Result};

pub(super) const KEY: &str = "sign_in.idle_minutes";
pub(super) const CHOICES: [&str; 3] = ["30", "120", "720"];
const DEFAULT_MINUTES: i64 = 720;

pub(crate) async fn limit(engine: &Engine) -> Result<TimeDelta> {
    Ok(TimeDelta::minutes(minutes(engine).await?))
}

pub(super) async fn minutes(engine: &Engine) -> Result<i64> {
    let setting = engine.setting(KEY).await?;
    let minutes = setting.and_then(|text| text.as_str()?.parse().ok());
    Ok(minutes.filter(|minutes| *minutes > 0).unwrap_or(DEFAULT_MINUTES))
}
