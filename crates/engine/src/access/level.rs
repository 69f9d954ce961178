//! What can be done with a record, and on whose records.

use meta::{Label, label};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Action {
    #[default]
    Read,
    Create,
    Update,
    Delete,
    Export,
    Import,
    Merge,
}

impl Action {
    /// In the order people read them in.
    pub const ALL: [Action; 7] = [
        Action::Create,
        Action::Read,
        Action::Update,
        Action::Delete,
        Action::Export,
        Action::Import,
        Action::Merge,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Read => "read",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Export => "export",
            Action::Import => "import",
            Action::Merge => "merge",
        }
    }
    pub fn label(self) -> Label {
        match self {
            Action::Create => label("create", "新建"),
            Action::Read => label("see", "查看"),
            Action::Update => label("change", "修改"),
            Action::Delete => label("delete", "删除"),
            Action::Export => label("export", "导出"),
            Action::Import => label("import", "导入"),
            Action::Merge => label("merge", "合并"),
        }
    }
}

/// On whose records; a higher one includes the lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
    None,
    Own,
    Team,
    TeamAndBelow,
    All,
}

impl Level {
    pub const ALL: [Level; 5] = [Level::None, Level::Own, Level::Team, Level::TeamAndBelow, Level::All];

    pub fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Own => "own",
            Level::Team => "team",
            Level::TeamAndBelow => "team_and_below",
            Level::All => "all",
        }
    }
    /// What nobody wrote down is not allowed.
    pub fn parse(name: &str) -> Level {
        Level::ALL.into_iter().find(|level| level.name() == name).unwrap_or_default()
    }
    pub fn label(self) -> Label {
        match self {
            Level::None => label("None", "无"),
            Level::Own => label("Own", "本人"),
            Level::Team => label("Team", "本团队"),
            Level::TeamAndBelow => label("Team and below", "本团队及下级"),
            Level::All => label("All", "全部"),
        }
    }
}
