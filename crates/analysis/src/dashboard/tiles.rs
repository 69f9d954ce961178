//! The tiles of a dashboard, and the filters all of them share.

use crate::explore::{Pairs, View};
use engine::{Error, Result};
use meta::{Id, Record, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Each is a question asked; nobody reads more at once.
pub const TILES_LIMIT: usize = 24;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    Third,
    #[default]
    Half,
    Full,
}

impl Width {
    pub const ALL: [Width; 3] = [Width::Third, Width::Half, Width::Full];

    pub fn name(self) -> &'static str {
        match self {
            Width::Third => "third",
            Width::Half => "half",
            Width::Full => "full",
        }
    }
    pub fn parse(text: &str) -> Option<Width> {
        Width::ALL.into_iter().find(|width| width.name() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tile {
    pub question: Id,
    #[serde(default)]
    pub width: Width,
}

/// Refuses, on `tiles`, what is no list of tiles.
pub fn read(tiles: &Json) -> Result<Vec<Tile>> {
    // The API's example of JSON is an empty object: no tiles.
    if tiles.is_null() || *tiles == serde_json::json!({}) {
        return Ok(vec![]);
    }
    let read: Vec<Tile> = serde_json::from_value(tiles.clone()).map_err(|error| {
        Error::rule("tiles", format!("are no tiles: {error}"), format!("不是有效的卡片列表：{error}"))
    })?;
    if read.len() > TILES_LIMIT {
        return Err(Error::rule(
            "tiles",
            format!("are more than {TILES_LIMIT}: make a second dashboard"),
            format!("超过 {TILES_LIMIT} 个，请另建一个仪表板"),
        ));
    }
    Ok(read)
}

pub fn tiles_of(dashboard: &Record) -> Result<Vec<Tile>> {
    match dashboard.get("tiles") {
        Value::Json(tiles) => read(tiles),
        _ => Ok(vec![]),
    }
}

/// Period, comparison and condition in the address, laid over every tile's own question.
#[derive(Clone, Debug, Default)]
pub struct Filters(View);

impl Filters {
    pub fn read(pairs: &Pairs) -> (Filters, Vec<(&'static str, Error)>) {
        let kept = ["period", "from", "to", "compare", "filter"];
        let pairs: Pairs = pairs.iter().filter(|(name, _)| kept.contains(&name.as_str())).cloned().collect();
        let (view, found) = View::read(&pairs);
        (Filters(view), found)
    }

    pub fn view(&self) -> &View {
        &self.0
    }

    pub fn query(&self) -> String {
        self.0.query()
    }

    /// A tile's question as it is asked here.
    pub fn over(&self, mut view: View) -> View {
        let common = &self.0.question;
        if common.period.is_some() {
            view.question.period = common.period;
        }
        if common.compare.is_some() && view.question.period.is_some() {
            view.question.compare = common.compare;
        }
        view.question.filter = match (view.question.filter.as_str(), common.filter.as_str()) {
            (own, "") => own.to_owned(),
            ("", common) => common.to_owned(),
            (own, common) => format!("({own}) && ({common})"),
        };
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_of_the_page_are_laid_over_a_tiles_own() {
        let pairs = |address: &[(&str, &str)]| -> Pairs {
            address.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let (own, _) =
            View::read(&pairs(&[("m", "sales"), ("period", "last_year"), ("filter", "a == 1 || b == 2")]));
        let (none, _) = Filters::read(&pairs(&[("m", "orders")]));
        assert_eq!(none.over(own.clone()), own);
        let (filters, found) =
            Filters::read(&pairs(&[("period", "this_month"), ("compare", "previous"), ("filter", "c == 3")]));
        assert!(found.is_empty());
        let asked = filters.over(own);
        assert_eq!(asked.question.filter, "(a == 1 || b == 2) && (c == 3)");
        assert_eq!(
            asked.query(),
            "m=sales&period=this_month&compare=previous&filter=%28a%20%3D%3D%201%20%7C%7C%20b%20%3D%3D%202%29%20%26%26%20%28c%20%3D%3D%203%29"
        );
    }

    #[test]
    fn what_is_no_tile_is_refused() {
        let id = "01970000-0000-7000-8000-000000000001";
        assert_eq!(read(&json!([{ "question": id }])).unwrap()[0].width, Width::Half);
        assert!(read(&json!([{ "question": id, "width": "huge" }])).is_err());
        assert!(read(&json!(["x"])).is_err());
        assert!(read(&json!(vec![json!({ "question": id }); TILES_LIMIT + 1])).is_err());
    }
}
