//! What taking part costs, who pays which part of it, and what the subsidy carries. All in yen.

use super::application::ApplicationForm;
use crate::domain::finding::{Defect, Finding};
use crate::domain::kinds::exhibition::Exhibition;
use crate::domain::kinds::{Percent, Yen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 補助の条件, as the exhibition had it when the group was formed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubsidyRule {
    /// The share of each firm's cost that is carried; none: no subsidy.
    pub percent: Option<Percent>,
    /// At most so much for the group.
    pub cap: Option<Yen>,
    /// At most so much for each firm.
    pub cap_each: Option<Yen>,
}

/// More than any part costs: what the solver takes.
const COST_MOST: i64 = 1_000_000_000_000;

/// What the part of one firm costs, and what it pays itself; the rest is asked of the subsidy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub cost: i64,
    pub share: i64,
}

/// What taking part costs a firm: its space, and what it said beside that.
pub fn part_cost(exhibition: &Exhibition, form: Option<&ApplicationForm>) -> i64 {
    let space = form.map_or(1, |form| i64::from(form.space()));
    let price = exhibition.price.map_or(0, Yen::value).saturating_mul(space);
    let other = form.and_then(|form| form.other_cost).map_or(0, Yen::value);
    price.saturating_add(other).min(COST_MOST)
}

impl Part {
    pub fn subsidy(self) -> i64 {
        self.cost - self.share
    }
}

impl SubsidyRule {
    pub fn of(exhibition: &Exhibition) -> Self {
        Self { percent: exhibition.subsidy_percent, cap: exhibition.subsidy_cap, cap_each: exhibition.subsidy_cap_each }
    }

    /// The most that is carried of one firm's cost, the cap of the group aside. Broken yen are not carried.
    pub fn most_of(&self, cost: i64) -> i64 {
        let percent = self.percent.map_or(0, Percent::value);
        let carried = (i128::from(cost.max(0)) * i128::from(percent) / 100) as i64;
        self.cap_each.map_or(carried, |cap| carried.min(cap.value()))
    }

    /// The parts when everybody asks for as much as the rule gives: above the cap of the group each asks for less in the
    /// same proportion.
    pub fn divide(&self, costs: &[i64]) -> Vec<Part> {
        let asked: Vec<i64> = costs.iter().map(|cost| self.most_of(*cost)).collect();
        let sum: i128 = asked.iter().map(|amount| i128::from(*amount)).sum();
        let cap = self.cap.map(|cap| i128::from(cap.value())).filter(|cap| *cap < sum);
        let carried = |amount: i64| match cap {
            Some(cap) if sum > 0 => (i128::from(amount) * cap / sum) as i64,
            _ => amount,
        };
        let parts = costs.iter().zip(&asked);
        parts.map(|(cost, asked)| Part { cost: *cost, share: cost - carried(*asked) }).collect()
    }

    /// What of these parts breaks the rule, by place in the list.
    pub fn check(&self, parts: &[Part]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            if !(0..=part.cost).contains(&part.share) {
                let defect = Defect::new(
                    "share.range",
                    format!("自己負担は0円以上、費用（{}円）以下です。", part.cost),
                    format!("A share is from 0 to the cost ({} yen).", part.cost),
                );
                findings.push(Finding::new(format!("/shares/{place}/share"), defect));
                continue;
            }
            let most = self.most_of(part.cost);
            if part.subsidy() > most {
                let defect = Defect::new(
                    "share.subsidy",
                    format!("補助は{most}円までなので、自己負担は{}円以上です。", part.cost - most),
                    format!("The subsidy carries {most} yen at most, so the share is {} or more.", part.cost - most),
                );
                findings.push(Finding::new(format!("/shares/{place}/share"), defect));
            }
        }
        if !findings.is_empty() {
            return findings;
        }
        let sum: i128 = parts.iter().map(|part| i128::from(part.subsidy())).sum();
        if let Some(cap) = self.cap.map(Yen::value).filter(|cap| sum > i128::from(*cap)) {
            let defect = Defect::new(
                "shares.cap",
                format!("補助の合計{sum}円が上限{cap}円を超えています。"),
                format!("The subsidy comes to {sum} yen; the cap is {cap}."),
            );
            findings.push(Finding::new("/shares", defect));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_divided_keeps_the_rule_and_is_never_negative(
            costs in proptest::collection::vec(0i64..3_000_000, 0..40),
            percent in 0i64..=100,
            cap in proptest::option::of(0i64..5_000_000),
            cap_each in proptest::option::of(0i64..500_000),
        ) {
            let rule = SubsidyRule {
                percent: Some(Percent::from_stored(percent)),
                cap: cap.map(Yen::from_stored),
                cap_each: cap_each.map(Yen::from_stored),
            };
            let parts = rule.divide(&costs);
            proptest::prop_assert_eq!(rule.check(&parts), Vec::new());
            for (part, cost) in parts.iter().zip(&costs) {
                proptest::prop_assert!(part.cost == *cost && part.share >= 0 && part.subsidy() >= 0);
            }
        }
    }

    #[test]
    fn what_breaks_the_rule_is_named_by_place() {
        let rule = SubsidyRule {
            percent: Some(Percent::from_stored(50)),
            cap: Some(Yen::from_stored(100)),
            cap_each: Some(Yen::from_stored(80)),
        };
        let codes = |parts: &[(i64, i64)]| -> Vec<(String, String)> {
            let parts: Vec<Part> = parts.iter().map(|(cost, share)| Part { cost: *cost, share: *share }).collect();
            rule.check(&parts).into_iter().map(|finding| (finding.pointer, finding.code)).collect()
        };
        assert_eq!(codes(&[(200, 120), (40, 20)]), []);
        assert_eq!(codes(&[(200, -1)]), [("/shares/0/share".into(), "share.range".into())]);
        assert_eq!(codes(&[(200, 201)]), [("/shares/0/share".into(), "share.range".into())]);
        assert_eq!(codes(&[(10, 10), (200, 119)]), [("/shares/1/share".into(), "share.subsidy".into())]);
        assert_eq!(codes(&[(160, 80), (160, 80)]), [("/shares".into(), "shares.cap".into())]);
    }
}
