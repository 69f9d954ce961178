//! Who changed what the analysis goes by is in the audit.

use crate::{alarms::CORE_CUSTOMER_ALONE, company::on_databases};

const SET: [(&str, &[(&str, &str)]); 6] = [
    ("/value/as-of", &[("as_of", "2026-01-31")]),
    (
        "/value/rules",
        &[
            ("lost_below", "0.1"),
            ("decline_below", "0.5"),
            ("lost_intervals", "6"),
            ("decline_intervals", "3"),
            ("patience_weeks", "8"),
            ("single_lost_weeks", "52"),
            ("single_decline_weeks", "26"),
            ("formation_orders", "2"),
            ("stability_orders", "6"),
            ("stability_weeks", "26"),
            ("measured_by", "profit"),
        ],
    ),
    (
        "/value/contracts/definition",
        &[("start", "contract_start_on"), ("end", "contract_end_on"), ("months", "6")],
    ),
    ("/value/alarms/settings", &CORE_CUSTOMER_ALONE),
    ("/value/benefit", &[("from", "2025-10-01"), ("to", "2025-10-31")]),
    ("/analysis/groups", &[("features", "orders"), ("features", "sales"), ("number", "3")]),
];

#[test]
fn who_changed_what_the_analysis_goes_by_is_noted() {
    on_databases(async |company| {
        let client = company.app.administrator().await;
        for (page, given) in SET {
            // What changes nothing is not noted again.
            for _ in 0..2 {
                client.post(page, given).await.expect(303);
            }
        }
        company.engine.write_notes().await.unwrap();
        for (language, told) in [
            (
                "en",
                [
                    "As-of date",
                    "Rules of the life-cycle stages",
                    "Value is measured by",
                    "Contracts and what is compared of them",
                    "Alarm rules and thresholds",
                    "Base period of before and after",
                    "Features and number of customer groups",
                ],
            ),
            (
                "zh-CN",
                [
                    "统计日",
                    "生命周期阶段规则",
                    "价值衡量依据",
                    "合同客户分析设置",
                    "预警规则与阈值",
                    "应用前后对比的基期",
                    "客户分群的特征与数量",
                ],
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let log = client.get("/audit?action=settings").await.expect(200).body;
            for told in told {
                assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
            }
        }
        let noted = client.get("/api/v1/audit?limit=200&action=settings").await.expect(200).json();
        let noted = noted["data"].as_array().unwrap_or_else(|| panic!("{noted}"));
        // The rules are two settings.
        assert_eq!(noted.len(), SET.len() + 1, "{noted:?}");
        assert!(noted.iter().all(|entry| entry["user"].is_string()), "{noted:?}");
    });
}
