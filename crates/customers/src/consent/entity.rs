//! One decision of a person about being reached; later ones do not change it, they follow it.

use meta::{Entity, Field, choice, instant, long_text, reference, text};

pub type Choices = &'static [(&'static str, &'static str, &'static str, &'static str)];

/// The last one stands for all.
pub const CHANNELS: Choices = &[
    ("phone", "Phone", "电话", "blue"),
    ("email", "E-mail", "邮件", "green"),
    ("sms", "SMS", "短信", "purple"),
    ("wechat", "WeChat", "微信", "green"),
    ("post", "Post", "信函", "grey"),
    ("visit", "Visit", "上门拜访", "yellow"),
    ("any", "Every channel", "所有渠道", "grey"),
];

/// The last one stands for all.
pub const PURPOSES: Choices = &[
    ("service", "Service", "服务通知", "blue"),
    ("marketing", "Marketing", "营销", "purple"),
    ("profiling", "Profiling", "画像分析", "yellow"),
    ("sharing", "Passing on", "提供给第三方", "orange"),
    ("any", "Every purpose", "所有用途", "grey"),
];

/// How somebody likes to be reached, among the channels he allows.
pub fn preferred_channel() -> Field {
    choice("preferred_channel", &CHANNELS[..CHANNELS.len() - 1])
        .label("Preferred channel", "偏好的联系渠道")
        .help(
            "How the customer likes to be reached, if it is allowed.",
            "客户希望的联系方式，以其许可为前提。",
        )
        .indexed()
}

pub fn entity() -> Entity {
    Entity::new("consent")
        .labels("Consent", "Consents", "联系许可")
        .icon("hand-stop")
        .hint(
            "By which channel and for what customers may be reached, as they decided. The newest decision counts.",
            "客户允许通过哪些渠道、出于何种目的联系，以最近一次决定为准。",
        )
        .field(reference("account", "account").label("Customer", "客户").required())
        .field(
            reference("contact", "contact")
                .label("Contact", "联系人")
                .help("Empty: the customer's own decision.", "不填则为客户本身的决定。"),
        )
        .field(choice("channel", CHANNELS).label("Channel", "渠道").required().indexed())
        .field(
            choice("purpose", PURPOSES)
                .label("Purpose", "用途")
                .required()
                .default_value("marketing")
                .help("Service needs no consent, but can be refused.", "服务通知无需事先许可，但可以拒绝。")
                .indexed(),
        )
        .field(
            choice(
                "state",
                &[
                    ("given", "Given", "同意", "green"),
                    ("refused", "Refused", "拒绝", "red"),
                    ("withdrawn", "Withdrawn", "已撤回", "orange"),
                ],
            )
            .label("Decision", "决定")
            .required()
            .default_value("given")
            .indexed(),
        )
        .field(instant("decided_at").label("Decided", "决定时间").required().default_now().indexed())
        .field(
            instant("expires_at")
                .label("Expires", "失效时间")
                .help("From then on a consent no longer holds.", "此后许可不再有效。")
                .indexed(),
        )
        .field(
            text("source")
                .label("Obtained by", "取得方式")
                .help("Form, call, e-mail, fair …", "表单、电话、邮件、展会等。")
                .personal(),
        )
        .field(
            long_text("proof")
                .label("Proof", "凭证")
                .help("The text that was agreed to, or what was said.", "所同意的文字或对话内容。")
                .personal(),
        )
        .field(
            text("proof_reference")
                .label("Form, page or recording", "表单、网页或录音")
                .help("Address or number under which the original is found.", "可查到原件的网址或编号。")
                .personal(),
        )
        .title("channel")
        .list(["decided_at", "account", "contact", "channel", "purpose", "state", "expires_at", "source"])
        .sort("-decided_at")
        .follows("account")
        .external_ids()
        .index(["account", "decided_at"])
        .index(["contact", "decided_at"])
}
