//! What can be wrong with a whole file, said in English or Chinese, each with its remedy.

use serde::{Deserialize, Serialize};

/// The language messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN", alias = "zh")]
    Chinese,
}

/// A file that cannot be read as a table. `Display` is English; [`TableError::message`] is either language.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the file cannot be read: {0}")]
    Io(std::io::Error),
    #[error("the file is empty: choose a file with a header row and data")]
    Empty,
    #[error(
        "no header row found in the first {looked_at} rows: put column names above the data, or say which row holds them"
    )]
    NoHeader { looked_at: usize },
    #[error("row {row} is not there or is empty, so it cannot be the header row")]
    NoSuchHeaderRow { row: u64 },
    #[error("unknown encoding “{0}”: use one such as UTF-8, GB18030, UTF-16LE or windows-1252")]
    UnknownEncoding(String),
    #[error("“{0}” cannot separate columns: use a single ASCII character such as , ; | or a tab")]
    BadDelimiter(char),
    #[error("there is no sheet “{name}”; this workbook has: {}", sheets.join(", "))]
    NoSuchSheet { name: String, sheets: Vec<String> },
    #[error("the file is protected by a password: remove the password and try again")]
    PasswordProtected,
    /// What it is, in English and Chinese.
    #[error("this is {0}, not a table: save it as .xlsx or .csv and try again")]
    NotATable(&'static str, &'static str),
    #[error("no table in this archive; it holds: {}", members.join(", "))]
    NoTableInArchive { members: Vec<String> },
    #[error("there is no file “{name}” in this archive; it holds: {}", members.join(", "))]
    NoSuchMember { name: String, members: Vec<String> },
    #[error("archives lie inside one another more than {0} deep: unpack the table and try again")]
    NestedTooDeep(usize),
    #[error(
        "the file grows suspiciously when unpacked (past {limit} bytes): unpack it yourself and import the table"
    )]
    GrowsTooMuch { limit: u64 },
    #[error(
        "a quotation mark opened on line {line} is never closed: close it, or double it if it belongs to the text"
    )]
    QuoteNeverClosed { line: u64 },
    #[error("line {line} is longer than {limit} bytes: check the line ends and the quotation marks")]
    LineTooLong { line: u64, limit: usize },
    #[error("line {line} has more than {limit} columns: check the delimiter")]
    TooManyColumns { line: u64, limit: usize },
    #[error("the workbook is damaged ({0}): open it in a spreadsheet program and save it again")]
    DamagedWorkbook(String),
    #[error("the archive is damaged ({0}): pack the table again")]
    DamagedArchive(String),
}

impl TableError {
    /// The message in the reader's language.
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::English => self.to_string(),
            Language::Chinese => self.chinese(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Io(e) => format!("无法读取文件：{e}"),
            Self::Empty => "文件是空的：请选择含有表头和数据的文件".into(),
            Self::NoHeader { looked_at } => {
                format!("前 {looked_at} 行中没有找到表头：请在数据上方写上列名，或指定表头所在的行")
            }
            Self::NoSuchHeaderRow { row } => format!("第 {row} 行不存在或为空，不能作为表头"),
            Self::UnknownEncoding(name) => {
                format!("无法识别的编码“{name}”：请使用 UTF-8、GB18030、UTF-16LE、windows-1252 等")
            }
            Self::BadDelimiter(c) => format!("“{c}”不能作为分隔符：请使用单个英文字符，如 , ; | 或制表符"),
            Self::NoSuchSheet { name, sheets } => {
                format!("没有名为“{name}”的工作表；现有：{}", sheets.join("、"))
            }
            Self::PasswordProtected => "文件设有密码：请去掉密码后重试".into(),
            Self::NotATable(_, what) => format!("这是{what}，不是表格：请另存为 .xlsx 或 .csv 后重试"),
            Self::NoTableInArchive { members } => {
                format!("压缩包里没有表格；其中有：{}", members.join("、"))
            }
            Self::NoSuchMember { name, members } => {
                format!("压缩包里没有文件“{name}”；其中有：{}", members.join("、"))
            }
            Self::NestedTooDeep(depth) => format!("压缩包嵌套超过 {depth} 层：请解压出表格后重试"),
            Self::GrowsTooMuch { limit } => {
                format!("解压后异常庞大（超过 {limit} 字节）：请自行解压后导入表格")
            }
            Self::QuoteNeverClosed { line } => {
                format!("第 {line} 行的引号没有结束：请补上引号；若引号属于内容，请写成两个")
            }
            Self::LineTooLong { line, limit } => {
                format!("第 {line} 行超过 {limit} 字节：请检查换行和引号")
            }
            Self::TooManyColumns { line, limit } => {
                format!("第 {line} 行超过 {limit} 列：请检查分隔符")
            }
            Self::DamagedWorkbook(detail) => {
                format!("工作簿已损坏（{detail}）：请用电子表格软件打开并重新保存")
            }
            Self::DamagedArchive(detail) => format!("压缩包已损坏（{detail}）：请重新压缩"),
        }
    }
}

impl From<std::io::Error> for TableError {
    /// Readers stacked on one another pass our own errors through `io::Error`; they come out as they went in.
    fn from(error: std::io::Error) -> Self {
        match error.downcast::<TableError>() {
            Ok(ours) => ours,
            Err(other) => Self::Io(other),
        }
    }
}

impl From<TableError> for std::io::Error {
    fn from(error: TableError) -> Self {
        std::io::Error::other(error)
    }
}
