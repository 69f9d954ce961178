//! What is wrong with a value, said in the reader's language with the remedy.

use crate::{Label, Lang};

#[derive(Clone, Debug, PartialEq)]
pub struct FieldProblem {
    pub field: String,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    Required,
    Unknown,
    ReadOnly,
    TooLong { limit: usize },
    NotANumber { given: String },
    NotAnInteger { given: String },
    TooManyDecimals { limit: u32 },
    OutOfRange,
    NotADate { given: String },
    NotAnInstant { given: String },
    NotABoolean { given: String },
    NotAChoice { given: String, allowed: Vec<String> },
    NotAnEmail { given: String },
    NotAPhone { given: String },
    NotAUrl { given: String },
    NotAReference { given: String },
    NoSuchRecord { entity: Label },
    Taken { given: String },
    WrongType { expected: &'static str },
    Rule(Label),
}

impl FieldProblem {
    pub fn new(field: impl Into<String>, problem: Problem) -> Self {
        FieldProblem { field: field.into(), problem }
    }
}

impl Problem {
    pub fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::Zh => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Problem::Required => "is required: please fill it in".into(),
            Problem::Unknown => "is not a field of this record: check the name".into(),
            Problem::ReadOnly => "is kept by the system and cannot be set: leave it out".into(),
            Problem::TooLong { limit } => format!("is too long: use at most {limit} characters"),
            Problem::NotANumber { given } => format!("“{given}” is not a number: write it like 1234.56"),
            Problem::NotAnInteger { given } => format!("“{given}” is not a whole number: write it like 42"),
            Problem::TooManyDecimals { limit } => format!("has too many decimals: use at most {limit}"),
            Problem::OutOfRange => "is too large or too small to be stored: check the number".into(),
            Problem::NotADate { given } => format!("“{given}” is not a date: write it like 2026-11-21"),
            Problem::NotAnInstant { given } => {
                format!("“{given}” is not a date and time: write it like 2026-11-21T14:30:00Z")
            }
            Problem::NotABoolean { given } => format!("“{given}” is neither true nor false"),
            Problem::NotAChoice { given, allowed } => {
                format!("“{given}” is not one of the choices: use {}", allowed.join(", "))
            }
            Problem::NotAnEmail { given } => {
                format!("“{given}” is not an e-mail address: write it like name@example.com")
            }
            Problem::NotAPhone { given } => {
                format!("“{given}” is not a phone number: write it like +86 138 0000 8000")
            }
            Problem::NotAUrl { given } => {
                format!("“{given}” is not a web address: write it like https://example.com")
            }
            Problem::NotAReference { given } => format!("“{given}” is not a record id: pick a record"),
            Problem::NoSuchRecord { entity } => {
                format!("there is no such {}, or you may not see it: pick another", entity.en.to_lowercase())
            }
            Problem::Taken { given } => {
                format!("“{given}” is already used by another record: choose another value")
            }
            Problem::WrongType { expected } => format!("has the wrong type: {expected} is expected"),
            Problem::Rule(label) => label.en.clone(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Problem::Required => "必填，请填写".into(),
            Problem::Unknown => "不是这类记录的字段，请检查名称".into(),
            Problem::ReadOnly => "由系统维护，不能填写，请去掉".into(),
            Problem::TooLong { limit } => format!("太长，最多 {limit} 个字符"),
            Problem::NotANumber { given } => format!("“{given}”不是数字，请写成 1234.56 这样"),
            Problem::NotAnInteger { given } => format!("“{given}”不是整数，请写成 42 这样"),
            Problem::TooManyDecimals { limit } => format!("小数位太多，最多 {limit} 位"),
            Problem::OutOfRange => "数值超出可保存的范围，请检查".into(),
            Problem::NotADate { given } => format!("“{given}”不是日期，请写成 2026-11-21 这样"),
            Problem::NotAnInstant { given } => {
                format!("“{given}”不是日期时间，请写成 2026-11-21T14:30:00Z 这样")
            }
            Problem::NotABoolean { given } => format!("“{given}”既不是“是”也不是“否”"),
            Problem::NotAChoice { given, allowed } => {
                format!("“{given}”不在可选值中，可选：{}", allowed.join("、"))
            }
            Problem::NotAnEmail { given } => format!("“{given}”不是邮箱地址，请写成 name@example.com 这样"),
            Problem::NotAPhone { given } => {
                format!("“{given}”不是电话号码，请写成 138 0000 8000 或 +86 10 6000 0000 这样")
            }
            Problem::NotAUrl { given } => format!("“{given}”不是网址，请写成 https://example.com 这样"),
            Problem::NotAReference { given } => format!("“{given}”不是记录编号，请选择一条记录"),
            Problem::NoSuchRecord { entity } => format!("没有这个{}，或您无权查看，请另选", entity.zh),
            Problem::Taken { given } => format!("“{given}”已被另一条记录使用，请换一个值"),
            Problem::WrongType { expected } => format!("类型不对，应为 {expected}"),
            Problem::Rule(label) => label.zh.clone(),
        }
    }
}
