//! Names put together from our own lists of syllables and words; whoever is really called so is meant by nobody.

use super::chance::Chance;

const SURNAMES: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹", "彭", "曾", "肖", "田",
    "董", "潘", "袁", "蔡", "蒋", "余",
];
const FEMALE: [&str; 16] =
    ["芳", "敏", "静", "丽", "娟", "婷", "雪", "慧", "兰", "燕", "玲", "琳", "颖", "萍", "欣怡", "晓雯"];
const MALE: [&str; 16] =
    ["伟", "强", "磊", "军", "勇", "杰", "涛", "明", "刚", "鹏", "志远", "建国", "海峰", "俊", "文博", "浩"];
const MIDDLE: [&str; 12] = ["", "", "", "", "小", "晓", "海", "春", "玉", "志", "文", "国"];

const BRAND_FIRST: [&str; 24] = [
    "海", "金", "瑞", "鑫", "绿", "丰", "恒", "华", "盛", "嘉", "新", "天", "安", "宏", "康", "百", "永",
    "同", "富", "东", "明", "和", "利", "长",
];
const BRAND_SECOND: [&str; 24] = [
    "果", "源", "达", "丰", "泰", "润", "兴", "隆", "益", "信", "味", "农", "通", "诚", "乐", "佳", "禾",
    "顺", "洋", "田", "林", "园", "德", "谷",
];

const ENGLISH_FIRST: [&str; 20] = [
    "Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Iris", "Jack", "Karin", "Liam",
    "Mia", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tara", "Viktor",
];
const ENGLISH_LAST: [&str; 20] = [
    "Alder", "Brook", "Carver", "Dale", "Everhart", "Fielding", "Garner", "Holm", "Ives", "Keller", "Lindt",
    "Marsh", "Norling", "Oakes", "Pell", "Quist", "Rowe", "Stone", "Thorne", "Vance",
];
const ENGLISH_BRAND: [&str; 24] = [
    "Northfield",
    "Riverbend",
    "Sunvale",
    "Harbour",
    "Greenmark",
    "Orchard",
    "Bluewater",
    "Silverleaf",
    "Eastgate",
    "Meadow",
    "Kingsway",
    "Redhill",
    "Westport",
    "Goldcrest",
    "Fairview",
    "Stonebridge",
    "Larkfield",
    "Maple",
    "Seabright",
    "Highland",
    "Oakridge",
    "Clearbrook",
    "Pinewood",
    "Springfield",
];

pub struct Person {
    pub name: String,
    pub female: bool,
}

pub fn chinese_person(chance: &mut Chance) -> Person {
    let female = chance.happens(0.48);
    let given = chance.pick(if female { &FEMALE } else { &MALE });
    let middle = if given.chars().count() > 1 { "" } else { chance.pick(&MIDDLE) };
    Person { name: format!("{}{middle}{given}", chance.pick(&SURNAMES)), female }
}

pub fn english_person(chance: &mut Chance) -> Person {
    let first = chance.below(ENGLISH_FIRST.len());
    let female = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18].contains(&first);
    Person { name: format!("{} {}", ENGLISH_FIRST[first], chance.pick(&ENGLISH_LAST)), female }
}

pub fn chinese_brand(chance: &mut Chance) -> String {
    let first = chance.pick(&BRAND_FIRST);
    let mut second = chance.pick(&BRAND_SECOND);
    if second == first {
        second = "瑞";
    }
    format!("{first}{second}")
}

pub fn english_brand(chance: &mut Chance) -> &'static str {
    chance.pick(&ENGLISH_BRAND)
}

/// Numbers from blocks that are given to nobody or set aside for fiction.
pub fn phone(chance: &mut Chance, country: &str) -> String {
    let drawn = chance.below(100_000);
    let digits = drawn % 10_000;
    match country {
        "中国" => format!("+86190000{drawn:05}"),
        "United Kingdom" => format!("+447700900{:03}", digits % 1_000),
        "United States" => format!("+1202555{:04}", 100 + digits % 100),
        "Germany" => format!("+4930234{:05}", 50_000 + digits),
        "Japan" => format!("+81300000{digits:04}"),
        "Netherlands" => format!("+31200000{digits:04}"),
        "Thailand" => format!("+6620000{digits:04}"),
        "Indonesia" => format!("+62210000{digits:04}"),
        "Philippines" => format!("+6320000{digits:04}"),
        _ => format!("+650000{digits:04}"),
    }
}
