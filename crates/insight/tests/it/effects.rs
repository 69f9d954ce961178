//! What campaigns brought about by region and by medium, and what they earned on what they cost.

use crate::{
    company::{Company, on_databases, values},
    experiments::{buy, create_many, date, letter, people, record, share_of},
    paged,
};
use engine::{Actor, Error};
use insight::{
    after_fit,
    mining::experiment::{self, members, result},
    refit,
};
use meta::{Decimal, Id, Record, Value};
use mining::effect::within::Against;
use std::collections::BTreeMap;

/// Of 400 persons of a round, half of them at home and half away, reached by a medium; of each hundred so many buy, at home and away,
/// each reached and left alone.
async fn campaign(company: &Company, round: &str, medium: &str, shares: [[usize; 2]; 2]) -> Record {
    let person = |number: usize| {
        let province = if number.is_multiple_of(2) { "浙江" } else { "四川" };
        let name = format!("{round} {number:03}");
        values([("name", name.into()), ("kind", "person".into()), ("province", province.into())])
    };
    let people = create_many(company, "account", (0..400).map(person).collect()).await;
    let fields = values([
        ("name", round.into()),
        ("medium", medium.into()),
        ("population", format!("name.startsWith('{round}')").into()),
        ("control_share", Value::Decimal(Decimal::new(5, 1))),
        ("start_on", date("2026-11-25")),
        ("end_on", date("2026-11-30")),
    ]);
    let experiment = company.create(experiment::ENTITY, fields).await;
    let experiment = record(company, experiment).await;
    assert_eq!(members::draw(&company.engine, &experiment).await.unwrap().customers, 400);
    let sides: BTreeMap<Id, bool> =
        members::of(&company.engine, experiment.id).await.unwrap().into_iter().collect();
    for (place, shares) in shares.into_iter().enumerate() {
        let part: Vec<(Id, bool)> =
            people.iter().skip(place).step_by(2).map(|person| (*person, sides[person])).collect();
        buy(company, &share_of(&part, shares), "2026-11-26").await;
    }
    experiment
}

