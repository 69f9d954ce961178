//! The wizard: upload, columns, count, run, result, error file, the way back.

use axum::{body::Body, http::Method};
use testkit::{Answer, Client, Modules, TestApp, on_both, on_sqlite};

pub fn modules() -> Modules {
    Modules {
        engine: vec![customers::module(), sales::module(), import::module()],
        web: vec![import::web_module()],
    }
}

const ORDERS: &str = "\
订单号,下单日期,顾客,商品名称,数量,金额
D1,2024-05-31,张三,苹果,2,19.9
D1,2024-05-31,张三,梨,1,8
D2,2024-06-01,李四,苹果,-1,-9.95
D3,2024-06-01,李四,苹果,x,1
";

pub async fn upload(client: &Client, name: &str, content: &[u8]) -> Answer {
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
    let headers =
        [("content-type", "multipart/form-data; boundary=b"), ("x-csrf-token", client.csrf.as_str())];
    client.send(Method::POST, "/import", &headers, Body::from(body)).await
}

/// Address of the import that was begun.
pub async fn begun(client: &Client, content: &str) -> String {
    upload(client, "orders.csv", content.as_bytes()).await.expect(303).header("location").to_owned()
}

pub async fn work(test: &TestApp) {
    test.engine.run_due_jobs().await.unwrap();
}

#[test]
fn a_file_goes_from_upload_to_records_and_back() {
    on_both(modules, async |test| {
        let client = test.administrator().await;
        let empty = client.get("/import").await.expect(200);
        assert!(empty.body.contains("empty-state"));
        let here = begun(&client, ORDERS).await;
        // Columns are recognised; the preview shows rows in their target form and what is wrong with one.
        let page = client.get(&here).await.expect(200).body;
        assert!(page.contains("value=\"order_number\" selected"), "{page}");
        assert!(page.contains("value=\"customer_name\" selected") && page.contains("dot-orange"));
        assert!(page.contains("数量: “x”") && !page.contains("import.target."), "{page}");

        // The column taken for the customer's name is corrected and the source named.
        let choose =
            [("action", "preview"), ("kind", "orders"), ("source", "erp"), ("column-2", "customer_number")];
        client.post(&here, &choose).await.expect(303);
        let page = client.get(&here).await.expect(200).body;
        assert!(page.contains("value=\"customer_number\" selected") && page.contains("value=\"erp\""));

        let count =
            [("action", "count"), ("kind", "orders"), ("source", "erp"), ("column-2", "customer_number")];
        client.post(&here, &count).await.expect(303);
        work(&test).await;
        let counted = client.fragment(&format!("{here}/count")).await.expect(200).body;
        assert!(
            counted.contains("4 行中有 3 行可以导入") || counted.contains("3 of 4 rows can be imported"),
            "{counted}"
        );
        assert_eq!(number_of(&test, "order").await, 0);

        let start =
            [("action", "start"), ("kind", "orders"), ("source", "erp"), ("column-2", "customer_number")];
        client.post(&here, &start).await.expect(303);
        let going = client.get(&here).await.expect(200).body;
        assert!(going.contains("hx-trigger=\"every 1s\"") && going.contains("/cancel"));
        work(&test).await;
        // Asking twice does not import twice, and the upload is not kept.
        client.post(&here, &start).await.expect(303);
        work(&test).await;
        assert_eq!(std::fs::read_dir(test.engine.data_dir().join("uploads")).unwrap().count(), 0);
        let part = client.fragment(&format!("{here}/progress")).await.expect(200);
        assert_eq!(part.header("hx-refresh"), "true");
        let result = client.get(&here).await.expect(200).body;
        assert!(result.contains(&format!("{here}/errors")), "{result}");
        let link = result.split("href=\"/order?").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let list = client.get(&format!("/order?{}", link.replace("&amp;", "&"))).await.expect(200).body;
        assert!(list.contains(">D1<") && !list.contains("note-error"), "{list}");
        assert_eq!(number_of(&test, "order_line").await, 2);
        assert_eq!(number_of(&test, "return_line").await, 1);

        let errors = client.get(&format!("{here}/errors")).await.expect(200);
        assert!(errors.header("content-disposition").contains("errors.csv"));
        assert!(
            errors.body.contains("5,数量,") && errors.body.contains("D3,2024-06-01,李四"),
            "{}",
            errors.body
        );

        client.post(&format!("{here}/revert"), &[]).await.expect(303);
        work(&test).await;
        assert_eq!(number_of(&test, "order").await, 0);
        assert!(
            client.get(&here).await.expect(200).body.contains("reverted")
                || number_of(&test, "account").await == 0
        );
        assert!(client.get("/import").await.expect(200).body.contains("orders.csv"));
    });
}

