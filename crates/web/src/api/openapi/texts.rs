//! The words of the API's description, in both languages.

use meta::{Entity, Field, Kind, Lang};

#[derive(Clone, Copy)]
pub struct Texts(pub Lang);

const INTRODUCTION_EN: &str = "\
Every request carries a token: `Authorization: Bearer zk_…`. Make one on the page *Your account*; it acts with your rights.

**Filters** are conditions in CEL syntax, the same as in lists: `kind == 'company' && city.contains('青') && created_at >= days_ago(30)`. \
`==` `!=` `<` `<=` `>` `>=` `in [..]` `&&` `||` `!`, `.contains` `.startsWith` `.endsWith`, `field == null`, one step through a reference \
(`account.city`), `today()`, `days_ago(n)`, `me()`, dates as `'2026-01-31'`.

**Paging**: a page has `data` and `next`; give `next` as `after` of the following request until it is null.

**Numbers** with decimals (money, percent, quantity) are answered as strings, so that nothing is rounded; both strings and numbers are accepted.

**Versions**: a record's `ETag` names its version. Send it as `If-Match` with a change, and a change by somebody else in the meantime is answered with 412 instead of being overwritten.

**Repeating safely**: a write with `Idempotency-Key` that is sent again gives the first answer again (kept for 48 hours) and writes nothing.

**Rates**: `RateLimit-Policy` says how many requests are fine, `RateLimit` how many are left; beyond it is 429 with `Retry-After`.

**Failures** are `application/problem+json` in the language of `Accept-Language`: `detail` is for people, `type` and `errors[].code` for programs.";

const INTRODUCTION_ZH: &str = "\
每个请求须携带令牌：`Authorization: Bearer zk_…`。在“个人资料”页面创建，令牌拥有您本人的权限。

**筛选**采用 CEL 语法，与列表中的条件相同：`kind == 'company' && city.contains('青') && created_at >= days_ago(30)`。\
可用 `==` `!=` `<` `<=` `>` `>=` `in [..]` `&&` `||` `!`、`.contains` `.startsWith` `.endsWith`、`field == null`、一级引用\
（`account.city`）、`today()`、`days_ago(n)`、`me()`，日期写作 `'2026-01-31'`。

**翻页**：结果包含 `data` 与 `next`，把 `next` 作为下一次请求的 `after`，直到它为 null。

**带小数的数值**（金额、百分比、数量）以字符串返回，避免舍入；写入时字符串和数字均可。

**版本**：记录的 `ETag` 表示其版本。修改时以 `If-Match` 带上，若期间已被他人修改，则返回 412 而不会覆盖。

**安全重试**：带 `Idempotency-Key` 的写入重复发送时，返回首次的结果（保留 48 小时），不会重复写入。

**频率**：`RateLimit-Policy` 给出允许的请求次数，`RateLimit` 给出剩余次数；超出时返回 429 与 `Retry-After`。

**错误**以 `application/problem+json` 返回，语言由 `Accept-Language` 决定：`detail` 给人看，`type` 与 `errors[].code` 给程序用。";

impl Texts {
    pub(super) fn pick(self, en: impl Into<String>, zh: impl Into<String>) -> String {
        match self.0 {
            Lang::En => en.into(),
            Lang::Zh => zh.into(),
        }
    }

    /// “verb entity” in English, verb + entity in Chinese.
    fn of(self, entity: &Entity, en: &str, zh: &str) -> String {
        self.pick(
            en.replace("{}", &entity.label.en.to_lowercase())
                .replace("{s}", &entity.plural.en.to_lowercase()),
            zh.replace("{}", &entity.label.zh),
        )
    }

    pub fn title(self) -> String {
        self.pick("Zhike API", "知客 API")
    }
    pub fn introduction(self) -> String {
        self.pick(INTRODUCTION_EN, INTRODUCTION_ZH)
    }
    pub fn general(self) -> String {
        self.pick("Search and description", "搜索与元数据")
    }
    pub fn token(self) -> String {
        self.pick("A token from the page “Your account”.", "在“个人资料”页面创建的令牌。")
    }

