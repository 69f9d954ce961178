//! What is asked of who declares a field or an entity.

use meta::{Entity, Field, boolean, choice, integer, long_text, text};

/// Digits after the point where nothing is said.
pub(super) const DECIMALS: u32 = 2;

const KINDS: [(&str, &str, &str, &str); 14] = [
    ("text", "Text", "文本", "grey"),
    ("long_text", "Long text", "长文本", "grey"),
    ("choice", "Choice", "选项", "purple"),
    ("bool", "Yes or no", "是/否", "purple"),
    ("integer", "Whole number", "整数", "blue"),
    ("decimal", "Decimal number", "小数", "blue"),
    ("money", "Amount of money", "金额", "blue"),
    ("percent", "Percentage", "百分比", "blue"),
    ("date", "Date", "日期", "green"),
    ("instant", "Date and time", "日期时间", "green"),
    ("email", "E-mail", "邮箱", "grey"),
    ("phone", "Phone", "电话", "grey"),
    ("url", "Web address", "网址", "grey"),
    ("reference", "Reference to a record", "引用记录", "orange"),
];

fn name() -> Field {
    text("name").label("Name", "名称").searched().indexed().in_example().help(
        "In addresses, files and the API; it begins with x_. Left empty it is made from the English label.",
        "用于网址、文件和接口，以 x_ 开头；不填则由英文标签生成。",
    )
}

fn english(of: &str, label: &str, zh: &str) -> Field {
    text(&format!("english_{of}")).label(label, zh)
}

fn chinese(of: &str, label: &str, zh: &str) -> Field {
    text(&format!("chinese_{of}")).label(label, zh)
}

pub(super) fn custom_entity() -> Entity {
    Entity::new("custom_entity")
        .labels("Custom entity", "Custom entities", "自定义对象")
        .icon("box")
        .hint(
            "Things your company keeps records of that the program does not know: vehicles, projects, contracts. Their fields are added under “Custom fields”.",
            "本系统没有而贵公司需要记录的对象：车辆、项目、合同等。其字段在“自定义字段”中添加。",
        )
        .field(chinese("label", "Chinese label", "中文名称").in_example())
        .field(english("label", "English label", "英文名称").in_example())
        .field(english("plural", "English plural", "英文复数"))
        .field(name())
        .field(chinese("hint", "What belongs here (Chinese)", "说明（中文）"))
        .field(english("hint", "What belongs here (English)", "说明（英文）"))
        .list(["name", "chinese_label", "english_label"])
        .sort("name")
        .open()
        .admin_only()
}

pub(super) fn custom_field() -> Entity {
    let storage = |field: Field| field.section("How it is kept", "如何保存");
    Entity::new("custom_field")
        .labels("Custom field", "Custom fields", "自定义字段")
        .icon("forms")
        .hint(
            "Fields your company adds to customers, orders or anything else. They appear in forms, lists, filters, files, the API and the analysis within seconds.",
            "贵公司为客户、订单等添加的字段，数秒内即出现在表单、列表、筛选、导入导出、接口和分析中。",
        )
        .field(choice("entity", &[]).label("Field of", "所属对象").required().indexed())
        .field(chinese("label", "Chinese label", "中文标签").in_example())
        .field(english("label", "English label", "英文标签").in_example())
        .field(choice("kind", &KINDS).label("Kind", "类型").required().default_value("text"))
        .field(long_text("choices").label("Choices", "选项").help(
            "One a line: value | English | Chinese, for example gold | Gold | 金牌. Only of a choice.",
            "每行一个：值 | 英文 | 中文，例如 gold | Gold | 金牌。仅用于“选项”类型。",
        ))
        .field(choice("target", &[]).label("Refers to", "引用对象").help("Only of a reference.", "仅用于“引用记录”类型。"))
        .field(integer("decimals").label("Decimals", "小数位数").help(
            "0 to 8, usually 2. Only of a decimal number.",
            "0 至 8，一般为 2。仅用于“小数”类型。",
        ))
        .field(text("bands").label("Bands", "分段").help(
            "First number of each band, for example 1, 10, 50: less than 1, 1–9, 10–49, 50 or more. Figures are cut by them. Only of a whole number.",
            "每段的起始数值，例如 1, 10, 50 表示：不足 1、1–9、10–49、50 及以上；用于分析时分组。仅用于“整数”类型。",
        ))
        .field(name())
        .field(chinese("help", "Help (Chinese)", "填写说明（中文）"))
        .field(english("help", "Help (English)", "填写说明（英文）"))
        .field(storage(boolean("unique").label("Unique", "不可重复").default_value(false)))
        .field(storage(boolean("indexed").label("For filters and sorting", "用于筛选和排序").default_value(true)))
        .field(storage(boolean("searched").label("Found by search", "可被搜索").default_value(false)))
        .field(storage(boolean("personal").label("Personal data", "个人信息").default_value(false).help(
            "An erasure takes it away, and nothing is counted by it.",
            "删除个人信息时一并清除，且不用于统计分组。",
        )))
        .list(["name", "entity", "kind", "chinese_label", "english_label"])
        .sort("name")
        .open()
        .admin_only()
}
