//! Words of other systems for states, reasons, channels and kinds of customers, English and Chinese.

type Words = &'static [(&'static str, &'static [&'static str])];

const STATUS: Words = &[
    ("draft", &["draft", "unpaid", "awaiting payment", "待付款", "未付款", "草稿"]),
    ("confirmed", &["confirmed", "processing", "open", "待发货", "处理中", "已确认", "已下单"]),
    ("shipped", &["shipped", "in transit", "dispatched", "已发货", "运输中", "待收货"]),
    (
        "completed",
        &["complete", "delivered", "paid", "closed", "success", "完成", "成功", "签收", "已付款", "已收货"],
    ),
];
/// Looked for first: “已取消（未付款）” is cancelled, “退款成功” is a return.
const CANCELLED: &[&str] = &["cancel", "void", "取消", "作废", "交易关闭"];
const RETURNED: &[&str] = &["return", "refund", "退货", "退款", "已退"];
const NOT_RETURNED: &[&str] =
    &["non-return", "not return", "no refund", "no return", "未退", "无退", "没有退"];

const REASON: Words = &[
    ("damaged", &["damage", "broken", "破损", "损坏"]),
    ("quality", &["quality", "defect", "faulty", "fault", "质量", "瑕疵", "缺陷", "次品"]),
    ("wrong_item", &["wrong item", "wrong product", "wrong article", "发错", "错发", "漏发"]),
    ("wrong_information", &["not as described", "wrong information", "描述不符", "与描述", "介绍"]),
    ("late", &["late", "delay", "延误", "太慢", "超时"]),
    ("changed_mind", &["changed mind", "no longer", "not wanted", "不想要", "不喜欢", "拍错", "七天", "7天"]),
    ("price", &["price", "credit", "价格", "差价", "调价"]),
    ("cancelled", &["cancel", "取消"]),
];

const CHANNEL: Words = &[
    ("sales_rep", &["sales rep", "field", "direct", "业务员", "直销"]),
    (
        "online",
        &[
            "online",
            "web",
            "internet",
            "e-commerce",
            "shopify",
            "amazon",
            "tmall",
            "taobao",
            "网",
            "淘宝",
            "天猫",
            "京东",
            "拼多多",
            "抖音",
            "线上",
            "电商",
        ],
    ),
    ("store", &["store", "shop", "retail", "门店", "线下", "店"]),
    ("phone", &["phone", "call", "电话"]),
    ("dealer", &["dealer", "distributor", "wholesale", "reseller", "经销", "代理", "批发"]),
    ("fair", &["fair", "exhibition", "展"]),
];

const PERSON: &[&str] =
    &["consumer", "individual", "personal", "person", "private", "b2c", "消费者", "个人", "散客"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Is(&'static str),
    Cancelled,
    Returned,
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn find(text: &str, words: Words) -> Option<&'static str> {
    words.iter().find(|(_, words)| has(text, words)).map(|(value, _)| *value)
}

/// `None` for a word we do not know.
pub fn status(text: &str) -> Option<Status> {
    let text = text.to_lowercase();
    if has(&text, RETURNED) && !has(&text, NOT_RETURNED) {
        return Some(Status::Returned);
    }
    if has(&text, CANCELLED) {
        return Some(Status::Cancelled);
    }
    find(&text, STATUS).map(Status::Is)
}

pub fn reason(text: &str) -> Option<&'static str> {
    find(&text.to_lowercase(), REASON)
}

pub fn channel(text: &str) -> Option<&'static str> {
    find(&text.to_lowercase(), CHANNEL)
}

/// Whether a customer segment says that the customer is a person.
pub fn is_person(segment: &str) -> bool {
    has(&segment.to_lowercase(), PERSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_both_languages() {
        assert_eq!(status("交易成功"), Some(Status::Is("completed")));
        assert_eq!(status("退款成功"), Some(Status::Returned));
        assert_eq!(status("Cancelled by buyer (unpaid)"), Some(Status::Cancelled));
        assert_eq!(status("Shipped"), Some(Status::Is("shipped")));
        assert_eq!(status("No returns"), None);
        assert_eq!(status("未付款"), Some(Status::Is("draft")));
    }

    #[test]
    fn reasons_channels_and_persons_are_told() {
        assert_eq!(reason("产品质量差"), Some("quality"));
        assert_eq!(reason("Arrived broken"), Some("damaged"));
        assert_eq!(reason("because"), None);
        assert_eq!(channel("天猫旗舰店"), Some("online"));
        assert_eq!(channel("Retail store"), Some("store"));
        assert!(is_person("消费者") && is_person("Consumer") && !is_person("公司"));
    }
}
