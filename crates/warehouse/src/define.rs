//! What a column means: the help of the field it is read from, or what the metadata says of a field without one.

use engine::Registry;
use meta::{Entity, Field, Kind, Label, label};

/// Of the field of an entity, in both languages, never empty.
pub(crate) fn field(registry: &Registry, entity: &str, field: &Field) -> Label {
    let of = registry.entity(entity).map_or_else(|_| label(entity, entity), |entity| entity.label.clone());
    if let Some(help) = field.help.as_ref().filter(|help| !help.en.is_empty() && !help.zh.is_empty()) {
        return help.clone();
    }
    let (what_en, what_zh) = (&field.label.en, &field.label.zh);
    let of_en = in_sentence(&of.en);
    let own = |en: &str, zh: &str| {
        let en = format!("“{what_en}” of the {of_en}{en}");
        label(format!("{en}{}", kept_en(field)), format!("{}的“{what_zh}”{zh}{}", of.zh, kept_zh(field)))
    };
    match &field.kind {
        Kind::Choice(choices) => {
            let en: Vec<&str> = choices.iter().map(|choice| choice.label.en.as_str()).collect();
            let zh: Vec<&str> = choices.iter().map(|choice| choice.label.zh.as_str()).collect();
            own(&format!(": one of {}", en.join(", ")), &format!("，取值：{}", zh.join("、")))
        }
        Kind::Reference { entity: target } => {
            let target = registry
                .entity(target)
                .map_or_else(|_| label(target.as_str(), target.as_str()), |entity| entity.label.clone());
            own(
                &format!(": the id of a record of {}", in_sentence(&target.en)),
                &format!("，为{}记录的标识", target.zh),
            )
        }
        Kind::Money if field.company_currency => own(", in the company's currency", "，以本位币计"),
        Kind::Money => own(", in the currency of the record", "，以单据币种计"),
        Kind::Percent => own(", a share: 0.15 is 15 %", "，比例，0.15 即 15%"),
        Kind::Integer => own(", a whole number", "，整数"),
        Kind::Decimal { .. } => own(", a number", "，数值"),
        Kind::Bool => own(": yes or no", "：是或否"),
        Kind::Date => own(", a day", "，日期"),
        Kind::Instant => own(", a moment in UTC", "，UTC 时刻"),
        Kind::Text { .. } | Kind::LongText | Kind::Email | Kind::Phone | Kind::Url | Kind::Json => {
            own("", "")
        }
    }
}

fn kept_en(field: &Field) -> &'static str {
    if field.computed { "; kept by the program." } else { ", as it was entered." }
}

fn kept_zh(field: &Field) -> &'static str {
    if field.computed { "，由系统维护。" } else { "，以录入内容为准。" }
}

/// The id of a row's own record.
pub(crate) fn id(entity: &Entity) -> Label {
    label(
        format!(
            "The id of the {}, the same as in its address and in the API.",
            in_sentence(&entity.label.en)
        ),
        format!("{}记录的标识，与网址和接口中的一致。", entity.label.zh),
    )
}

/// The number of a record in the warehouse.
pub(crate) fn key(target: &Label) -> Label {
    label(
        format!(
            "The number of the {} in this warehouse: joins (on its column “key”) and groups by it are several times faster than by the id.",
            in_sentence(&target.en)
        ),
        format!("{}在本数据仓库中的编号，用于与其“key”列连接或分组，比用标识快数倍。", target.zh),
    )
}

/// Of a dimension whose members are records: the help of the field that refers to them, or what they are.
pub(crate) fn record(field: Option<&Field>, entity: &Entity) -> Label {
    let help =
        field.filter(|field| field.target() == Some(&*entity.name)).and_then(|field| field.help.clone());
    help.unwrap_or_else(|| {
        label(
            format!("Each {} by itself, under its name.", in_sentence(&entity.label.en)),
            format!("每条{}记录单独列出，以名称显示。", entity.label.zh),
        )
    })
}

/// A name within a sentence: “Order line” is “order line”, “SKU” stays.
pub(crate) fn in_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}
