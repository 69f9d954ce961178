//! A table by provinces, cities or countries as a map. What stands in records is matched with the map's own names; what is written in no
//! way the map knows is said below it.

use super::{
    chart::{Board, Drawn, number},
    sheet::cell_href,
    table::Row,
};
use crate::places::{self, CITIES, COUNTRIES, Level, PROVINCES, Region, Table};
use meta::Decimal;
use serde_json::{Value as Json, json};
use warehouse::semantic::Cut;

/// Named below the map; the table has all.
const NAMES_SHOWN: usize = 5;

/// Regions side by side: the file of their outlines, and what they are called.
struct Ground {
    name: String,
    names: &'static Table,
    regions: Vec<&'static Region>,
}

/// What is known of one region.
struct Placed<'t> {
    region: &'static Region,
    value: Decimal,
    rows: Vec<&'t Row>,
}

impl Board<'_> {
    /// Or why there is none.
    pub(super) fn map(&self) -> Result<Drawn, String> {
        let needs = || self.words.t("explore.map_needs", &[]);
        let [cut] = self.view.rows() else { return Err(needs()) };
        let (level, first) = Level::of(&cut.dimension).zip(self.first()).ok_or_else(needs)?;
        let ground = match level {
            Level::Country => whole("world", &COUNTRIES),
            Level::Province => whole("china", &PROVINCES),
            Level::City => self.province(cut)?,
        };
        let additive = self.table.measure(&self.table.places[first]).additive;
        let (mut placed, mut off): (Vec<Placed<'_>>, Vec<usize>) = (vec![], vec![]);
        for (at, row) in self.table.rows.iter().enumerate() {
            let Some(value) = row.values[first] else { continue };
            let region = written(row).and_then(|text| ground.find(text));
            let known = region.and_then(|region| placed.iter().position(|known| known.region == region));
            match (region, known) {
                (Some(_), Some(known)) if additive => {
                    placed[known].value += value;
                    placed[known].rows.push(row);
                }
                (Some(region), None) => placed.push(Placed { region, value, rows: vec![row] }),
                // Two spellings of one region, whose ratios do not add up, are one too many.
                _ => off.push(at),
            }
        }
        let regions = ground.regions.iter().map(|region| {
            let label = if self.words.lang == meta::Lang::Zh { region.zh } else { region.en };
            match placed.iter().find(|known| known.region == *region) {
                Some(known) => json!({
                    "name": region.zh, "label": label, "value": number(Some(known.value)), "href": self.behind(cut, &known.rows),
                }),
                None => json!({ "name": region.zh, "label": label }),
            }
        });
        let data = json!({
            "map": ground.name,
            "src": self.words.app.asset(&format!("map-{}.json", ground.name)),
            "regions": regions.collect::<Vec<Json>>(),
            "sea": self.words.t("explore.map_sea", &[]),
            "name": self.table.answer.measures.first().map(|measure| self.words.say(&measure.label)),
            "unit": self.chart_unit(),
            "currency": self.words.currency,
        });
        let note = self.left_off(first, additive, &off);
        Ok(Drawn { kind: "map", size: "l", title: self.finding(), data, note, off })
    }

    /// The province whose cities are shown: the one gone down into, the one of the filter, or the one all cities are of.
    fn province(&self, cut: &Cut) -> Result<Ground, String> {
        let above = places::beside(&cut.dimension, Level::Province).unwrap_or_default();
        let question = &self.view.question;
        let within = question.within.iter().find(|step| step.dimension == above);
        let named = within
            .and_then(|step| step.value.as_str().map(str::to_owned))
            .or_else(|| equal(&question.filter, &above));
        let region = match named.and_then(|name| PROVINCES.only(&name)) {
            Some(region) => region,
            None => self.common_province().ok_or_else(|| self.words.t("explore.map_one_province", &[]))?,
        };
        let cities = CITIES.regions.iter().filter(|city| is_in(city, region));
        let regions: Vec<&'static Region> = cities.collect();
        if regions.is_empty() {
            let name = if self.words.lang == meta::Lang::Zh { region.zh } else { region.en };
            return Err(self.words.t("explore.map_undivided", &[("province", name)]));
        }
        Ok(Ground { name: region.code.to_owned(), names: &CITIES, regions })
    }

    /// The one province in which there is a city of every name that is known.
    fn common_province(&self) -> Option<&'static Region> {
        let mut left: Option<Vec<&'static Region>> = None;
        for row in &self.table.rows {
            let cities: Vec<&Region> = written(row).into_iter().flat_map(|text| CITIES.find(text)).collect();
            if cities.is_empty() {
                continue;
            }
            let fits = |province: &&'static Region| cities.iter().any(|city| is_in(city, province));
            left = Some(match left {
                Some(left) => left.into_iter().filter(fits).collect(),
                None => PROVINCES.regions.iter().filter(fits).collect(),
            });
        }
        match left.as_deref() {
            Some([only]) => Some(only),
            _ => None,
        }
    }

    /// What is behind a region; of several spellings, all of them.
    fn behind(&self, cut: &Cut, rows: &[&Row]) -> Option<String> {
        if let [only] = rows {
            return self.href(only, None);
        }
        let values: Vec<String> =
            rows.iter().filter_map(|row| written(row)).map(|text| json!(text).to_string()).collect();
        let any = format!("{} in [{}]", cut.dimension, values.join(", "));
        let mut view = self.view.clone();
        view.question.filter = match view.question.filter.as_str() {
            "" => any,
            own => format!("({own}) && {any}"),
        };
        Some(cell_href(&view.query(), &[]))
    }

    /// How much of the whole is not on the map.
    fn left_off(&self, first: usize, additive: bool, off: &[usize]) -> Option<String> {
        let (words, rows) = (self.words, &self.table.rows);
        if off.is_empty() {
            return None;
        }
        let unit = self.table.measure(&self.table.places[first]).unit;
        let label =
            |at: &usize| rows[*at].members.iter().map(|member| words.say(&member.label)).collect::<String>();
        let mut names: Vec<String> = off.iter().take(NAMES_SHOWN).map(label).collect();
        if off.len() > NAMES_SHOWN {
            names.push("…".to_owned());
        }
        let names = names.join(words.t("explore.list_comma", &[]).as_str());
        let (number, all) = (words.count(off.len()), words.count(rows.len()));
        let sum: Decimal = off.iter().filter_map(|at| rows[*at].values[first]).sum();
        let figure = words.figure(Some(sum), unit);
        let whole =
            self.table.total.values[first].filter(|whole| *whole > Decimal::ZERO && sum >= Decimal::ZERO);
        let share = whole.and_then(|whole| sum.checked_div(whole));
        let share = share.map(|share| words.figure(Some(share.round_dp(4)), "share"));
        let key = match (additive, &share) {
            (false, _) => "explore.off_map_rows",
            (true, None) => "explore.off_map",
            (true, Some(_)) => "explore.off_map_share",
        };
        let share = share.unwrap_or_default();
        let given =
            [("rows", &number), ("all", &all), ("figure", &figure), ("share", &share), ("names", &names)];
        Some(words.t(key, &given.map(|(name, value)| (name, value.as_str()))))
    }
}

