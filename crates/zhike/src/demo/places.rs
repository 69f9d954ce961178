//! Where customers are.

/// City, province, first digits of its postcodes, how many customers come from there.
pub const CHINESE: [((&str, &str, u32), f64); 18] = [
    (("烟台", "山东省", 2640), 12.0),
    (("青岛", "山东省", 2660), 12.0),
    (("济南", "山东省", 2500), 8.0),
    (("北京", "北京市", 1000), 10.0),
    (("上海", "上海市", 2000), 12.0),
    (("广州", "广东省", 5100), 10.0),
    (("深圳", "广东省", 5180), 7.0),
    (("杭州", "浙江省", 3100), 6.0),
    (("南京", "江苏省", 2100), 6.0),
    (("苏州", "江苏省", 2150), 4.0),
    (("成都", "四川省", 6100), 5.0),
    (("重庆", "重庆市", 4000), 4.0),
    (("武汉", "湖北省", 4300), 5.0),
    (("西安", "陕西省", 7100), 4.0),
    (("郑州", "河南省", 4500), 4.0),
    (("沈阳", "辽宁省", 1100), 4.0),
    (("大连", "辽宁省", 1160), 5.0),
    (("厦门", "福建省", 3610), 3.0),
];

/// Country, city, currency, how many customers come from there.
pub const FOREIGN: [((&str, &str, &str), f64); 10] = [
    (("Japan", "Osaka", "JPY"), 10.0),
    (("Japan", "Tokyo", "JPY"), 8.0),
    (("Singapore", "Singapore", "USD"), 8.0),
    (("Thailand", "Bangkok", "USD"), 8.0),
    (("Indonesia", "Jakarta", "USD"), 7.0),
    (("United States", "Seattle", "USD"), 6.0),
    (("United Kingdom", "Felixstowe", "GBP"), 6.0),
    (("Germany", "Hamburg", "EUR"), 8.0),
    (("Netherlands", "Rotterdam", "EUR"), 7.0),
    (("Philippines", "Manila", "USD"), 6.0),
];

pub const STREETS: [&str; 12] = [
    "人民路",
    "解放路",
    "中山路",
    "建设街",
    "文化路",
    "海港路",
    "果园路",
    "工业一路",
    "和平街",
    "新华路",
    "长江路",
    "幸福路",
];
pub const FOREIGN_STREETS: [&str; 8] = [
    "Harbour Road",
    "Market Street",
    "Station Road",
    "Quay Street",
    "Dock Lane",
    "Mill Road",
    "Park Avenue",
    "Cold Store Way",
];