    pub fn parameter(self, name: &str) -> String {
        match name {
            "id" => self.pick("The record's id.", "记录编号。"),
            "user" => self.pick("Whose rights; your own if left out.", "要查询的用户，不填则为自己。"),
            "reason" => self.pick("On whose request; recorded.", "应何人请求，将被记录。"),
            "filter" => self.pick("A condition in CEL syntax.", "CEL 语法的条件。"),
            "after" => self.pick("The `next` of the page before.", "上一页返回的 `next`。"),
            "limit" => self.pick("How many at most.", "最多返回多少条。"),
            "fields" => self.pick(
                "Only these fields, separated by commas; `id` and `version` are always there.",
                "只返回这些字段，以逗号分隔；`id` 与 `version` 总会返回。",
            ),
            "q" => self.pick(
                "Words the record must contain; parts of words and pinyin count.",
                "记录须包含的词，支持词的片段和拼音。",
            ),
            "count" => self.pick("Also count the matches.", "同时返回符合条件的数量。"),
            "deleted" => self.pick("Deleted records instead of live ones.", "返回已删除的记录。"),
            "before" => self.pick("Only what happened before.", "只返回此时刻之前的内容。"),
            "If-Match" => self.pick("The record must still have this version.", "记录须仍为此版本。"),
            "If-None-Match" => self
                .pick("The ETag known already: 304 if it is still right.", "已知的 ETag，未变则返回 304。"),
            "Idempotency-Key" => self.pick(
                "Any text of up to 255 characters, new for each write.",
                "不超过 255 个字符的任意文本，每次写入各用一个。",
            ),
            "format" => self.pick(
                "`csv` or `ndjson`; without it `Accept` decides, else it is `ndjson`.",
                "`csv` 或 `ndjson`；未给出时由 `Accept` 决定，默认 `ndjson`。",
            ),
            "Accept-Language" => self.pick("`zh-CN` or `en`.", "`zh-CN` 或 `en`。"),
            "source" => self.pick("The other system, e.g. `erp`.", "外部系统，如 `erp`。"),
            "number" => self.pick("The record's number there.", "记录在该系统中的编号。"),
            "entity" => self.pick("Only records of this entity.", "只搜索此类记录。"),
            _ => String::new(),
        }
    }

    pub fn header(self, name: &str) -> String {
        match name {
            "ETag" => self.pick("The record's version and content.", "记录的版本与内容标识。"),
            "Location" => self.pick("The record's address.", "记录的地址。"),
            "Allow" => self.pick("The methods of this address.", "此地址支持的方法。"),
            "Retry-After" => self.pick("Seconds to wait.", "需等待的秒数。"),
            "Idempotent-Replayed" => self.pick("`true`: the first answer again.", "`true`：这是首次的结果。"),
            "RateLimit-Policy" => self.pick(
                "`\"token\";q=600;w=60`: 600 requests in 60 seconds.",
                "`\"token\";q=600;w=60`：每 60 秒 600 次请求。",
            ),
            _ => self.pick(
                "`\"token\";r=599;t=1`: 599 requests left, all of them again in a second.",
                "`\"token\";r=599;t=1`：还可请求 599 次，1 秒后恢复全部。",
            ),
        }
    }

    pub fn failure(self, name: &str) -> String {
        match name {
            "bad_request" => self.pick("The request cannot be read.", "请求无法解析。"),
            "sign_in" => self.pick("No valid token.", "没有有效的令牌。"),
            "forbidden" => self.pick("The token's user may not do this.", "令牌所属用户无权执行此操作。"),
            "not_found" => self.pick("No such record or entity.", "没有此记录或实体。"),
            "conflict" => self.pick("The record was changed in the meantime.", "记录已被他人修改。"),
            "precondition_failed" => {
                self.pick("The record is not at the version of If-Match.", "记录版本与 If-Match 不符。")
            }
            "too_large" => self.pick("Too much at once.", "一次提交过多。"),
            "rate_limited" => self.pick("Too many requests; wait.", "请求过于频繁，请稍候。"),
            "invalid" => self.pick("Values that cannot be saved.", "有不能保存的值。"),
            _ => self.pick("The database does not answer; try again.", "数据库暂无响应，请重试。"),
        }
    }

