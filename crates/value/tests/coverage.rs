//! The interval of a customer's value holds what he really brings: counted on customers whose future is drawn, too.

mod generated;

use value::bg_nbd::BgNbd;
use value::gamma_gamma::GammaGamma;
use value::history::Summary;
use value::model::{Model, Question};
use value::money;
use value::purchasing::Family;

const GG: GammaGamma = GammaGamma { p: 6.0, q: 4.0, v: 15.0 };
const CUT: i32 = 365;

struct Counted {
    inside: f64,
    above: f64,
    /// Among customers whose low end is above zero.
    inside_of_active: f64,
}

/// Fitted to the first year, compared with the 52 weeks after it, undiscounted.
fn count(truth: BgNbd, customers: usize, seed: u64, family: Family) -> Counted {
    let histories = generated::histories(&truth, &GG, customers, CUT + 364, seed);
    let mut pairs = Vec::new();
    for history in &histories {
        let (past, future): (Vec<_>, Vec<_>) = history.iter().copied().partition(|p| p.day <= CUT);
        if let Some(summary) = Summary::of(&past) {
            pairs.push((summary, money::to_units(future.iter().map(|p| p.amount).sum())));
        }
    }
    let summaries: Vec<Summary> = pairs.iter().map(|(summary, _)| *summary).collect();
    let model = Model::fit_family(&summaries, CUT, family);
    let mut question = Question::default();
    question.outlook.annual_discount = 0.0;
    let (mut inside, mut above, mut all) = (0.0, 0.0, 0.0);
    let (mut inside_of_active, mut active) = (0.0, 0.0);
    for (summary, actual) in &pairs {
        let figures = model.score(summary, CUT, &question);
        let (Some(low), Some(high)) = (figures.clv_low, figures.clv_high) else { panic!("{figures:?}") };
        let hit = f64::from(u8::from((low..=high).contains(actual)));
        all += 1.0;
        inside += hit;
        above += f64::from(u8::from(*actual > high));
        if low > 0.0 {
            active += 1.0;
            inside_of_active += hit;
        }
    }
    Counted { inside: inside / all, above: above / all, inside_of_active: inside_of_active / active }
}

#[test]
fn four_of_five_customers_end_inside() {
    for (truth, family) in [
        (BgNbd { r: 0.8, alpha: 6.0, a: 0.8, b: 3.0 }, Family::BgNbd),
        (BgNbd { r: 3.0, alpha: 8.0, a: 0.5, b: 6.0 }, Family::BgNbd),
        (BgNbd { r: 3.0, alpha: 8.0, a: 1e-4, b: 6.0 }, Family::Nbd),
    ] {
        let found = count(truth, 4_000, 21, family);
        // Where nothing is the most likely outcome, the lump at zero lies inside whole: more than 80 % is right there.
        assert!((0.77..0.96).contains(&found.inside), "{truth:?}: {}", found.inside);
        assert!((0.04..0.13).contains(&found.above), "{truth:?}: {} above", found.above);
        assert!((0.74..0.87).contains(&found.inside_of_active), "{truth:?}: {}", found.inside_of_active);
    }
}

#[test]
fn few_customers_make_it_wider_and_still_right() {
    // Sixty customers at a time: the parameters themselves are uncertain.
    let truth = BgNbd { r: 3.0, alpha: 8.0, a: 0.5, b: 6.0 };
    let counts: Vec<Counted> = (0..30).map(|seed| count(truth, 60, 100 + seed, Family::BgNbd)).collect();
    let mean = counts.iter().map(|c| c.inside).sum::<f64>() / 30.0;
    assert!((0.76..0.96).contains(&mean), "{mean}");
}
