//! What people write down about a contact: (kind, direction, Chinese subject, Chinese text, English subject, English text).
//! Long because it is a table.

#[derive(Clone, Copy)]
pub struct Note {
    pub kind: &'static str,
    pub incoming: bool,
    pub zh: (&'static str, &'static str),
    pub en: (&'static str, &'static str),
}

const fn n(
    kind: &'static str,
    incoming: bool,
    zh: (&'static str, &'static str),
    en: (&'static str, &'static str),
) -> Note {
    Note { kind, incoming, zh, en }
}

pub const FIRST: [Note; 5] = [
    n(
        "call",
        true,
        ("电话咨询", "询问品种、规格和起订量，已寄样品。"),
        ("First enquiry", "Asked for varieties, sizes and minimum quantity. Samples sent."),
    ),
    n(
        "visit",
        false,
        ("首次拜访", "介绍了公司和产品，对方希望先小批量试单。"),
        ("First visit", "Introduced the company; they would like to start with a trial order."),
    ),
    n(
        "meeting",
        false,
        ("展会洽谈", "在展位上交换了名片，对价格和交货期很关心。"),
        ("Met at the trade fair", "Exchanged cards at the stand; price and delivery time matter most."),
    ),
    n(
        "email",
        true,
        ("询价邮件", "要求报价并说明付款方式。"),
        ("Request for a quotation", "Wants a quotation and our terms of payment."),
    ),
    n(
        "chat",
        true,
        ("网站在线咨询", "询问配送范围和售后政策。"),
        ("Question on the website", "Asked where we deliver and about returns."),
    ),
];

pub const AROUND_ORDERS: [Note; 9] = [
    n(
        "call",
        false,
        ("确认订单细节", "确认了数量、包装和送货时间。"),
        ("Order details confirmed", "Quantity, packing and delivery time confirmed."),
    ),
    n(
        "email",
        false,
        ("发送报价单", "按上次价格报价，有效期七天。"),
        ("Quotation sent", "At last time's prices, valid for seven days."),
    ),
    n(
        "email",
        true,
        ("要求修改交货期", "希望提前三天到货。"),
        ("Asks for an earlier delivery", "Would like the goods three days earlier."),
    ),
    n(
        "chat",
        true,
        ("询问物流进度", "已告知运单号和预计到达时间。"),
        ("Where is my order?", "Gave the waybill number and the expected arrival."),
    ),
    n(
        "call",
        true,
        ("催促发货", "库房已安排今天装车。"),
        ("Asks when the goods leave", "The cold store loads today."),
    ),
    n(
        "email",
        false,
        ("发送装箱单和质检报告", "随货文件已发送。"),
        ("Packing list and inspection report sent", "Documents sent with the goods."),
    ),
    n(
        "call",
        false,
        ("到货回访", "对方反映货品新鲜，包装完好。"),
        ("Call after delivery", "Goods arrived fresh, packing in order."),
    ),
    n("note", false, ("付款情况", "本次按约定时间付款。"), ("Payment", "Paid on time.")),
    n(
        "chat",
        false,
        ("推荐新品", "发送了新品图片和价格。"),
        ("New products shown", "Sent pictures and prices of the new range."),
    ),
];

pub const CARE: [Note; 6] = [
    n(
        "call",
        false,
        ("客户关怀电话", "询问近期销售情况，暂无问题。"),
        ("Care call", "Asked how sales are going; no problems."),
    ),
    n(
        "visit",
        false,
        ("定期拜访", "查看了店面陈列，讨论下季度计划。"),
        ("Regular visit", "Looked at the display, talked about the next quarter."),
    ),
    n(
        "letter",
        false,
        ("寄送节日贺卡", "附新一季产品目录。"),
        ("Season's greetings", "With the catalogue for the new season."),
    ),
    n(
        "meeting",
        false,
        ("年度合作会议", "商定明年数量和价格框架。"),
        ("Yearly meeting", "Agreed on quantities and prices for next year."),
    ),
    n(
        "note",
        false,
        ("客户动态", "对方准备新开两家门店。"),
        ("News", "They are going to open two more shops."),
    ),
    n(
        "note",
        false,
        ("竞争信息", "有同行报价低约百分之三。"),
        ("Competition", "A competitor offers about 3 % less."),
    ),
];

pub const COMPLAINTS: [Note; 4] = [
    n(
        "call",
        true,
        ("投诉产品质量", "部分货品有损伤，已请对方拍照，答应两天内答复。"),
        (
            "Complaint about quality",
            "Part of the goods is bruised. Asked for pictures; answer promised within two days.",
        ),
    ),
    n(
        "email",
        true,
        ("申请退货", "附照片和数量清单。"),
        ("Wants to return goods", "With pictures and a list of quantities."),
    ),
    n(
        "call",
        true,
        ("反映介绍有误", "业务员介绍的规格与实物不符。"),
        ("Wrongly advised", "What the salesperson described is not what arrived."),
    ),
    n(
        "chat",
        true,
        ("咨询退换货流程", "已说明流程并登记。"),
        ("How to return an article", "Explained the procedure and noted the case."),
    ),
];

pub const TASKS: [Note; 6] = [
    n(
        "task",
        false,
        ("跟进报价", "对方尚未回复，再打一次电话。"),
        ("Follow up the quotation", "No answer yet; call again."),
    ),
    n(
        "task",
        false,
        ("准备样品", "寄送新一批样品。"),
        ("Prepare samples", "Send samples of the new harvest."),
    ),
    n("task", false, ("回访", "了解上次到货情况。"), ("Call back", "Ask how the last delivery was.")),
    n("task", false, ("催收货款", "账期已到。"), ("Ask for the payment", "The invoice is due.")),
    n("task", false, ("安排拜访", "约下周见面。"), ("Arrange a visit", "Next week.")),
    n(
        "task",
        false,
        ("长期未下单，联系了解原因", "比平时的购买间隔长了很多。"),
        ("No order for long: find out why", "Much longer than the usual interval."),
    ),
];
