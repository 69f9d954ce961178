//! An alarm and what became of it. Written by the program; people work on its task.

use super::ENTITY;
use meta::{Entity, choice, date, integer, json, money, reference, text};

pub fn entity() -> Entity {
    Entity::new(ENTITY)
        .labels("Alarm", "Alarms", "预警")
        .icon("alert-triangle")
        .hint("What the program noticed and whom it told.", "系统发现的情况，以及通知了谁。")
        .field(text("name").label("About", "对象").required().personal())
        .field(
            choice(
                "rule",
                &[
                    ("core_customer", "Core customer falling", "核心客户下滑", "red"),
                    ("reorder_due", "Purchase due", "购买周期到期", "blue"),
                    ("group_shrinking", "Group shrinking", "客户群萎缩", "orange"),
                    ("region_falling", "Region falling behind", "区域销售下滑", "orange"),
                ],
            )
            .label("Rule", "规则")
            .required()
            .indexed(),
        )
        .field(
            choice(
                "state",
                &[
                    ("open", "Open", "待处理", "orange"),
                    ("handled", "Handled", "已处理", "blue"),
                    ("closed", "Closed", "已结束", "grey"),
                ],
            )
            .label("State", "状态")
            .required()
            .default_value("open")
            .indexed()
            .help(
                "Handled: its task is done. Closed: it is known what became of it.",
                "已处理：对应任务已完成；已结束：结果已明确。",
            ),
        )
        .field(reference("account", "account").label("Customer", "客户"))
        .field(text("customers").label("Condition of the customers", "客户条件").help(
            "Of a group or a region: the condition that selects its customers today.",
            "对客户群或区域：当前选出其客户的条件。",
        ))
        .field(reference("task", "activity").label("Task", "任务"))
        .field(reference("owner", "user").label("Sent to", "通知对象"))
        .field(date("raised_on").label("Raised", "发出日期").required().indexed())
        .field(date("closed_on").label("Closed", "结束日期").indexed())
        .field(
            choice(
                "outcome",
                &[
                    ("bought", "Bought again", "再次购买", "green"),
                    ("not_bought", "Did not buy", "未再购买", "red"),
                    ("recovered", "Recovered", "已恢复", "green"),
                ],
            )
            .label("What became of it", "结果")
            .indexed()
            .help(
                "Whether the customer bought within 13 weeks; of a group or a region, whether the fall ended.",
                "客户是否在 13 周内再次购买；对客户群或区域，下滑是否已结束。",
            ),
        )
        .field(date("bought_on").label("Bought on", "购买日期").indexed())
        .field(
            money("sales_after")
                .in_company_currency()
                .label("Sales in the 13 weeks after", "其后 13 周销售额")
                .indexed(),
        )
        .field(
            integer("orders_after").label("Orders in the 13 weeks after", "其后 13 周订单数").help(
                "The orders these sales are made of; empty where nothing was bought, and of alarms that ended before they were counted.",
                "构成其后销售额的订单数；没有购买，以及在开始统计该数之前已结束的预警，为空。",
            ),
        )
        .field(json("signals").label("Signals", "信号"))
        .field(json("weeks").label("Weeks compared", "比较的周"))
        .title("name")
        .list(["raised_on", "rule", "name", "account", "state", "outcome", "sales_after", "owner"])
        .sort("-raised_on")
        .follows("account")
        .admin_only()
        .index(["state", "raised_on"])
        .index(["account", "rule", "raised_on"])
}