    pub fn field(self, field: &Field) -> String {
        let mut text = field.label.get(self.0).to_owned();
        if let Some(help) = &field.help {
            text += &self.pick(format!(". {}", help.en), format!("。{}", help.zh));
        }
        match &field.kind {
            Kind::Choice(choices) => {
                let named = choices.iter().map(|c| format!("`{}` {}", c.value, c.label.get(self.0)));
                text += &format!(": {}", named.collect::<Vec<_>>().join(", "));
            }
            Kind::Reference { entity } => text += &format!(" → `{entity}`"),
            Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
                let decimals = self.decimals(field.scale().unwrap_or_default());
                text += &self.pick(format!(" ({decimals})"), format!("（{decimals}）"));
            }
            _ => {}
        }
        text
    }

    pub fn version(self) -> String {
        self.pick("Counts the writes.", "每次写入加一。")
    }
    pub fn detail(self) -> String {
        self.pick("What is wrong and what to do, for people.", "出了什么问题、如何处理，供人阅读。")
    }
    pub fn changes(self) -> String {
        self.pick("Field → [old, new].", "字段 → [旧值, 新值]。")
    }
    pub fn external_ids(self) -> String {
        self.pick(
            "Source → the record's number there; null removes it.",
            "来源 → 记录在该系统中的编号，null 表示去掉。",
        )
    }
    pub fn decimals(self, scale: u32) -> String {
        self.pick(format!("at most {scale} decimals"), format!("最多 {scale} 位小数"))
    }
    pub fn lines(self, child: &Entity) -> String {
        self.pick(
            format!(
                "{}. In a change the list replaces all: with `id` a line is changed, without it created, and what is left out is deleted.",
                child.plural.en
            ),
            format!("{}。修改时以此列表为准：带 `id` 的修改，不带的新建，未列出的删除。", child.label.zh),
        )
    }
    pub fn sort(self) -> String {
        self.pick("An indexed field; `-` in front turns it round.", "按已建索引的字段排序，前加 `-` 为倒序。")
    }

    pub fn list(self, entity: &Entity) -> String {
        self.of(entity, "List {s}", "查询{}")
    }
    pub fn list_more(self, cap: u64) -> String {
        self.pick(format!("Counts stop at {cap}."), format!("数量最多数到 {cap}。"))
    }
    pub fn export(self, entity: &Entity) -> String {
        self.of(entity, "Export {s}", "导出{}")
    }
    pub fn export_more(self) -> String {
        self.pick(
            "All matches as a stream, a record per line. If it breaks off, the connection does: the list is not whole.",
            "以流的形式返回全部结果，每行一条记录。若连接中断，则列表不完整。",
        )
    }
    pub fn create(self, entity: &Entity) -> String {
        self.of(entity, "Create a {}", "新建{}")
    }
    pub fn get(self, entity: &Entity) -> String {
        self.of(entity, "Get a {}", "读取{}")
    }
    pub fn with_lines(self) -> String {
        self.pick("With its lines.", "包含明细。")
    }
    pub fn change(self, entity: &Entity) -> String {
        self.of(entity, "Change a {}", "修改{}")
    }
    pub fn change_more(self) -> String {
        self.pick("Only the given fields are changed.", "只修改给出的字段。")
    }
    pub fn replace(self, entity: &Entity) -> String {
        self.of(entity, "Replace a {}", "整体替换{}")
    }
    pub fn replace_more(self) -> String {
        self.pick(
            "Fields that are left out are emptied or get their default.",
            "未给出的字段将被清空或恢复默认值。",
        )
    }
    pub fn delete(self, entity: &Entity) -> String {
        self.of(entity, "Delete a {}; it can be restored", "删除{}（可恢复）")
    }
    pub fn restore(self, entity: &Entity) -> String {
        self.of(entity, "Restore a deleted {}", "恢复已删除的{}")
    }
    pub fn timeline(self, entity: &Entity) -> String {
        self.of(entity, "What happened around a {}", "{}的往来动态")
    }
    pub fn history(self, entity: &Entity) -> String {
        self.of(entity, "Who changed what of a {}", "{}的修改记录")
    }
    pub fn access(self, entity: &Entity) -> String {
        self.of(entity, "What a user may do with a {}, and why", "某用户对{}的权限及原因")
    }
    pub fn a_verdict(self) -> String {
        self.pick("What the user may do, and why.", "该用户的权限及原因。")
    }
    pub fn person_data(self, entity: &Entity) -> String {
        self.of(
            entity,
            "Everything about a {} who is a person; the request is recorded",
            "导出{}（个人）的全部信息，并记录此次请求",
        )
    }
    pub fn erasure(self, entity: &Entity) -> String {
        self.of(entity, "What erasing the personal data of a {} would reach", "擦除{}个人信息会涉及的范围")
    }
    pub fn erase(self, entity: &Entity) -> String {
        self.of(entity, "Erase the personal data of a {} for good", "永久擦除{}的个人信息")
    }
    pub fn erase_more(self) -> String {
        self.pick("Administrators only. Cannot be undone.", "仅限管理员，不可撤销。")
    }
    pub fn duplicates(self, entity: &Entity) -> String {
        self.of(entity, "Records that are probably the same as a {}", "可能与{}重复的记录")
    }
    pub fn merge(self, entity: &Entity) -> String {
        self.of(entity, "Merge others into a {}", "将其他记录并入{}")
    }
    pub fn merge_more(self) -> String {
        self.pick(
            "What refers to the others refers to this afterwards; they are deleted, and their address leads here (307).",
            "引用其他记录的数据改为引用此记录；其他记录被删除，其地址会转到此记录（307）。",
        )
    }
    pub fn merged_records(self) -> String {
        self.pick("The others, which are deleted.", "要并入并删除的其他记录。")
    }
    pub fn merged_values(self) -> String {
        self.pick(
            "What the record holds afterwards, by field. Others keep its value, or take that of the first record that has one.",
            "合并后各字段的值；未列出的字段保留原值，原值为空时取第一条有值记录的值。",
        )
    }
    pub fn unmerge(self, entity: &Entity) -> String {
        self.of(entity, "Undo a merge into a {}", "撤销并入{}的合并")
    }
    pub fn a_reason(self) -> String {
        self.pick("Letter of 3 March", "3 月 3 日来信")
    }
    pub fn batch(self, entity: &Entity) -> String {
        self.of(entity, "Write many {s}", "批量写入{}")
    }
    pub fn batch_more(self, limit: usize) -> String {
        self.pick(
            format!("Up to {limit} operations in one transaction: all of them or none."),
            format!("一个事务内最多 {limit} 个操作，要么全部成功，要么全部不做。"),
        )
    }
    pub fn by_number(self, entity: &Entity) -> String {
        self.of(entity, "Get a {} by its number elsewhere", "按外部编号读取{}")
    }
    pub fn upsert(self, entity: &Entity) -> String {
        self.of(entity, "Create or change a {} by its number elsewhere", "按外部编号新建或修改{}")
    }
    pub fn upsert_more(self) -> String {
        self.pick(
            "Only the given fields are changed; a deleted record comes back.",
            "只修改给出的字段；已删除的记录会恢复。",
        )
    }
    pub fn search(self) -> String {
        self.pick("Search everything", "搜索全部资料")
    }
    pub fn describe(self) -> String {
        self.pick("Entities and their fields", "实体与字段")
    }
    pub fn document(self) -> String {
        self.pick("This description", "本接口描述")
    }
    pub fn a_page(self) -> String {
        self.pick("A page.", "一页结果。")
    }
    pub fn the_record(self) -> String {
        self.pick("The record.", "记录。")
    }
    pub fn created(self) -> String {
        self.pick("Created; `Location` says where.", "已新建，地址见 `Location`。")
    }
    pub fn unchanged(self) -> String {
        self.pick("Unchanged.", "未变化。")
    }
    pub fn merged_away(self) -> String {
        self.pick(
            "Merged into another record, whose address `Location` is.",
            "已合并到另一条记录，其地址见 `Location`。",
        )
    }
    pub fn done(self) -> String {
        self.pick("Done.", "已完成。")
    }
}
