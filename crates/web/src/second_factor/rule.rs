//! Who must have a second factor: the company's setting.

use engine::{Engine, Result};

pub(crate) const KEY: &str = "sign_in.second_factor";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Optional,
    Administrators,
    Everybody,
}

impl Rule {
    pub const ALL: [Rule; 3] = [Rule::Optional, Rule::Administrators, Rule::Everybody];

    pub fn name(self) -> &'static str {
        match self {
            Rule::Optional => "optional",
            Rule::Administrators => "administrators",
            Rule::Everybody => "everybody",
        }
    }

    pub fn parse(text: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.name() == text)
    }

    pub async fn of(engine: &Engine) -> Result<Rule> {
        let setting = engine.setting(KEY).await?;
        Ok(setting.and_then(|text| Rule::parse(text.as_str()?)).unwrap_or(Rule::Optional))
    }

    pub fn asks(self, administrator: bool) -> bool {
        match self {
            Rule::Optional => false,
            Rule::Administrators => administrator,
            Rule::Everybody => true,
        }
    }
}