#[test]
fn effects_are_told_apart_by_region_and_by_medium_only_beyond_chance() {
    on_databases(async |company| {
        company.regulars().await;
        let by_letter = campaign(&company, "Spring letter", "letter", [[60, 10], [10, 10]]).await;
        let by_mail = campaign(&company, "Autumn mail", "email", [[10, 10], [10, 10]]).await;
        let fit = async || {
            company.settle().await;
            refit::refit(&company.engine, None).await.unwrap();
            after_fit::compute(&company.engine, None).await.unwrap();
        };
        fit().await;
        let client = company.app.administrator().await;
        client.set_cookie("zhike_lang", "en");
        let promotion = "/value/seven-p/promotion";
        let page = client.get(promotion).await.expect(200).body;
        for none in
            ["No experiment with a medium has ended yet", "No experiment that has ended tells regions apart"]
        {
            assert!(page.contains(none), "{none}: {page}");
        }

        company.hold("2026-12-02").await;
        let found = result::compute(&company.engine, &by_letter).await.unwrap();
        let names: Vec<&str> = found.regions.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["四川", "浙江"]);
        // Who moves afterwards is where he was when he was drawn.
        let moved = members::all(&company.engine, by_letter.id).await.unwrap();
        for member in moved.iter().filter(|member| member.sales > Some(0)).take(40) {
            company.update("account", member.account, values([("province", "西藏".into())])).await;
        }
        let again = result::compute(&company.engine, &by_letter).await.unwrap();
        assert_eq!((&again.regions, again.arms), (&found.regions, found.arms));
        result::compute(&company.engine, &by_mail).await.unwrap();
        fit().await;
        // The numbers of a region open those drawn from it, wherever they have moved.
        let page = client.get(&format!("/experiment/{}", by_letter.id)).await.expect(200).body;
        let page = page.replace("&#x2f;", "/");
        for (region, encoded) in [("浙江", "%E6%B5%99%E6%B1%9F"), ("四川", "%E5%9B%9B%E5%B7%9D")] {
            let sizes = again.sizes_within(&result::Within::Region(region.to_owned())).unwrap();
            for (side, control) in [("reached", false), ("left-alone", true)] {
                let of_region = |member: &&members::Member| {
                    member.control == control && member.region.as_deref() == Some(region)
                };
                let drawn: Vec<Id> = moved.iter().filter(of_region).map(|member| member.account).collect();
                let list = format!("/analysis/experiment/{}/sides/{side}", by_letter.id);
                let address = format!("{list}?region={encoded}");
                assert!(page.contains(&format!("href=\"{address}\"")), "{address}: {page}");
                assert!(page.contains(&format!("of {} customers", drawn.len())), "{page}");
                assert_eq!(sizes[usize::from(control)], drawn.len() as u64);
                let (listed, pages) = paged::customers(&client, &address).await;
                assert_eq!((&listed, pages), (&drawn, drawn.len().div_ceil(50)), "{address}");
                let first = client.get(&address).await.expect(200).body;
                assert!(first.contains(&format!("{} were drawn", drawn.len())), "{first}");
                assert!(first.contains(&format!("· {region}")), "{first}");
                let file = client.get(&format!("{list}/export?region={encoded}")).await.expect(200).body;
                assert_eq!(file.lines().count() - 1, drawn.len(), "{file}");
            }
        }
        let (letter, mail) = (format!("/experiment/{}", by_letter.id), format!("/experiment/{}", by_mail.id));
        for (language, differs, alike, media, regions, whole, word) in [
            (
                "en",
                "The effect differs between the regions customers were in",
                "The effect does not differ between regions beyond chance",
                "Measured by Bought (share of customers): the effect differs between media",
                "Measured by Bought (share of customers): the effect differs between regions of the same experiment",
                "Experiments are of the whole company",
                "Letter",
            ),
            (
                "zh-CN",
                "抽取当日各区域之间的效果确有差别",
                "各区域之间的效果没有超出偶然的差别",
                "各媒介之间的效果确有差别",
                "同一实验内各区域之间的效果确有差别",
                "效果实验为全公司",
                "信函",
            ),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&letter).await.expect(200).body;
            assert!(
                page.contains(differs) && page.contains(">浙江</td>") && page.contains(">四川</td>"),
                "{page}"
            );
            let page = client.get(&mail).await.expect(200).body;
            assert!(page.contains(alike) && !page.contains(">浙江</td>"), "{page}");
            // Whatever is chosen: experiments do not follow it, and the page says so.
            for filter in ["", "?months=3&relation=dealer"] {
                let page = client.get(&format!("{promotion}{filter}")).await.expect(200).body;
                for said in [media, regions, whole, &format!(">{word}</a>"), ">浙江</a>"] {
                    assert!(page.contains(said), "{said}: {page}");
                }
                assert!(!page.contains("mining.by_") && !page.contains("seven."), "{page}");
            }
        }

        // A region leads to the experiments put together for it, and each of their numbers to those drawn there.
        client.set_cookie("zhike_lang", "en");
        let together = client.get(promotion).await.expect(200).body.replace("&#x2f;", "/");
        let region = "region=%E6%B5%99%E6%B1%9F";
        let drawn = format!("/value/seven-p/promotion/drawn?{region}&measured=bought");
        assert!(together.replace("&amp;", "&").contains(&format!("href=\"{drawn}\"")), "{together}");
        let page = client.get(&drawn).await.expect(200).body.replace("&#x2f;", "/");
        assert!(
            page.contains("浙江: who was drawn there") && page.contains("More than in the others"),
            "{page}"
        );
        // The effect in the others has no interval of its own, and says where its chance is told.
        let sure = "is part of the 95 % interval of “more than in the others” beside it";
        assert!(page.contains(sure), "{page}");
        // Against the other region of the same experiment: what both lack stands with the opposite sign.
        let against = result::compute(&company.engine, &by_letter).await.unwrap().regions;
        let [there, here] = ["四川", "浙江"].map(|region| Against::of(&against, region).unwrap());
        assert!(here.difference() > 0.3 && (here.difference() + there.difference()).abs() < 1e-9, "{here:?}");
        let more = (here.difference() * 1_000.0).round() / 10.0;
        assert!(page.contains(&format!(">{more}%</td>")), "{more}: {page}");
        let mut customers = 0;
        for experiment in [&by_letter, &by_mail] {
            for side in ["reached", "left-alone"] {
                let list = format!("/analysis/experiment/{}/sides/{side}?{region}", experiment.id);
                assert!(page.contains(&format!("href=\"{list}\"")), "{list}: {page}");
                let (listed, _) = paged::customers(&client, &list).await;
                assert!(page.contains(&format!("of {} customers", listed.len())), "{list}: {page}");
                customers += listed.len();
            }
        }
        assert_eq!(customers, 400);
        assert!(together.contains(">400</td>"), "{together}");
        let drawn = "/value/seven-p/promotion/drawn";
        for nowhere in
            ["region=%E8%A5%BF%E8%97%8F&measured=bought", "region=%E6%B5%99%E6%B1%9F&measured=sales"]
        {
            client.get(&format!("{drawn}?{nowhere}")).await.expect(404);
        }
        let unnamed = client.get(drawn).await.expect(303);
        assert_eq!(unnamed.header("location"), "/value/seven-p/promotion");

        // Without its medium one is left, and nothing to compare it with.
        company.update(experiment::ENTITY, by_letter.id, values([("medium", Value::Null)])).await;
        client.set_cookie("zhike_lang", "en");
        let page = client.get(promotion).await.expect(200).body;
        for said in [
            "whether the effect differs between media is not told",
            "1 experiments that have ended have no medium",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}

#[test]
fn the_return_counts_contacts_and_the_fixed_cost() {
    on_databases(async |company| {
        people(&company, 400).await;
        let id = letter(&company, ["2026-11-01", "2026-11-10"]).await.id;
        let costs = [("contact_cost", Value::Decimal(1.into())), ("fixed_cost", Value::Decimal(100.into()))];
        company.update(experiment::ENTITY, id, values(costs)).await;
        let letter = record(&company, id).await;
        members::draw(&company.engine, &letter).await.unwrap();
        let sides = members::of(&company.engine, id).await.unwrap();
        buy(&company, &share_of(&sides, [60, 10]), "2026-11-05").await;
        let found = result::compute(&company.engine, &letter).await.unwrap();
        let reached = found.treated as f64;
        // A quarter of the price is margin.
        let (extra, spent) = (found.sales().difference * 0.25 * reached, reached + 100.0);
        let earned = ((extra - spent) / spent * 1_000.0).round() / 10.0;
        let client = company.app.administrator().await;
        for (language, parts) in [
            ("en", format!("contacts ¥{reached}.00 + fixed ¥100.00")),
            ("zh-CN", format!("触达 ¥{reached}.00 + 固定 ¥100.00")),
        ] {
            client.set_cookie("zhike_lang", language);
            let page = client.get(&format!("/experiment/{id}")).await.expect(200).body;
            for said in [parts, format!("¥{spent}.00"), format!("{earned}%")] {
                assert!(page.contains(&said), "{said}: {page}");
            }
        }
        let below = values([("fixed_cost", Value::Decimal((-1).into()))]);
        let system = Actor::system();
        let refused = company.engine.write(&system, move |tx| {
            Box::pin(async move { tx.update(experiment::ENTITY, id, None, below).await })
        });
        assert!(matches!(refused.await, Err(Error::Invalid(_))));
    });
}