async fn number_of(test: &TestApp, entity: &str) -> u64 {
    let query = engine::Query::new(entity);
    test.engine.count(&engine::Actor::system(), &query, 1_000).await.unwrap().number
}

#[test]
fn a_file_that_is_no_table_is_refused_with_the_remedy() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        // As a browser says it beforehand: nothing of the file is read.
        let headers = [
            ("content-type", "multipart/form-data; boundary=b"),
            ("content-length", "2147483649"),
            ("x-csrf-token", client.csrf.as_str()),
        ];
        let large = client.send(Method::POST, "/import", &headers, Body::from("--b")).await.expect(413);
        assert!(large.body.contains("2048 MB"), "{}", large.body);
        let pdf = upload(&client, "a.pdf", b"%PDF-1.7 and so on").await.expect(422);
        assert!(pdf.body.contains("PDF") && pdf.body.contains(".csv"), "{}", pdf.body);
        let none = upload(&client, "", b"").await.expect(422);
        assert!(none.body.contains("note-error"));
        let uploads = test.engine.data_dir().join("uploads");
        assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0, "what was refused is not kept");
    });
}

#[test]
fn an_unmapped_file_cannot_be_started_and_can_be_discarded() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        let here = begun(&client, "Foo,Bar,Baz\n1,2,3\n4,5,6\n").await;
        let page = client.get(&here).await.expect(200).body;
        assert!(page.contains("note-warning"));
        let refused = client.post(&here, &[("action", "start"), ("kind", "orders")]).await.expect(422);
        assert!(refused.body.contains("note-error"));
        // Another kind of list has other columns.
        client
            .post(&here, &[("action", "preview"), ("kind", "accounts"), ("column-0", "")])
            .await
            .expect(303);
        let page = client.get(&here).await.expect(200).body;
        assert!(page.contains("value=\"industry\"") && !page.contains("import.target."));
        client.post(&format!("{here}/discard"), &[]).await.expect(303);
        client.get(&here).await.expect(404);
    });
}

#[test]
fn every_kind_is_guessed_and_its_targets_have_names() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        let files = [
            ("orders", "InvoiceNo,InvoiceDate,StockCode,Quantity,UnitPrice\n1,2024-01-02,A,1,2\n"),
            ("accounts", "客户名称,行业,员工人数,城市\n青岛果业,水果,50,青岛\n"),
            ("contacts", "First name,Last name,Company,Job title,E-mail\nAnn,Lee,Acme,Buyer,a@b.com\n"),
            ("products", "产品编码,产品名称,售价,成本,规格型号\nA,苹果,5,3,大\n"),
            ("activities", "Subject,Activity type,Account,Activity date,Notes\nHi,Call,Acme,2024-01-02,x\n"),
        ];
        for (kind, content) in files {
            let here = begun(&client, content).await;
            let page = client.get(&here).await.expect(200).body;
            assert!(page.contains(&format!("<option value=\"{kind}\" selected>")), "{kind}: {page}");
            assert!(!page.contains("import.target.") && !page.contains("note-warning"), "{kind}: {page}");
        }
    });
}

#[test]
fn a_queued_import_can_be_cancelled() {
    on_sqlite(modules, async |test| {
        let client = test.administrator().await;
        let here = begun(&client, ORDERS).await;
        client
            .post(
                &here,
                &[("action", "start"), ("kind", "orders"), ("source", "erp"), ("column-2", "customer_name")],
            )
            .await
            .expect(303);
        client.post(&format!("{here}/cancel"), &[]).await.expect(303);
        work(&test).await;
        assert_eq!(number_of(&test, "order").await, 0);
        assert!(client.get(&here).await.expect(200).body.contains("note-warning"));
    });
}
