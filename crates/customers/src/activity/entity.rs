//! Calls, visits, meetings, messages, notes and tasks: one kind of record, so that there is one timeline.

use meta::{Entity, boolean, choice, instant, integer, long_text, reference, text};

pub fn entity() -> Entity {
    Entity::new("activity")
        .labels("Activity", "Activities", "活动")
        .icon("message-circle")
        .hint(
            "Every contact with a customer, whatever the channel, and what is to be done next.",
            "与客户的每一次接触，不论渠道，以及接下来要做的事。",
        )
        .field(text("subject").label("Subject", "主题").required().searched().personal())
        .field(
            choice(
                "kind",
                &[
                    ("call", "Call", "电话", "blue"),
                    ("visit", "Visit", "拜访", "green"),
                    ("meeting", "Meeting", "会议", "purple"),
                    ("email", "E-mail", "邮件", "blue"),
                    ("letter", "Letter", "信函", "grey"),
                    ("chat", "Chat", "在线聊天", "green"),
                    ("note", "Note", "备忘", "yellow"),
                    ("task", "Task", "任务", "orange"),
                ],
            )
            .zh("类型")
            .required()
            .default_value("note")
            .indexed(),
        )
        .field(reference("account", "account").label("Customer", "客户"))
        .field(reference("contact", "contact").label("Contact", "联系人"))
        .field(
            choice(
                "direction",
                &[
                    ("incoming", "From the customer", "客户联系我们", "green"),
                    ("outgoing", "To the customer", "我们联系客户", "blue"),
                ],
            )
            .label("Direction", "方向")
            .indexed(),
        )
        .field(instant("happened_at").label("When", "时间").required().default_now().indexed())
        .field(integer("duration_minutes").label("Minutes", "时长（分钟）"))
        .field(instant("due_at").label("Due", "截止时间").indexed())
        .field(
            boolean("done")
                .label("Done", "已完成")
                .help(
                    "Left empty: open for a task and for anything that is due, done for everything else.",
                    "不填时，任务和有截止时间的活动为未完成，其余为已完成。",
                )
                .indexed(),
        )
        .field(reference("owner", "user").label("Owner", "负责人"))
        .field(long_text("body").label("Text", "内容").personal())
        .title("subject")
        .list(["happened_at", "kind", "subject", "account", "contact", "owner", "due_at", "done"])
        .sort("-happened_at")
        .timeline("account", "happened_at")
        .follows("account")
        .external_ids()
        .index(["account", "happened_at"])
        .index(["owner", "done", "due_at"])
}
