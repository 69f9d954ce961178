//! What the made-up company sells: fruit and vegetables from its cold stores, and household appliances.

/// Code, name, parent's code.
pub const CATEGORIES: [(&str, &str, &str); 12] = [
    ("produce", "果蔬 Produce", ""),
    ("apples", "苹果 Apples", "produce"),
    ("pears", "梨 Pears", "produce"),
    ("cherries", "樱桃与浆果 Cherries and berries", "produce"),
    ("vegetables", "蔬菜 Vegetables", "produce"),
    ("processed", "加工品 Processed fruit", "produce"),
    ("appliances", "家用电器 Appliances", ""),
    ("cooling", "冰箱冷柜 Cooling", "appliances"),
    ("kitchen", "厨房电器 Kitchen", "appliances"),
    ("video", "影音 Video and sound", "appliances"),
    ("care", "生活电器 Home care", "appliances"),
    ("gifts", "礼盒 Gift boxes", ""),
];

pub struct Article {
    pub code: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    pub unit: &'static str,
    pub price: f64,
    /// Share of the price.
    pub cost: f64,
}

const fn a(
    code: &'static str,
    name: &'static str,
    category: &'static str,
    unit: &'static str,
    price: f64,
    cost: f64,
) -> Article {
    Article { code, name, category, unit, price, cost }
}

pub const ARTICLES: [Article; 48] = [
    a("AP-080", "红富士苹果 80# Fuji apple 80", "apples", "箱", 96.0, 0.76),
    a("AP-075", "红富士苹果 75# Fuji apple 75", "apples", "箱", 84.0, 0.78),
    a("AP-070", "红富士苹果 70# Fuji apple 70", "apples", "箱", 68.0, 0.81),
    a("AP-GAL", "嘎啦苹果 Gala apple", "apples", "箱", 72.0, 0.77),
    a("AP-GRN", "青苹果 Green apple", "apples", "箱", 88.0, 0.74),
    a("AP-ORG", "有机富士 Organic Fuji", "apples", "箱", 158.0, 0.66),
    a("PE-LAI", "莱阳梨 Laiyang pear", "pears", "箱", 74.0, 0.75),
    a("PE-YAL", "鸭梨 Ya pear", "pears", "箱", 52.0, 0.80),
    a("PE-GOL", "黄金梨 Golden pear", "pears", "箱", 92.0, 0.73),
    a("PE-WES", "西洋梨 Western pear", "pears", "箱", 118.0, 0.70),
    a("CH-RED", "大樱桃 Sweet cherry", "cherries", "箱", 260.0, 0.68),
    a("CH-GFT", "特级樱桃 Premium cherry", "cherries", "箱", 420.0, 0.62),
    a("CH-BLU", "蓝莓 Blueberry", "cherries", "箱", 180.0, 0.70),
    a("CH-STR", "草莓 Strawberry", "cherries", "箱", 130.0, 0.75),
    a("CH-GRP", "葡萄 Table grape", "cherries", "箱", 98.0, 0.74),
    a("VE-GAR", "大蒜 Garlic", "vegetables", "袋", 86.0, 0.83),
    a("VE-GIN", "生姜 Ginger", "vegetables", "袋", 110.0, 0.80),
    a("VE-ONI", "洋葱 Onion", "vegetables", "袋", 38.0, 0.84),
    a("VE-CAR", "胡萝卜 Carrot", "vegetables", "箱", 36.0, 0.82),
    a("VE-CAB", "甘蓝 Cabbage", "vegetables", "箱", 28.0, 0.85),
    a("VE-BRO", "西兰花 Broccoli", "vegetables", "箱", 64.0, 0.79),
    a("VE-SPI", "速冻菠菜 Frozen spinach", "vegetables", "箱", 92.0, 0.72),
    a("PR-JUI", "浓缩苹果汁 Apple juice concentrate", "processed", "桶", 2180.0, 0.71),
    a("PR-CHI", "苹果脆片 Apple crisps", "processed", "箱", 210.0, 0.58),
    a("PR-DRY", "果干 Dried fruit", "processed", "箱", 260.0, 0.60),
    a("PR-CAN", "黄桃罐头 Canned peaches", "processed", "箱", 96.0, 0.66),
    a("CO-FR2", "双门冰箱 Fridge 2 doors", "cooling", "台", 2399.0, 0.72),
    a("CO-FR4", "对开门冰箱 Fridge 4 doors", "cooling", "台", 4899.0, 0.68),
    a("CO-MIN", "小冰箱 Mini fridge", "cooling", "台", 799.0, 0.75),
    a("CO-CH3", "商用冷柜 300L Chest freezer 300 l", "cooling", "台", 1999.0, 0.74),
    a("CO-DIS", "展示柜 Display cooler", "cooling", "台", 5600.0, 0.70),
    a("KI-RIC", "电饭煲 Rice cooker", "kitchen", "台", 399.0, 0.64),
    a("KI-KET", "电水壶 Kettle", "kitchen", "台", 129.0, 0.60),
    a("KI-MIC", "微波炉 Microwave oven", "kitchen", "台", 599.0, 0.70),
    a("KI-JUI", "榨汁机 Juicer", "kitchen", "台", 299.0, 0.58),
    a("KI-DIS", "洗碗机 Dishwasher", "kitchen", "台", 3299.0, 0.67),
    a("KI-HOB", "电磁炉 Induction hob", "kitchen", "台", 359.0, 0.66),
    a("VI-TV5", "55 寸电视 Television 55", "video", "台", 2799.0, 0.82),
    a("VI-TV7", "75 寸电视 Television 75", "video", "台", 5499.0, 0.80),
    a("VI-REC", "录像机 Video recorder", "video", "台", 1299.0, 0.74),
    a("VI-SND", "音响 Sound bar", "video", "台", 899.0, 0.65),
    a("CA-WAS", "洗衣机 Washing machine", "care", "台", 2199.0, 0.73),
    a("CA-VAC", "吸尘器 Vacuum cleaner", "care", "台", 699.0, 0.62),
    a("CA-AIR", "空气净化器 Air purifier", "care", "台", 1599.0, 0.60),
    a("CA-FAN", "电风扇 Fan", "care", "台", 199.0, 0.68),
    a("GI-APP", "苹果礼盒 Apple gift box", "gifts", "盒", 128.0, 0.55),
    a("GI-CHE", "樱桃礼盒 Cherry gift box", "gifts", "盒", 268.0, 0.56),
    a("GI-MIX", "水果礼篮 Fruit basket", "gifts", "篮", 198.0, 0.52),
];
