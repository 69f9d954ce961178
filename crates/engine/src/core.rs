//! The engine's own entities: the people who use the program, exchange rates, saved views, import runs.

use crate::Module;
use meta::{
    Decimal, Draft, Entity, boolean, choice, date, decimal, email, instant, integer, json, label, long_text,
    reference, text,
};

pub fn module() -> Module {
    let module = Module::new("core")
        .labels("Administration", "系统管理")
        .entity(user())
        .entity(team())
        .entity(exchange_rate())
        .entity(saved_view())
        .entity(import_run())
        .before_save("exchange_rate", check_rate);
    let module = crate::access::add(crate::audit::add(module));
    crate::custom::add(crate::merge::add(crate::privacy::add(module)))
}

fn user() -> Entity {
    Entity::new("user")
        .labels("User", "Users", "用户")
        .icon("user")
        .hint("The people who sign in.", "可以登录系统的人员。")
        .field(text("name").zh("姓名").required().searched().indexed().personal())
        .field(email("email").label("E-mail", "邮箱").required().unique().searched().indexed().personal())
        .field(
            choice(
                "role",
                &[
                    ("administrator", "Administrator", "管理员", "purple"),
                    ("user", "User", "普通用户", "blue"),
                ],
            )
            .label("Account type", "账号类型")
            .required()
            .default_value("user"),
        )
        .field(
            choice("language", &[("zh-CN", "Chinese", "中文", "grey"), ("en", "English", "英文", "grey")])
                .zh("语言"),
        )
        .field(reference("team", "team").zh("团队"))
        .field(boolean("active").zh("在用").default_value(true).indexed())
        .list(["name", "email", "role", "team", "active"])
        .sort("name")
        .persons()
        .open()
        .admin_only()
}

fn team() -> Entity {
    Entity::new("team")
        .labels("Team", "Teams", "团队")
        .icon("users-group")
        .hint("Departments and branches.", "部门与分支机构。")
        .field(text("name").zh("名称").required().unique().searched().indexed())
        .field(reference("parent_team", "team").label("Belongs to", "上级团队"))
        .field(reference("lead", "user").label("Lead", "负责人"))
        .list(["name", "parent_team", "lead"])
        .sort("name")
        .open()
        .admin_only()
}

fn exchange_rate() -> Entity {
    Entity::new("exchange_rate")
        .labels("Exchange rate", "Exchange rates", "汇率")
        .icon("currency-yuan")
        .hint(
            "How much of the company's currency one unit of another is worth.",
            "一单位外币折合公司本位币的金额。",
        )
        .field(text("currency").zh("币种").required().indexed())
        .field(date("valid_on").label("Valid from", "生效日期").required().indexed())
        .field(decimal("rate", 8).zh("汇率").required())
        .title("currency")
        .list(["currency", "valid_on", "rate"])
        .sort("-valid_on")
        .open()
        .admin_only()
}

fn check_rate(draft: &mut Draft<'_>) {
    draft.check_currency("currency");
    if draft.get("rate").as_decimal().is_some_and(|rate| rate <= Decimal::ZERO) {
        draft.reject("rate", label("must be greater than zero", "必须大于零"));
    }
}

fn saved_view() -> Entity {
    Entity::new("saved_view")
        .labels("Saved view", "Saved views", "视图")
        .icon("bookmark")
        .hint("A list with its filter, order and columns.", "保存了筛选、排序和列的列表。")
        .field(text("name").zh("名称").required())
        .field(text("entity").label("List", "列表").required().indexed())
        .field(long_text("filter").zh("筛选条件"))
        .field(text("sort").zh("排序"))
        .field(json("columns").zh("列"))
        .field(boolean("shared").label("For everybody", "所有人可用").default_value(false))
        .field(reference("owner", "user").zh("所有者"))
        .list(["name", "entity", "shared", "owner"])
        .personal("owner", "shared")
}

fn import_run() -> Entity {
    Entity::new("import_run")
        .labels("Import", "Imports", "导入批次")
        .icon("file-import")
        .hint("Files brought in, with what became of them.", "导入过的文件及其结果。")
        .field(text("file_name").label("File", "文件").required().searched())
        .field(text("kind").zh("类型").required())
        .field(text("source").zh("来源").indexed())
        .field(
            choice(
                "state",
                &[
                    ("mapping", "Mapping", "待对应列", "grey"),
                    ("queued", "Queued", "排队中", "grey"),
                    ("running", "Running", "导入中", "blue"),
                    ("finished", "Finished", "已完成", "green"),
                    ("cancelled", "Cancelled", "已取消", "yellow"),
                    ("failed", "Failed", "失败", "red"),
                    ("reverting", "Reverting", "撤销中", "orange"),
                    ("reverted", "Reverted", "已撤销", "orange"),
                ],
            )
            .zh("状态")
            .required()
            .computed()
            .default_value("mapping"),
        )
        .field(json("mapping").label("Columns", "列对应"))
        .field(text("file_path").label("Stored file", "已存文件").computed())
        .field(text("error_path").label("Error file", "错误文件").computed())
        .field(text("job").label("Job", "后台任务").computed())
        // Written with each batch, in its transaction; a log entry per batch would drown the rest.
        .field(integer("rows").label("Rows read", "已读行数").figure())
        .field(integer("rows_imported").label("Rows imported", "导入行数").figure())
        .field(integer("errors").label("Rows with errors", "错误行数").figure())
        .field(json("counts").label("Records made", "生成的记录").figure())
        .field(json("progress").label("Progress", "进度").figure())
        .field(text("message").label("Message", "说明").computed())
        .field(instant("started_at").label("Started", "开始时间").computed().indexed())
        .field(instant("finished_at").label("Finished", "结束时间").computed())
        .title("file_name")
        .list(["file_name", "kind", "source", "state", "rows", "errors", "started_at"])
        .sort("-created_at")
        .owned_by("created_by")
        .own()
}
