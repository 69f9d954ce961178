//! Plain lists of customers, contacts, products and activities.

use crate::ground::{Company, decimal, on_both, open, options};
use import::{Kind, UPDATED};

const CUSTOMERS: &str = "\
客户编号,客户名称,类型,手机,邮箱,行业,城市,客户等级,备注,上级单位
K1,青岛果业有限公司,公司,138 0000 8000,Info@QDGY.cn,水果,青岛,VIP,老客户,
K2,张三,个人,,zhang@example.com,,烟台,普通,,青岛果业有限公司
K3,无名,外星人,,,,,,,
";

#[test]
fn customers_are_made_then_updated_and_never_doubled() {
    on_both(async |company| {
        let path = company.file("customers.csv", CUSTOMERS);
        let first = company.import(Kind::Accounts, &path, &options()).await;
        assert_eq!((first.progress.imported, first.progress.errors), (2, 1));
        assert_eq!(company.count("account").await, 2);
        let fruit = company.one("account", "name == '青岛果业有限公司'").await;
        assert_eq!((fruit.text("phone"), fruit.text("email")), ("+8613800008000", "info@qdgy.cn"));
        assert_eq!((fruit.text("importance_override"), fruit.text("kind")), ("vip", "company"));
        let person = company.one("account", "name == '张三'").await;
        assert_eq!((person.text("kind"), person.reference("parent_account")), ("person", Some(fruit.id)));
        let bad = std::fs::read_to_string(first.error_path.unwrap()).unwrap();
        assert!(bad.contains("4,类型,\"“外星人” is not one of the choices: use Company, Person\""), "{bad}");

        let again = company.import(Kind::Accounts, &path, &options()).await;
        assert_eq!((again.progress.made("account"), again.progress.made(UPDATED)), (0, 0));
        let moved = company.file("moved.csv", "客户编号,客户名称,城市\nK2,张三,威海\n");
        let update = company.import(Kind::Accounts, &moved, &options()).await;
        assert_eq!((update.progress.made("account"), update.progress.made(UPDATED)), (0, 1));
        // Without a number the e-mail tells who it is; another number is another customer.
        let by_email = company.file("mail.csv", "名称,邮箱,城市\n张三,zhang@example.com,日照\n");
        company.import(Kind::Accounts, &by_email, &options()).await;
        let other = company.file("other.csv", "客户编号,客户名称\nK9,张三\n");
        company.import(Kind::Accounts, &other, &options()).await;
        assert_eq!(company.one("account", "email == 'zhang@example.com'").await.text("city"), "日照");
        assert_eq!(company.count("account").await, 3);
    });
}

#[test]
fn a_dry_run_of_customers_counts_the_same() {
    on_both(async |company| {
        let path = company.file("customers.csv", CUSTOMERS);
        let control = import::Control::none();
        let dry = import::dry_run(
            &company.engine,
            &engine::Actor::system(),
            Kind::Accounts,
            &path,
            &options(),
            &control,
        )
        .await
        .unwrap();
        assert_eq!(company.count("account").await, 0);
        let real = company.import(Kind::Accounts, &path, &options()).await;
        assert_eq!(dry.progress.made("account"), real.progress.made("account"));
        assert_eq!(dry.progress.errors, real.progress.errors);
    });
}

#[test]
fn contacts_find_their_customer_and_products_their_category() {
    on_both(async |company| {
        let contacts = "First name,Last name,Company,Title,Mobile,E-mail\nAnn,Lee,Acme Ltd,Buyer,13800008001,ann@acme.com\nBob,Ray,Acme Ltd,,,bob@acme\n三,张,青岛果业,经理,13900009000,\n";
        let path = company.file("contacts.csv", contacts);
        let outcome = company.import(Kind::Contacts, &path, &options()).await;
        assert_eq!((outcome.progress.imported, outcome.progress.errors), (2, 1));
        let ann = company.one("contact", "name == 'Ann Lee'").await;
        assert_eq!(ann.reference("account"), Some(company.one("account", "name == 'Acme Ltd'").await.id));
        assert_eq!(company.one("contact", "name == '张三'").await.text("mobile"), "+8613900009000");
        let again = company.import(Kind::Contacts, &path, &options()).await;
        assert_eq!((again.progress.made("contact"), again.progress.made("account")), (0, 0));

        let products = "产品编码,产品名称,类别,子类别,售价,成本\nA1,苹果,水果,仁果,\"1,299.50\",800\nA2,梨,水果,仁果,5,3\n";
        let path = company.file("products.csv", products);
        for expected in [2, 0] {
            let outcome = company.import(Kind::Products, &path, &options()).await;
            assert_eq!((outcome.progress.made("product"), outcome.progress.errors), (expected, 0));
        }
        let apple = company.one("product", "code == 'A1'").await;
        assert_eq!((decimal(&apple, "price"), decimal(&apple, "cost")), ("1299.5".into(), "800".into()));
        let category = company.one("product_category", "name == '仁果'").await;
        assert_eq!(apple.reference("category"), Some(category.id));
        // An order file of another system finds the product by its code.
        let orders = "InvoiceNo,InvoiceDate,StockCode,Quantity,UnitPrice\n1,2024-01-02,A1,1,9\n";
        let outcome = company.orders(orders).await;
        assert_eq!((outcome.progress.made("product"), outcome.progress.made("order")), (0, 1));
    });
}

