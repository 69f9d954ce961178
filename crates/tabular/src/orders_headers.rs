//! What the columns of a flat file of order lines are called, in English and Chinese exports.

use crate::headers::Target;

const fn target(key: &'static str, synonyms: &'static [&'static str]) -> Target {
    Target { key, synonyms }
}

/// The fields of one order line with all that such files repeat on it: order, customer, product.
#[rustfmt::skip]
pub const ORDER_LINES: &[Target] = &[
    target("order_number", &[
        "invoice no", "=invoice", "invoice number", "invoice id", "=order", "order id", "order no",
        "order number", "order code", "=order ref", "order reference", "=receipt no", "=transaction id",
        "=bill no", "sales order", "订单号", "订单ID", "订单编号", "订单号码", "订单编码", "单据编号",
        "单据号", "销售单号", "交易号", "交易编号", "发票号", "发票号码", "流水号", "=单号", "=订单",
    ]),
    target("ordered_on", &[
        "invoice date", "order date", "ordered on", "ordered at", "order time", "purchase date",
        "purchased at", "sale date", "sales date", "transaction date", "=date", "=created at", "=time",
        "=timestamp", "=datetime", "订单日期", "下单时间", "下单日期", "订单时间", "订单创建时间",
        "购买日期", "购买时间", "销售日期", "销售时间", "交易日期", "交易时间", "成交时间", "成交日期",
        "开票日期", "单据日期", "付款时间", "订单付款时间", "=日期", "=时间",
    ]),
    target("customer_number", &[
        "customer id", "customer no", "customer number", "customer code", "client id", "client no",
        "client code", "account id", "account number", "account code", "buyer id", "member id",
        "member no", "user id", "cust id", "cust no", "客户ID", "客户编号", "客户号", "客户代码",
        "客户编码", "会员号", "会员编号", "会员ID", "会员卡号", "买家ID", "买家编号", "用户ID", "用户编号",
        "顾客编号", "顾客ID",
    ]),
    target("customer_name", &[
        "customer name", "=customer", "client name", "=client", "buyer name", "=buyer", "=company",
        "company name", "account name", "=account", "member name", "user name", "bill to name", "=bill to",
        "客户名称", "客户姓名", "客户名", "客户全称", "=客户", "买家", "买家姓名", "买家名称", "买家昵称",
        "买家会员名", "会员名", "会员姓名", "会员名称", "顾客姓名", "顾客名称", "=顾客", "公司名称",
        "单位名称", "购货单位", "购买方名称", "用户名", "用户姓名", "收货人", "收货人姓名",
    ]),
    target("product_code", &[
        "stock code", "product id", "product code", "product no", "product number", "item code", "item id",
        "item no", "item number", "article no", "article number", "part number", "=sku", "sku code",
        "sku id", "=asin", "=barcode", "产品ID", "产品编号", "产品编码", "产品代码", "商品ID", "商品编号",
        "商品编码", "商品代码", "商家编码", "货号", "物料编码", "物料编号", "存货编码", "品号", "条码",
        "商品条码", "规格编码",
    ]),
    target("product_name", &[
        "=description", "product name", "=product", "product description", "product title", "item name",
        "=item", "item description", "article name", "=article", "=goods", "产品名称", "产品名", "=产品",
        "商品名称", "商品名", "=商品", "商品标题", "宝贝标题", "宝贝名称", "货品名称", "物料名称",
        "存货名称", "品名", "物品名称",
    ]),
    target("quantity", &[
        "quantity", "order quantity", "quantity ordered", "=qty", "order qty", "=units", "units sold",
        "=pieces", "=count", "=数量", "订单数量", "销售数量", "购买数量", "商品数量", "产品数量",
        "宝贝数量", "订购数量", "件数", "销量",
    ]),
    target("unit_price", &[
        "unit price", "=price", "price each", "item price", "selling price", "sale price", "sales price",
        "list price", "price per unit", "单价", "=价格", "商品价格", "产品价格", "商品单价", "销售单价",
        "含税单价", "售价", "成交单价", "成交价",
    ]),
    target("amount", &[
        "=sales", "sales amount", "=amount", "line total", "line amount", "order amount", "total price",
        "total amount", "=total", "=revenue", "=turnover", "net amount", "extended price", "=subtotal",
        "=sub total", "=value", "=gmv", "销售额", "=金额", "销售金额", "订单金额", "成交金额", "总价",
        "总金额", "总额", "合计金额", "应付金额", "实付金额", "付款金额", "支付金额", "交易金额",
        "含税金额", "价税合计", "=合计", "小计", "买家实际支付金额", "买家应付货款",
    ]),
    target("discount", &[
        "=discount", "discount rate", "discount percent", "discount pct", "=折扣", "折扣率", "折扣比例",
    ]),
    target("discount_amount", &[
        "discount amount", "discount value", "discount total", "折扣金额", "折扣额", "优惠金额", "优惠",
        "优惠额", "让利金额", "减免金额",
    ]),
    target("tax", &[
        "=tax", "tax amount", "sales tax", "=vat", "vat amount", "=gst", "税额", "税金", "=税", "增值税额",
        "增值税",
    ]),
    target("profit", &[
        "=profit", "gross profit", "net profit", "profit amount", "=margin", "gross margin", "=利润",
        "毛利", "毛利额", "利润额", "净利润",
    ]),
    target("unit_cost", &[
        "unit cost", "=cost", "cost price", "cost per unit", "purchase price", "=cogs", "=成本",
        "单位成本", "成本价", "成本单价", "进价", "进货价", "采购价", "采购单价",
    ]),
    target("country", &[
        "=country", "country name", "ship to country", "shipping country", "billing country",
        "country region", "=nation", "国家", "国家地区", "国别", "所在国家",
    ]),
    target("province", &[
        "=state", "=province", "state province", "shipping state", "billing state", "shipping province",
        "=省", "省份", "省自治区", "省市", "省市自治区", "省直辖市", "所在省份", "收货省份", "州省",
    ]),
    target("region", &[
        "=region", "sales region", "=territory", "=area", "=地区", "=区域", "销售区域", "大区", "销售大区",
        "片区",
    ]),
    target("city", &[
        "=city", "=town", "ship to city", "shipping city", "billing city", "=城市", "所在城市", "收货城市",
        "=市", "地级市",
    ]),
    target("postcode", &[
        "=postcode", "post code", "postal code", "=zip", "zip code", "=zipcode", "邮编", "邮政编码",
        "收货邮编",
    ]),
    target("address", &[
        "=address", "shipping address", "delivery address", "billing address", "street address", "=street",
        "ship to address", "收货地址", "送货地址", "详细地址", "客户地址", "=地址", "街道地址",
    ]),
    target("customer_segment", &[
        "=segment", "customer segment", "customer type", "customer group", "customer class", "=细分",
        "客户细分", "细分市场", "客户类型", "客户类别", "客户分类", "客户等级", "会员等级",
    ]),
    target("product_category", &[
        "=category", "product category", "item category", "product group", "product type", "product line",
        "=department", "=类别", "产品类别", "商品类别", "产品分类", "商品分类", "=分类", "品类",
        "商品品类", "产品类型", "大类", "一级类目", "类目", "存货类别",
    ]),
    target("product_subcategory", &[
        "sub category", "=subcategory", "product subcategory", "product sub category", "子类别", "子类",
        "小类", "二级类目", "二级分类", "产品子类别", "子分类",
    ]),
    target("shipped_on", &[
        "ship date", "shipped on", "shipped at", "shipping date", "shipped date", "delivery date",
        "dispatch date", "发货日期", "发货时间", "装运日期", "出货日期", "送货日期", "交货日期",
    ]),
    target("ship_mode", &[
        "ship mode", "ship method", "shipping method", "shipping mode", "delivery method", "=carrier",
        "=courier", "邮寄方式", "装运模式", "运输方式", "配送方式", "发货方式", "物流公司", "快递公司",
        "物流方式",
    ]),
    target("email", &[
        "=email", "e mail", "=mail", "email address", "customer email", "=邮箱", "电子邮箱", "电子邮件",
        "邮件地址", "邮箱地址",
    ]),
    target("phone", &[
        "=phone", "phone number", "=telephone", "=tel", "=mobile", "mobile phone", "mobile number",
        "=cell", "contact number", "customer phone", "电话", "手机", "手机号", "手机号码", "联系电话",
        "联系手机", "电话号码", "联系方式", "客户电话",
    ]),
    target("currency", &[
        "=currency", "currency code", "=ccy", "币种", "货币", "币别", "货币代码", "结算币种",
    ]),
    target("salesperson", &[
        "=salesperson", "sales person", "sales rep", "sales representative", "=salesman", "=seller",
        "account manager", "=owner", "销售员", "业务员", "销售人员", "销售代表", "客户经理", "导购员",
        "=销售", "销售经理", "负责人",
    ]),
    target("channel", &[
        "=channel", "sales channel", "order source", "=source", "=platform", "=store", "=shop",
        "store name", "=渠道", "销售渠道", "订单来源", "来源渠道", "=平台", "=店铺", "店铺名称", "门店",
        "门店名称",
    ]),
    target("order_status", &[
        "=status", "order status", "=state of order", "invoice status", "payment status", "订单状态",
        "=状态", "交易状态", "单据状态",
    ]),
    target("return_reason", &[
        "return reason", "reason for return", "refund reason", "cancel reason", "cancellation reason",
        "退货原因", "退款原因", "退换货原因", "取消原因",
    ]),
    target("notes", &[
        "=notes", "=note", "=remark", "=remarks", "=comment", "=comments", "order notes", "备注",
        "订单备注", "买家留言", "卖家备注", "=说明",
    ]),
];
