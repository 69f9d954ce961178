//! Names of people and companies.

use super::{
    chance::{Chance, Weights},
    words::{
        BRAND, CITIES, FIRST, FORMS, GIVEN, LAST, LATIN_BRAND, LATIN_FORM, LATIN_TRADE, SURNAMES, TRADES,
    },
};

pub struct Names {
    surnames: Vec<char>,
    by_frequency: Weights,
    given: Vec<char>,
    brand: Vec<char>,
}

impl Names {
    pub fn new() -> Self {
        let surnames: Vec<char> = SURNAMES.chars().collect();
        let by_frequency = Weights::zipf(surnames.len(), 0.8);
        Names { surnames, by_frequency, given: GIVEN.chars().collect(), brand: BRAND.chars().collect() }
    }

    pub fn city(&self, chance: &mut Chance) -> &'static str {
        chance.pick(&CITIES).0
    }

    pub fn chinese_person(&self, chance: &mut Chance) -> String {
        let mut name = String::from(self.surnames[self.by_frequency.draw(chance)]);
        name.push(chance.pick(&self.given));
        if chance.happens(0.7) {
            name.push(chance.pick(&self.given));
        }
        name
    }

    /// Name and industry.
    pub fn chinese_company(&self, city: &str, chance: &mut Chance) -> (String, &'static str) {
        let mut name = String::from(if chance.happens(0.8) { city } else { "" });
        for _ in 0..2 + usize::from(chance.happens(0.3)) {
            name.push(chance.pick(&self.brand));
        }
        let (trade, industry) = chance.pick(&TRADES);
        name.push_str(trade);
        name.push_str(chance.pick(&FORMS));
        (name, industry)
    }

    pub fn latin_person(&self, chance: &mut Chance) -> String {
        format!("{} {}", chance.pick(&FIRST), chance.pick(&LAST))
    }

    pub fn latin_company(&self, chance: &mut Chance) -> (String, &'static str) {
        let (trade, industry) = chance.pick(&LATIN_TRADE);
        let founder = if chance.happens(0.5) { format!("{} ", chance.pick(&LAST)) } else { String::new() };
        let name = format!("{founder}{} {trade} {}", chance.pick(&LATIN_BRAND), chance.pick(&LATIN_FORM));
        (name, industry)
    }
}