#[test]
fn activities_go_to_their_customers_timeline_once() {
    on_both(async |company| {
        let text = "Date,Type,Subject,Customer,Contact,Notes,Status\n2024-05-01 10:00,Phone call,Price list,Acme Ltd,Ann Lee,Sent it,Done\n2024-05-02 11:00,拜访,样品,Acme Ltd,,,open\n2024-05-03,smoke signal,x,Acme Ltd,,,\n";
        let path = company.file("activities.csv", text);
        for expected in [2, 0] {
            let outcome = company.import(Kind::Activities, &path, &options()).await;
            assert_eq!((outcome.progress.made("activity"), outcome.progress.errors), (expected, 1));
        }
        let call = company.one("activity", "subject == 'Price list'").await;
        assert_eq!((call.text("kind"), call.get("done").as_bool()), ("call", Some(true)));
        let contact = company.one("contact", "name == 'Ann Lee'").await;
        assert_eq!(call.reference("contact"), Some(contact.id));
        assert_eq!(call.get("happened_at").to_json(), "2024-05-01T10:00:00Z");
        assert_eq!(company.one("activity", "subject == '样品'").await.text("kind"), "visit");
    });
}

#[test]
fn custom_fields_are_filled_from_columns_called_like_them_or_mapped_to_them() {
    on_both(async |first: Company| {
        let declare = [
            ("Club card", "会员卡", "choice", "Gold | Gold | 金卡\nnone"),
            ("Height", "身高", "decimal", ""),
            ("VIN", "车架号", "text", ""),
        ];
        for (english, chinese, kind, choices) in declare {
            let fields = meta::Values::from([
                ("entity", "account".into()),
                ("english_label", english.into()),
                ("chinese_label", chinese.into()),
                ("kind", kind.into()),
                ("choices", if choices.is_empty() { meta::Value::Null } else { choices.into() }),
            ]);
            let made = first.engine.write(&first.actor, move |tx| {
                Box::pin(async move { tx.create("custom_field", fields).await })
            });
            made.await.unwrap();
        }
        let company = open(first.database.clone(), &first.folder).await;
        let file = company.file(
            "own.csv",
            "客户编号,客户名称,会员卡,HEIGHT,底盘\nK1,甲,金卡,1.75,LSV-1\nK2,乙,gold,x,LSV-2\n",
        );
        let mut mapped = options();
        mapped.mapping.insert("底盘".to_owned(), "x_vin".to_owned());
        let outcome = company.import(Kind::Accounts, &file, &mapped).await;
        assert_eq!((outcome.progress.imported, outcome.progress.errors), (1, 1));
        let account = company.one("account", "name == '甲'").await;
        assert_eq!((account.text("x_club_card"), account.text("x_vin")), ("Gold", "LSV-1"));
        assert_eq!(decimal(&account, "x_height"), "1.75");
        let bad = std::fs::read_to_string(outcome.error_path.unwrap()).unwrap();
        assert!(bad.contains("HEIGHT"), "{bad}");
        // The next file of the same source needs no word of it.
        let next = company.file("next.csv", "客户编号,客户名称,底盘\nK3,丙,LSV-3\n");
        company.import(Kind::Accounts, &next, &options()).await;
        assert_eq!(company.one("account", "name == '丙'").await.text("x_vin"), "LSV-3");
    });
}
