//! Regions on a map: however they are written, what is not on it, and where a click leads.

use super::{answer, get, link, modules, row};
use crate::pages::create;
use engine::Engine;
use meta::Value;
use serde_json::{Value as Json, json};
use testkit::on_sqlite;
use warehouse::Manner;

async fn sold(engine: &Engine, places: &[(&'static str, &str, &str, i64)]) {
    for (country, province, city, price) in places {
        let place = |field: &'static str, text: &str| (field, Value::from(text));
        let fields = [
            ("name", "A".into()),
            place("country", country),
            place("province", province),
            place("city", city),
        ];
        let filled: Vec<(&str, Value)> =
            fields.into_iter().filter(|(_, value)| value.as_text() != Some("")).collect();
        let account = create(engine, "account", &filled).await;
        let order = create(engine, "order", &[("account", account.into())]).await;
        let line =
            [("order", order.into()), ("description", "goods".into()), ("unit_price", Value::Int(*price))];
        create(engine, "order_line", &line).await;
    }
    warehouse::refresh(engine, Manner::default(), None).await.unwrap();
}

/// What the map of a page is drawn from.
fn map(page: &str) -> Json {
    assert!(page.contains("data-chart=\"map\""), "{page}");
    let data =
        page.split("<script type=\"application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(data).unwrap()
}

/// The regions with a figure.
fn figures(map: &Json) -> Vec<(String, Json)> {
    let known = map["regions"].as_array().unwrap().iter().filter(|region| !region["value"].is_null());
    known.map(|region| (region["label"].as_str().unwrap().to_owned(), region["value"].clone())).collect()
}

#[test]
fn provinces_are_on_the_map_however_they_are_written() {
    on_sqlite(modules, async |test| {
        let places = [
            ("中国", "广东", "广州", 300),
            ("中国", "廣東省", "深圳市", 200),
            ("China", "Guangdong", "Guangzhou", 50),
            ("中国", "內蒙古自治区", "呼和浩特", 70),
            ("中国", "北京市", "北京", 80),
            ("Japan", "Osaka-fu", "Osaka", 250),
            ("", "", "", 50),
        ];
        sold(&test.engine, &places).await;
        let client = test.administrator().await;
        let page = get(&client, &answer("m=sales&r=account.province&chart=map")).await;
        let drawn = map(&page);
        let expected = [("Beijing", 80.0), ("Inner Mongolia", 70.0), ("Guangdong", 550.0)];
        assert_eq!(figures(&drawn), expected.map(|(name, value)| (name.to_owned(), json!(value))));
        assert_eq!((&drawn["map"], drawn["regions"].as_array().unwrap().len()), (&json!("china"), 34));
        let src = drawn["src"].as_str().unwrap();
        assert_eq!(client.get(src).await.expect(200).header("content-type"), "application/json", "{src}");
        assert!(
            page.contains("Not on the map: 2 of 7 rows, ¥300.00 (30% of the total): Osaka-fu, (none)"),
            "{page}"
        );
        assert!(row(&page, "Osaka-fu").contains(&"¥250.00".to_owned()), "the table has all of them");
        assert_eq!(page.matches("not on the map</span>").count(), 2);
        // Behind a region are all its spellings.
        let region =
            drawn["regions"].as_array().unwrap().iter().find(|region| region["label"] == "Guangdong");
        let cell = get(&client, region.unwrap()["href"].as_str().unwrap()).await;
        assert!(cell.contains("¥550.00") && cell.contains("3 Orders in their list"), "{cell}");
        let region = drawn["regions"].as_array().unwrap().iter().find(|region| region["label"] == "Beijing");
        let cell = get(&client, region.unwrap()["href"].as_str().unwrap()).await;
        // The next finer level is a step down, and stays a map.
        assert!(link(&cell, "r=account.city").contains("chart=map"), "{cell}");
        assert!(!link(&cell, "r=channel").contains("chart=map"), "{cell}");
        // Ratios of two spellings do not add up.
        let page = get(&client, &answer("m=average_order&r=account.province&chart=map")).await;
        assert_eq!(figures(&map(&page)).len(), 3);
        assert!(page.contains("Not on the map: 4 of 7 rows: "), "{page}");
    });
}

#[test]
fn cities_are_shown_of_one_province_and_countries_of_the_world() {
    on_sqlite(modules, async |test| {
        let places = [
            ("中国", "广东省", "广州", 300),
            ("CN", "广东省", "深圳市", 200),
            ("台湾", "台湾", "台北", 40),
            ("中国", "山东省", "青岛市", 70),
            ("日本", "大阪", "大阪", 250),
        ];
        sold(&test.engine, &places).await;
        let client = test.administrator().await;
        let cities = "m=sales&r=account.city&chart=map";
        let page = get(&client, &answer(cities)).await;
        assert!(
            page.contains("data-chart=\"ranked\"") && page.contains("A map of cities shows one province"),
            "{page}"
        );
        for one in [
            "&w=account.province%3D%22%E5%B9%BF%E4%B8%9C%E7%9C%81%22",
            "&filter=account.province%20%3D%3D%20'%E5%B9%BF%E4%B8%9C%E7%9C%81'",
        ] {
            let page = get(&client, &answer(&format!("{cities}{one}"))).await;
            let drawn = map(&page);
            assert_eq!((&drawn["map"], drawn["regions"].as_array().unwrap().len()), (&json!("440000"), 21));
            assert_eq!(
                figures(&drawn),
                [("Guangzhou".to_owned(), json!(300.0)), ("Shenzhen".to_owned(), json!(200.0))]
            );
            client.get(drawn["src"].as_str().unwrap()).await.expect(200);
            assert!(!page.contains("Not on the map"), "{page}");
        }
        let page =
            get(&client, &answer(&format!("{cities}&w=account.province%3D%22%E5%8F%B0%E6%B9%BE%22"))).await;
        assert!(page.contains("no map of cities for Taiwan"), "{page}");
        // All of them are in one province.
        let page = get(&client, &answer(&format!("{cities}&filter=account.city%20in%20['%E9%9D%92%E5%B2%9B%E5%B8%82'%2C%20'%E5%A4%A7%E9%98%AA']"))).await;
        assert_eq!(map(&page)["map"], "370000");
        assert!(page.contains("Not on the map: 1 of 2 rows, ¥250.00"), "{page}");
        let page = get(&client, &answer("m=sales&r=account.country&chart=map")).await;
        let drawn = map(&page);
        assert_eq!(figures(&drawn), [("China".to_owned(), json!(610.0)), ("Japan".to_owned(), json!(250.0))]);
        for needs in [
            "m=sales&chart=map",
            "m=sales&r=channel&chart=map",
            "m=sales&r=account.province&r=channel&chart=map",
        ] {
            let page = get(&client, &answer(needs)).await;
            assert!(!page.contains("data-chart=\"map\""), "{page}");
            assert!(needs == "m=sales&chart=map" || page.contains("A map needs a province"), "{page}");
        }
    });
}
