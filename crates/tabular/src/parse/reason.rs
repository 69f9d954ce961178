//! Why a cell is not the value it should be, in English and Chinese, with the remedy.

use crate::Language;

/// `Display` is English; [`CellError::message`] is either language. The text is the cell as it stands, shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    #[error("“{0}” is not a number")]
    NotANumber(String),
    #[error("“{0}”: thousands must be grouped by three digits, like 1,234.56")]
    BadGrouping(String),
    #[error("“{0}” is too large or too precise a number")]
    NumberOutOfRange(String),
    #[error("“{0}” must be a whole number")]
    NotWhole(String),
    #[error("“{0}” is not a date; write it like 2024-05-31")]
    NotADate(String),
    #[error("“{0}”: there is no such day in the calendar")]
    NoSuchDay(String),
    #[error("“{cell}”: the column's other dates have the {} first, which here makes month {month}; write it like 2024-05-31", if *.day_first { "day" } else { "month" })]
    MonthOutOfRange { cell: String, day_first: bool, month: u32 },
    #[error("“{0}” has no valid time of day; write it like 2024-05-31 14:30")]
    NotATime(String),
    #[error("“{0}” is neither yes nor no")]
    NotABoolean(String),
    #[error("the cell holds the spreadsheet error {0}; correct the formula")]
    SpreadsheetError(String),
    #[error("“{0}” has unreadable characters; save the file as UTF-8 or choose its encoding")]
    UnreadableCharacters(String),
}

impl CellError {
    /// The reason in the reader's language.
    pub fn message(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        match self {
            Self::NotANumber(cell) => format!("“{cell}”不是数字"),
            Self::BadGrouping(cell) => format!("“{cell}”：千位分隔应为每三位一组，如 1,234.56"),
            Self::NumberOutOfRange(cell) => format!("“{cell}”超出数字的范围或精度"),
            Self::NotWhole(cell) => format!("“{cell}”应为整数"),
            Self::NotADate(cell) => format!("“{cell}”不是日期，请写成 2024-05-31 的形式"),
            Self::NoSuchDay(cell) => format!("“{cell}”：没有这一天"),
            Self::MonthOutOfRange { cell, day_first, month } => {
                let order = if *day_first { "日在前" } else { "月在前" };
                format!("“{cell}”：该列其他日期{order}，这里的月份就成了 {month}，请写成 2024-05-31 的形式")
            }
            Self::NotATime(cell) => format!("“{cell}”中的时间无效，请写成 2024-05-31 14:30 的形式"),
            Self::NotABoolean(cell) => format!("“{cell}”既不是“是”也不是“否”"),
            Self::SpreadsheetError(code) => format!("单元格是表格错误值 {code}，请改正公式"),
            Self::UnreadableCharacters(cell) => {
                format!("“{cell}”含有乱码，请将文件另存为 UTF-8 或指定编码")
            }
        }
    }
}
