//! Provinces, cities and countries by the names people write: 广东, 广东省, 廣東省, Guangdong. The tables are those of the maps
//! (`crates/web/assets/maps.mjs`; a test there holds them together): code (GB/T 2260, ISO 3166), name on the map, English name, other names.

use std::{collections::HashMap, sync::LazyLock};

/// What a field of that name holds, from coarse to fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Country,
    Province,
    City,
}

impl Level {
    const ALL: [(Level, &str); 3] =
        [(Level::Country, "country"), (Level::Province, "province"), (Level::City, "city")];

    /// Of a dimension like `account.province`.
    pub fn of(dimension: &str) -> Option<Level> {
        let field = dimension.rsplit('.').next()?;
        Level::ALL.iter().find(|(_, name)| *name == field).map(|(level, _)| *level)
    }
}

/// The dimension beside `dimension` that holds the level.
pub fn beside(dimension: &str, level: Level) -> Option<String> {
    let (_, name) = Level::ALL.iter().find(|(known, _)| *known == level)?;
    Some(named_beside(dimension, name))
}

fn named_beside(dimension: &str, name: &str) -> String {
    match dimension.rsplit_once('.') {
        Some((record, _)) => format!("{record}.{name}"),
        None => name.to_owned(),
    }
}

/// The finest place, which no map shows.
const POSTCODE: &str = "postcode";

