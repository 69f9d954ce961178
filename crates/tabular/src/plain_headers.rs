//! What the columns of plain lists are called: accounts, contacts, products, activities, consents. Keys are field names.

use crate::headers::Target;

const fn target(key: &'static str, synonyms: &'static [&'static str]) -> Target {
    Target { key, synonyms }
}

#[rustfmt::skip]
const EMAIL: Target = target("email", &[
    "=email", "e mail", "=mail", "email address", "work email", "=邮箱", "电子邮箱", "电子邮件", "邮件",
    "邮箱地址", "邮件地址",
]);
#[rustfmt::skip]
const PHONE: Target = target("phone", &[
    "=phone", "phone number", "=telephone", "=tel", "business phone", "office phone", "work phone",
    "contact number", "电话", "电话号码", "联系电话", "办公电话", "固定电话", "座机", "公司电话",
    "联系方式",
]);
#[rustfmt::skip]
const MOBILE: Target = target("mobile", &[
    "=mobile", "mobile phone", "mobile number", "=cell", "cell phone", "手机", "手机号", "手机号码",
    "移动电话",
]);
#[rustfmt::skip]
const NOTES: Target = target("notes", &[
    "=notes", "=note", "=remark", "=remarks", "=comment", "=comments", "=memo", "备注", "=说明", "附注",
]);
#[rustfmt::skip]
const OWNER: Target = target("owner", &[
    "=owner", "account owner", "account manager", "sales rep", "=salesperson", "负责人", "客户经理",
    "销售员", "业务员", "跟进人", "所有人",
]);
#[rustfmt::skip]
const COUNTRY: Target = target("country", &[
    "=country", "country name", "country region", "=nation", "国家", "国家地区", "国别",
]);
#[rustfmt::skip]
const PROVINCE: Target = target("province", &[
    "=state", "=province", "state province", "=省", "省份", "省自治区", "省市自治区", "所在省份",
    "=region", "=地区",
]);
#[rustfmt::skip]
const CITY: Target = target("city", &["=city", "=town", "=城市", "所在城市", "=市"]);
#[rustfmt::skip]
const POSTCODE: Target = target("postcode", &[
    "=postcode", "post code", "postal code", "=zip", "zip code", "=zipcode", "邮编", "邮政编码",
]);
#[rustfmt::skip]
const STREET: Target = target("street", &[
    "=street", "=address", "street address", "mailing address", "address line 1", "=地址", "街道",
    "详细地址", "公司地址", "通讯地址", "联系地址", "办公地址", "家庭住址", "住址",
]);
#[rustfmt::skip]
const SEX: Target = target("sex", &["=sex", "=gender", "=性别"]);
#[rustfmt::skip]
const BIRTH_ON: Target = target("birth_on", &[
    "=birthday", "birth date", "date of birth", "=dob", "born on", "生日", "出生日期", "出生年月",
]);

/// Companies and persons.
#[rustfmt::skip]
pub const ACCOUNTS: &[Target] = &[
    target("name", &[
        "=name", "account name", "company name", "=company", "customer name", "=customer", "client name",
        "=client", "=organization", "organisation name", "organization name", "full name", "=名称",
        "客户名称", "客户姓名", "客户名", "公司名称", "公司名", "企业名称", "单位名称", "=公司", "=客户",
        "=姓名",
    ]),
    target("number", &[
        "account id", "account number", "account no", "account code", "customer id", "customer number",
        "customer no", "customer code", "client id", "=id", "external id", "客户编号", "客户ID",
        "客户代码", "客户编码", "会员号", "会员编号", "=编号", "=编码",
    ]),
    target("kind", &[
        "=kind", "account kind", "account type", "customer type", "company or person", "客户类型",
        "客户性质", "=类型",
    ]),
    PHONE,
    MOBILE,
    EMAIL,
    target("website", &[
        "=website", "web site", "=url", "=homepage", "home page", "=web", "网站", "网址", "公司网站",
        "官网", "主页",
    ]),
    target("industry", &["=industry", "=sector", "line of business", "行业", "所属行业", "行业类别"]),
    target("employees", &[
        "=employees", "number of employees", "employee count", "=size", "company size", "=headcount",
        "=staff", "员工人数", "员工数", "人数", "公司规模", "企业规模", "人员规模", "=规模",
    ]),
    target("revenue", &[
        "annual revenue", "=revenue", "=turnover", "年营业额", "年收入", "营业额", "年销售额",
    ]),
    COUNTRY,
    PROVINCE,
    CITY,
    POSTCODE,
    STREET,
    SEX,
    BIRTH_ON,
    target("income", &[
        "=income", "annual income", "household income", "monthly income", "=收入", "个人收入", "家庭收入",
        "月收入",
    ]),
    target("occupation", &["=occupation", "=profession", "=job", "职业", "=工作"]),
    target("relation", &[
        "=relation", "=relationship", "relation type", "customer relation", "客户关系", "=关系",
        "关系类型",
    ]),
    target("importance", &[
        "=importance", "=grade", "=tier", "=level", "customer grade", "客户等级", "客户级别", "重要程度",
        "=等级", "=级别",
    ]),
    target("source", &["=source", "lead source", "account source", "客户来源", "=来源", "来源渠道"]),
    target("hobbies", &["=hobbies", "=hobby", "=interests", "爱好", "兴趣爱好", "兴趣"]),
    target("parent", &[
        "=parent", "parent account", "parent company", "上级客户", "上级公司", "母公司", "上级单位",
        "总公司",
    ]),
    OWNER,
    NOTES,
];

/// People at accounts.
#[rustfmt::skip]
pub const CONTACTS: &[Target] = &[
    target("name", &[
        "=name", "contact name", "=contact", "full name", "contact person", "person name", "=姓名",
        "联系人", "联系人姓名", "名字", "联系人名称",
    ]),
    target("first_name", &["first name", "given name", "=forename", "=名"]),
    target("last_name", &["last name", "family name", "=surname", "=姓", "姓氏"]),
    target("account", &[
        "=account", "account name", "=company", "company name", "=customer", "customer name",
        "=organization", "=employer", "公司", "公司名称", "客户名称", "单位", "单位名称", "所属客户",
        "所属公司", "客户", "工作单位",
    ]),
    target("account_number", &[
        "account id", "account number", "customer id", "customer number", "客户编号", "客户ID", "客户代码",
        "客户编码",
    ]),
    target("job_title", &["=title", "job title", "=position", "=role", "职务", "职位", "岗位", "=头衔"]),
    target("department", &["=department", "=dept", "部门", "所在部门"]),
    EMAIL,
    PHONE,
    MOBILE,
    target("wechat", &["=wechat", "we chat", "wechat id", "=weixin", "微信", "微信号"]),
    target("qq", &["=qq", "qq number", "QQ号", "QQ号码"]),
    SEX,
    BIRTH_ON,
    COUNTRY,
    PROVINCE,
    CITY,
    POSTCODE,
    STREET,
    OWNER,
    NOTES,
];

#[rustfmt::skip]
pub const PRODUCTS: &[Target] = &[
    target("code", &[
        "=code", "product code", "product id", "product no", "product number", "=sku", "stock code",
        "item code", "item no", "item id", "article number", "part number", "=id", "=barcode", "产品编号",
        "产品编码", "产品代码", "产品ID", "商品编号", "商品编码", "商品ID", "货号", "物料编码", "存货编码",
        "=编码", "=编号", "条码",
    ]),
    target("name", &[
        "=name", "product name", "=product", "item name", "=item", "=title", "product title", "=名称",
        "产品名称", "商品名称", "品名", "物料名称", "存货名称", "=产品", "=商品",
    ]),
    target("category", &[
        "=category", "product category", "item category", "product group", "product type", "=type",
        "=group", "=类别", "产品类别", "商品类别", "产品分类", "商品分类", "=分类", "品类", "类目",
    ]),
    target("subcategory", &["sub category", "=subcategory", "子类别", "子类", "小类", "子分类"]),
    target("unit", &["=unit", "=uom", "unit of measure", "=单位", "计量单位", "计价单位"]),
    target("price", &[
        "=price", "unit price", "list price", "sales price", "selling price", "retail price", "=单价",
        "=价格", "售价", "销售价", "销售单价", "标价", "零售价", "产品价格",
    ]),
    target("unit_cost", &[
        "=cost", "unit cost", "cost price", "purchase price", "=成本", "成本价", "单位成本", "进价",
        "进货价", "采购价",
    ]),
    target("currency", &["=currency", "currency code", "币种", "货币", "币别"]),
    target("tax_rate", &["tax rate", "=vat", "vat rate", "=tax", "税率"]),
    target("brand", &["=brand", "=manufacturer", "=make", "品牌", "厂商", "制造商"]),
    target("specification", &["=specification", "=spec", "=model", "规格", "型号", "规格型号"]),
    target("active", &[
        "=active", "=enabled", "is active", "on sale", "是否启用", "启用", "在售", "是否在售", "上架",
    ]),
    target("description", &[
        "=description", "product description", "=details", "产品描述", "商品描述", "=描述", "产品说明",
        "产品介绍",
    ]),
    NOTES,
];

/// Calls, visits, meetings, letters, notes, tasks.
#[rustfmt::skip]
pub const ACTIVITIES: &[Target] = &[
    target("kind", &[
        "=kind", "=type", "activity type", "activity kind", "contact type", "=channel", "活动类型",
        "=类型", "联系方式", "跟进方式", "沟通方式", "接触方式", "拜访方式",
    ]),
    target("subject", &[
        "=subject", "=title", "=topic", "=summary", "=活动", "主题", "标题", "活动主题", "活动名称",
        "=事项",
    ]),
    target("account", &[
        "=account", "account name", "=company", "company name", "=customer", "customer name", "=client",
        "客户", "客户名称", "公司", "公司名称", "客户姓名", "单位名称",
    ]),
    target("account_number", &[
        "account id", "account number", "customer id", "customer number", "客户编号", "客户ID", "客户代码",
        "客户编码",
    ]),
    target("contact", &["=contact", "contact name", "contact person", "联系人", "联系人姓名"]),
    target("happened_at", &[
        "happened at", "=date", "=time", "=datetime", "activity date", "contact date", "visit date",
        "call date", "meeting date", "start time", "created at", "=日期", "=时间", "活动时间", "活动日期",
        "联系时间", "联系日期", "跟进时间", "跟进日期", "拜访时间", "拜访日期", "沟通时间", "发生时间",
    ]),
    target("due_on", &["due date", "due on", "=deadline", "截止日期", "到期日", "完成期限"]),
    target("status", &["=status", "=done", "=completed", "=状态", "完成状态", "是否完成"]),
    target("body", &[
        "=body", "=notes", "=note", "=description", "=content", "=details", "=comments", "=remarks",
        "=内容", "活动内容", "跟进内容", "沟通内容", "跟进记录", "拜访记录", "沟通记录", "=记录", "备注",
        "详情", "描述",
    ]),
    target("minutes", &["=minutes", "=duration", "duration minutes", "时长", "通话时长"]),
    OWNER,
];

#[rustfmt::skip]
pub const CONSENTS: &[Target] = &[
    target("number", &["consent number", "consent id", "许可编号"]),
    target("account", &[
        "=account", "account name", "=company", "company name", "=customer", "customer name", "=client",
        "客户", "客户名称", "公司", "公司名称", "客户姓名", "单位名称",
    ]),
    target("account_number", &[
        "account id", "account number", "customer id", "customer number", "客户编号", "客户ID", "客户代码",
        "客户编码",
    ]),
    target("contact", &["=contact", "contact name", "contact person", "联系人", "联系人姓名"]),
    target("consent_channel", &["=channel", "consent channel", "=渠道", "联系渠道"]),
    target("consent_purpose", &["=purpose", "consent purpose", "=目的", "用途"]),
    target("consent_state", &[
        "=consent", "consent state", "consent status", "opt in", "=permission", "许可", "许可状态", "是否同意",
        "同意状态",
    ]),
    target("decided_at", &[
        "=decided", "decided at", "consent date", "consent given at", "given at", "opt in date", "许可时间",
        "决定时间", "同意时间", "同意日期",
    ]),
    target("expires_at", &["=expires", "expires at", "valid until", "expiry date", "有效期至", "失效时间"]),
    target("consent_source", &["consent source", "collected by", "许可来源", "取得方式"]),
    target("proof", &["=proof", "consent text", "text agreed to", "许可凭证", "同意内容", "凭证"]),
    target("proof_reference", &["proof reference", "form url", "=recording", "凭证编号", "录音编号"]),
    NOTES,
];