impl Ground {
    /// One of its regions, if the name is one's alone here.
    fn find(&self, text: &str) -> Option<&'static Region> {
        let mut found = self.names.find(text).filter(|region| self.regions.contains(region));
        found.next().filter(|_| found.next().is_none())
    }
}

fn whole(name: &str, names: &'static Table) -> Ground {
    Ground { name: name.to_owned(), names, regions: names.regions.iter().collect() }
}

/// The first two digits of a code are its province's.
fn is_in(city: &Region, province: &Region) -> bool {
    city.code.get(..2) == province.code.get(..2)
}

/// What stands in the records.
fn written(row: &Row) -> Option<&str> {
    row.members.first().filter(|member| !member.rest).and_then(|member| member.value.as_str())
}

/// What the filter says a field is equal to, as one of conditions that all hold.
fn equal(filter: &str, field: &str) -> Option<String> {
    if filter.contains("||") || filter.contains('(') {
        return None;
    }
    let value =
        filter.split("&&").find_map(|part| part.trim().strip_prefix(field)?.trim().strip_prefix("=="))?;
    let value = value.trim();
    let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    value.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_a_province_only_where_it_must_be_that_one() {
        let field = "account.province";
        for (filter, expected) in [
            ("account.province == \"广东\"", Some("广东")),
            ("channel != null && account.province=='广东省'", Some("广东省")),
            ("account.province == \"广东\" || channel == \"store\"", None),
            ("!(account.province == \"广东\")", None),
            ("account.province != \"广东\"", None),
            ("account.provinces == \"广东\"", None),
            ("", None),
        ] {
            assert_eq!(equal(filter, field).as_deref(), expected, "{filter}");
        }
    }
}