/// The next finer one: of `account.province`, `account.city`; of that, `account.postcode`.
pub fn finer(dimension: &str) -> Option<String> {
    match Level::of(dimension)? {
        Level::Country => beside(dimension, Level::Province),
        Level::Province => beside(dimension, Level::City),
        Level::City => Some(named_beside(dimension, POSTCODE)),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    pub code: &'static str,
    /// As the map calls it.
    pub zh: &'static str,
    pub en: &'static str,
}

pub struct Table {
    pub regions: Vec<Region>,
    /// Places in `regions` by name; a few cities share one.
    by_name: HashMap<String, Vec<usize>>,
}

fn read(text: &'static str) -> Table {
    let mut table = Table { regions: vec![], by_name: HashMap::new() };
    for line in text.lines().skip(1) {
        let mut parts = line.split(',');
        let mut part = || parts.next().unwrap_or_default();
        let (region, others) = (Region { code: part(), zh: part(), en: part() }, part());
        let names = [region.code, region.zh, region.en].into_iter().chain(others.split('|'));
        for name in names.filter(|name| !name.is_empty()) {
            let plain = plain(name);
            for name in [stem(&plain).to_owned(), plain] {
                let known = table.by_name.entry(name).or_default();
                if known.last() != Some(&table.regions.len()) {
                    known.push(table.regions.len());
                }
            }
        }
        table.regions.push(region);
    }
    table
}

pub static COUNTRIES: LazyLock<Table> = LazyLock::new(|| read(include_str!("countries.csv")));
pub static PROVINCES: LazyLock<Table> = LazyLock::new(|| read(include_str!("provinces.csv")));
pub static CITIES: LazyLock<Table> = LazyLock::new(|| read(include_str!("cities.csv")));

impl Table {
    /// Every region that is written so; more than one where several share the name.
    pub fn find(&'static self, written: &str) -> impl Iterator<Item = &'static Region> + use<> {
        let plain = plain(written);
        let once = stem(&plain);
        let found = [plain.as_str(), once, stem(once)].into_iter().find_map(|name| self.by_name.get(name));
        found.into_iter().flatten().filter_map(|at| self.regions.get(*at))
    }

    /// The one region that is written so.
    pub fn only(&'static self, written: &str) -> Option<&'static Region> {
        let mut found = self.find(written);
        found.next().filter(|_| found.next().is_none())
    }
}

/// Traditional letters of place names before their simplified ones.
const SIMPLIFIED: &str = "內内區区縣县東东廣广蘇苏遼辽寧宁陝陕貴贵雲云龍龙臺台灣湾門门慶庆肅肃壯壮爾尔漢汉瀋沈陽阳濟济煙烟\
    鄭郑蘭兰長长連连島岛溫温紹绍興兴錫锡鎮镇無无馬马蕪芜銅铜廈厦韶韶關关莞莞揚扬鹽盐徐徐開开營营錦锦撫抚順顺齊齐鶴鹤雞鸡\
    綏绥黃黄岡冈襄襄隨随邁迈樂乐會会濰潍棗枣濱滨聊聊臨临萊莱澤泽國国韓韩緬缅蘿萝倫伦羅罗亞亚納纳維维";

/// Small letters and digits alone, without accents, simplified.
fn plain(written: &str) -> String {
    let letters = written.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.map(simplified).collect()
}

fn simplified(letter: char) -> char {
    match letter {
        'à'..='å' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        _ => {
            let mut pairs = SIMPLIFIED.chars();
            while let (Some(old), Some(new)) = (pairs.next(), pairs.next()) {
                if old == letter {
                    return new;
                }
            }
            letter
        }
    }
}

/// What kind of region it is, as it stands behind its name; the longer before the shorter.
const KINDS: [&str; 24] = [
    "特别行政区",
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "林区",
    "省",
    "市",
    "盟",
    "州",
    "县",
    "zhuangautonomousregion",
    "huiautonomousregion",
    "uygurautonomousregion",
    "uyghurautonomousregion",
    "autonomousregion",
    "specialadministrativeregion",
    "municipality",
    "province",
    "prefecture",
    "city",
];

/// Peoples an autonomous prefecture is named after, behind its place.
const PEOPLES: [&str; 19] = [
    "土家族",
    "布依族",
    "哈尼族",
    "景颇族",
    "傈僳族",
    "朝鲜族",
    "蒙古族",
    "柯尔克孜",
    "哈萨克",
    "蒙古",
    "苗族",
    "侗族",
    "藏族",
    "羌族",
    "彝族",
    "回族",
    "傣族",
    "白族",
    "黎族",
];

/// Without the last word for what kind of region it is.
fn stem(plain: &str) -> &str {
    fn without<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
        words.iter().find_map(|word| text.strip_suffix(word)).filter(|rest| !rest.is_empty())
    }
    let Some(mut rest) = without(plain, &KINDS) else { return plain };
    let of_people = ["自治州", "自治县"].iter().any(|kind| plain.ends_with(kind));
    while let Some(shorter) = without(rest, &PEOPLES).filter(|_| of_people) {
        rest = shorter;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn province(written: &str) -> Option<&'static str> {
        PROVINCES.only(written).map(|region| region.en)
    }

    #[test]
    fn provinces_are_known_however_they_are_written() {
        for (written, expected) in [
            ("广东", "Guangdong"),
            ("广东省", "Guangdong"),
            (" 廣東省 ", "Guangdong"),
            ("GUANGDONG", "Guangdong"),
            ("Guangdong Province", "Guangdong"),
            ("440000", "Guangdong"),
            ("北京市", "Beijing"),
            ("內蒙古自治区", "Inner Mongolia"),
            ("内蒙古", "Inner Mongolia"),
            ("Nei Mongol", "Inner Mongolia"),
            ("广西壮族自治区", "Guangxi"),
            ("Guangxi Zhuang Autonomous Region", "Guangxi"),
            ("宁夏回族自治区", "Ningxia"),
            ("新疆维吾尔自治区", "Xinjiang"),
            ("香港特别行政区", "Hong Kong"),
            ("Macau", "Macao"),
            ("臺灣省", "Taiwan"),
            ("陕西", "Shaanxi"),
            ("山西", "Shanxi"),
        ] {
            assert_eq!(province(written), Some(expected), "{written}");
        }
        for unknown in ["", "省", "California", "广东广西", "Guang"] {
            assert_eq!(province(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn cities_are_known_with_and_without_what_they_are() {
        let city = |written: &str| CITIES.find(written).map(|region| region.code).collect::<Vec<_>>();
        for (written, code) in [
            ("广州", "440100"),
            ("广州市", "440100"),
            ("廣州", "440100"),
            ("Guangzhou City", "440100"),
            ("西安", "610100"),
            ("Xi’an", "610100"),
            ("Ürümqi", "650100"),
            ("临夏州", "622900"),
            ("延边朝鲜族自治州", "222400"),
            ("延边", "222400"),
            ("阿里", "542500"),
            ("莱芜", "370100"),
            ("锡林郭勒盟", "152500"),
            ("徐州", "320300"),
        ] {
            assert_eq!(city(written), [code], "{written}");
        }
        assert_eq!(city("Suzhou"), ["320500", "341300"], "苏州 and 宿州");
        assert_eq!(city("Osaka"), Vec::<&str>::new());
    }

    #[test]
    fn countries_are_known_by_their_names_and_codes() {
        let country = |written: &str| COUNTRIES.only(written).map(|region| region.code);
        for (written, code) in [
            ("中国", "CN"),
            ("China", "CN"),
            ("P.R.C.", "CN"),
            ("中国台湾", "CN"),
            ("USA", "US"),
            ("United States of America", "US"),
            ("日本", "JP"),
            ("jp", "JP"),
            ("The Netherlands", "NL"),
            ("Côte d'Ivoire", "CI"),
        ] {
            assert_eq!(country(written), Some(code), "{written}");
        }
        assert_eq!(country("Atlantis"), None);
    }

    #[test]
    fn only_cities_share_names() {
        for table in [&*COUNTRIES, &*PROVINCES] {
            for (name, at) in &table.by_name {
                assert_eq!(
                    at.len(),
                    1,
                    "{name}: {:?}",
                    at.iter().map(|at| &table.regions[*at]).collect::<Vec<_>>()
                );
            }
        }
        assert!(COUNTRIES.regions.len() > 200 && PROVINCES.regions.len() == 34 && CITIES.regions.len() > 300);
    }

    #[test]
    fn a_dimension_is_known_by_its_field() {
        assert_eq!(Level::of("account.parent_account.province"), Some(Level::Province));
        assert_eq!((Level::of("account.name"), Level::of("city")), (None, Some(Level::City)));
        assert_eq!(finer("account.province").as_deref(), Some("account.city"));
        assert_eq!(finer("account.city").as_deref(), Some("account.postcode"));
        assert_eq!((finer("account.postcode"), finer("product")), (None, None));
    }
}
