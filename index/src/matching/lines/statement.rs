//! When a clause shows that what a line asks for is done.

use super::clause::Clause;
use super::denial::narrowed_before;
use super::quantity::{self, Answer};
use super::requirement::{Form, SPECIFIC, Unit};
use super::residue::{after_the_deed, is_kanji_or_katakana, only_spoken_of, product_of_it, residue};
use super::sense::{another_sense, of_something_else};
use super::shown::{Hit, Shown, compounds_hold, shown, spread};
use super::{Numbers, STRONGEST, Voice, markers};

/// Share of the line's weight that a clause must show.
pub(super) const COVERED: f32 = 0.7;

pub(super) const COVERED_ALONE: f32 = 0.9;

/// The same for a Japanese line and clause, where one of three things may be said otherwise.
pub(super) const COVERED_JAPANESE: f32 = 0.6;

/// The same where a number of the same measure answers the line's own.
pub(super) const COVERED_WITH_NUMBER: f32 = 0.4;

/// Characters between the first and the last unit in Japanese; further apart they hardly belong together.
pub(super) const WINDOW: usize = 45;

pub(super) fn statement(form: &Form, clause: &Clause, shown: &Shown) -> Option<Voice> {
    let numbers = answer_numbers(form, clause);
    let head_there = form.head().is_none_or(|head| shown.at[head].is_some());
    if let Numbering::Contradicted(numbers, same_measure) = &numbers {
        let all = form.units.iter().zip(&shown.at).all(|(unit, at)| unit.weight < SPECIFIC || at.is_some());
        let same_thing = head_there && (*same_measure || (all && !form.units.is_empty()));
        let enough = same_thing && !limits_another(form, clause, shown);
        return enough.then(|| Voice::Denies(0.85, Some(numbers.clone())));
    }
    if let Some(sign) = form.negative {
        let lacks = clause.text.contains(sign)
            || clause.text.contains("不使用")
            || clause.text.contains("フリー")
            || clause.latin.contains(" free ")
            || clause.latin.contains(" without ");
        if !lacks {
            return None;
        }
    }
    if clause.only_deals(&form.text, &form.latin) || clause.only_lends(&form.text) {
        return None;
    }
    if form.uses
        && !["使", "用い", "利用"].iter().any(|word| clause.text.contains(word))
        && !clause.latin.contains(" use ")
    {
        return None;
    }
    let japanese = form.head_last && !clause.text.is_ascii();
    let same_measure = matches!(numbers, Numbering::Satisfied(true));
    let specific = form.units.iter().filter(|unit| unit.weight >= SPECIFIC).count();
    let wanted = match numbers {
        Numbering::Open => return None,
        _ if same_measure => COVERED_WITH_NUMBER,
        // One telling word alone must come with everything else.
        _ if specific < 2 => COVERED_ALONE,
        _ if japanese => COVERED_JAPANESE,
        _ => COVERED,
    };
    // Half a compound word is another word.
    let part = |index: usize| form.units[index].joined || form.units.get(index + 1).is_some_and(|next| next.joined);
    let says = |index: usize| form.units[index].weight >= SPECIFIC;
    let half = (0..form.units.len()).any(|index| part(index) && says(index) && shown.at[index].is_none());
    let missing = form.units.iter().zip(&shown.at).filter(|(unit, at)| unit.weight >= SPECIFIC && at.is_none()).count();
    let whole = form.units.iter().zip(&shown.at).filter(|(unit, at)| unit.weight >= 1.0 && at.is_none()).count();
    let may_miss = match specific {
        3.. if same_measure => 1,
        // One character (前, 端) may be said otherwise.
        4.. if japanese && whole == 0 => 1,
        5.. => 1,
        _ => 0,
    };
    // 「設計だけを行う」 leaves out what it does not name.
    let only = ["だけを", "のみを", "だけで", "だけの"].iter().any(|word| clause.text.contains(word));
    let only = only || clause.latin.contains(" onli ");
    if only && !form.text.contains("だけ") && shown.at.iter().any(Option::is_none) {
        return None;
    }
    if !deed_there(form, clause, shown, specific) {
        return None;
    }
    if shown.covered < wanted
        || missing > may_miss
        || half
        || !(head_there || (same_measure && quantity::tells_alone(&form.quantities)))
    {
        return None;
    }
    // A line of nothing but general words shows nothing.
    let measured = same_measure && quantity::tells_alone(&form.quantities);
    if specific == 0 && !measured {
        return None;
    }
    // 「従業員15人から120人の会社で41件」 tells of customers.
    let of_others = ["の会社", "の企業", "の工場"].iter().any(|others| {
        let after = clause.text.split_once(others).map(|(_, after)| after);
        after.is_some_and(|after| !after.is_empty() && !["です", "であ", "だ"].iter().any(|is| after.starts_with(is)))
    });
    if (specific == 0 || form.quantities.iter().any(|asked| asked.attribute == "staff")) && of_others {
        return None;
    }
    if let Some(head) = form.head()
        && let Some(hit) = shown.at[head].filter(|hit| !hit.latin)
        && (!somewhere_itself(&form.units[head], hit, form, clause) || by_an_agency(form, clause, hit))
    {
        return None;
    }
    if !compounds_hold(form, clause, shown) {
        return None;
    }
    // After what is named, only words of doing, having or offering it: else it is about something else.
    if residue(form, clause, shown) > 0 {
        return None;
    }
    if clause.text.is_ascii() {
        let lacking = shown.at.iter().flatten().any(|hit| clause.lacks_before(hit.start));
        let elsewhere = || shown.at.iter().flatten().any(|hit| of_something_else(clause, *hit));
        if lacking || another_deed(clause, shown) || (specific < 2 && (beside_the_point(clause, shown) || elsewhere()))
        {
            return None;
        }
    }
    if specific < 2 && (another_part_of_it(form, clause, shown) || another_sense(form, clause, shown)) {
        return None;
    }
    let spread = spread(shown, clause);
    if spread > WINDOW * 2 {
        return None;
    }
    let mut strength = 0.5 + 0.45 * shown.covered * shown.covered;
    if spread > WINDOW {
        strength *= 0.85;
    }
    Some(Voice::States(strength.min(STRONGEST)))
}

/// 「樹脂の封止は200 mm角まで」 tells nothing of other things, 「封止の検査は月に300枚まで」 tells of the inspection.
fn limits_another(form: &Form, clause: &Clause, shown: &Shown) -> bool {
    // 「最小線幅は量産50 μm」: what the number is of.
    let of_it = |hit: &Hit| clause.quantities.iter().any(|quantity| quantity.range.contains(&hit.start));
    let japanese = || shown.at.iter().flatten().filter(|hit| !hit.latin && !of_it(hit));
    let Some(first) = japanese().map(|hit| hit.start).min() else { return false };
    // 「幅200 mmまでの封止」
    let of_the_number =
        clause.text[..first].strip_suffix('の').is_some_and(|before| ends_with_number(clause, before.len()));
    let head = form.head().and_then(|head| shown.at[head]).filter(|hit| !hit.latin);
    (!of_the_number && narrowed_before(&clause.text, first))
        || head.is_some_and(|hit| is_of_another(&clause.text[hit.end..], &form.text))
}

/// 「研究センター測定」, 「塗工適性診断（濡れ・乾燥）」: measured by others, and only looked at.
fn by_an_agency(form: &Form, clause: &Clause, hit: Hit) -> bool {
    const LOOKED_AT: &[&str] = &["診断", "適性", "特性", "物性", "挙動", "特性評価", "物性評価", "性能評価"];
    const LOOKING: &[&str] = &["測定", "計測", "検査", "分析", "解析", "評価", "試験", "調査", "審査", "校正"];
    let before = &clause.text[..hit.start];
    let looking = LOOKING.iter().any(|deed| clause.text[hit.start..].starts_with(deed));
    let agency = markers::AGENCIES.iter().find_map(|agency| before.strip_suffix(agency));
    let others = agency.is_some_and(|left| !markers::OWN.iter().any(|own| left.ends_with(own)));
    let bracket = before.rsplit_once('(').filter(|(_, inside)| !inside.contains(')'));
    let looked_at = bracket
        .is_some_and(|(head, _)| LOOKED_AT.iter().any(|looked| head.ends_with(looked) && !form.text.contains(looked)));
    (looking && others && !markers::AGENCIES.iter().any(|agency| form.text.contains(agency))) || looked_at
}

fn ends_with_number(clause: &Clause, end: usize) -> bool {
    clause.quantities.iter().any(|quantity| quantity.range.end == end)
}

/// 「封止の検査は…」, but not 「封止の加工は…」, 「封止の最大サイズは…」: a noun of its own after the head.
fn is_of_another(after: &str, line: &str) -> bool {
    const THE_SAME: &[&str] = &[
        "加工",
        "処理",
        "作業",
        "工程",
        "製造",
        "生産",
        "量産",
        "受託",
        "受注",
        "対応",
        "依頼",
        "設備",
        "装置",
        "ライン",
    ];
    let Some(rest) = after.strip_prefix('の') else { return false };
    let name = rest.find(|character| !is_kanji_or_katakana(character)).map_or(rest, |end| &rest[..end]);
    let measure = name.char_indices().any(|(at, _)| quantity::measure_at(&name[at..]).is_some());
    let size = quantity::SIZES.iter().any(|size| rest.starts_with(size) || name.ends_with(size));
    !name.is_empty() && !measure && !size && !line.contains(name) && !THE_SAME.iter().any(|same| name.starts_with(same))
}

/// A limit that a clause of its own states for what the clause before it does: 「少量で封止するが、量は月に300枚が限度」. Only
/// where that clause would meet the line without its numbers; `both` is the two taken together.
pub(super) fn limit_of_it(form: &Form, deed: &Clause, limit: &Clause, both: &Clause) -> Option<Voice> {
    if form.quantities.is_empty() || !quantity::only_measures(&limit.text, &limit.quantities) {
        return None;
    }
    let plain = Form { quantities: Vec::new(), ..form.clone() };
    let shown = shown(&plain, deed);
    let done = matches!(statement(&plain, deed, &shown), Some(Voice::States(_)));
    match answer_numbers(form, both) {
        Numbering::Contradicted(numbers, _) if done && !limits_another(&plain, deed, &shown) => {
            Some(Voice::Denies(0.8, Some(numbers)))
        }
        _ => None,
    }
}

/// "We plate castings", "machining of castings", "moulds for injection moulding": another deed, or a thing for it.
fn another_deed(clause: &Clause, shown: &Shown) -> bool {
    let Some(first) = shown.at.iter().flatten().map(|hit| hit.start).min() else { return false };
    let before: Vec<&str> = clause.text[..first]
        .split(|mark: char| !mark.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let we = before.first() == Some(&"we");
    let verb = before.iter().skip(1).find(|word| !["also", "can", "now", "both"].contains(word));
    if we && verb.is_some_and(|verb| !markers::OFFERING.contains(verb)) {
        return true;
    }
    let near = |place: usize| before.len().checked_sub(place).map_or("", |at| before[at]);
    let gerund = |word: &str| word.len() > 5 && word.ends_with("ing");
    let of_another = (near(1) == "of" && gerund(near(2))) || (near(2) == "of" && gerund(near(3)));
    let thing_for_it = near(1) == "for" && markers::THINGS_FOR_IT.contains(&near(2));
    let last = shown.at.iter().flatten().map(|hit| hit.end).max().unwrap_or(first);
    let next = clause.text[last..].trim_start().split(|mark: char| !mark.is_ascii_alphanumeric()).next().unwrap_or("");
    of_another || thing_for_it || (!we && markers::THINGS_FOR_IT.contains(&next))
}

/// One word of a line in English prose, where it only says what something else is of or for ("haze on plating", "casting
/// surface grade", "dye-sensitised").
fn beside_the_point(clause: &Clause, shown: &Shown) -> bool {
    let (Some(first), Some(last)) =
        (shown.at.iter().flatten().map(|hit| hit.start).min(), shown.at.iter().flatten().map(|hit| hit.end).max())
    else {
        return false;
    };
    let known = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    let after = &clause.text[last..];
    let next = after.trim_start().split(|mark: char| !mark.is_ascii_alphanumeric()).next().unwrap_or("");
    let goes_on = after.starts_with('-') || (after.starts_with(' ') && !next.is_empty());
    let taken = goes_on
        && !known(markers::MAY_FOLLOW_IN_ENGLISH, next)
        && !next.ends_with("ly")
        && !next.starts_with(|first: char| first.is_ascii_digit());
    let before: Vec<&str> = clause.text[..first]
        .rsplit(|mark: char| !mark.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !["the", "a", "an", "its", "their", "our", "all"].contains(word))
        .take(2)
        .collect();
    let apart = ["of", "on", "for", "from", "after", "before", "into", "about", "than", "with"];
    let of_another = before.first().is_some_and(|word| apart.contains(word))
        && before.get(1).is_some_and(|word| !known(markers::DOES_IT_IN_ENGLISH, word));
    taken || of_another
}

/// 「医療機器の製造管理」 is no making of it: a deed that says little, as the beginning of another word.
fn another_part_of_it(form: &Form, clause: &Clause, shown: &Shown) -> bool {
    const OTHERS: &[&str] = &["管理", "支援", "装置", "機械", "原価", "現場"];
    form.units.iter().zip(&shown.at).filter(|(unit, _)| unit.weight < SPECIFIC).any(|(_, hit)| {
        hit.filter(|hit| !hit.latin).is_some_and(|hit| {
            let after = &clause.text[hit.end..];
            OTHERS.iter().any(|other| after.starts_with(other) && !form.text.contains(other))
        })
    })
}

/// The verb that ends the line is said, too, unless three things or more that it names stand there; and where the line
/// asks for something by its head, the clause speaks of it in the same way.
pub(super) fn deed_there(form: &Form, clause: &Clause, shown: &Shown, specific: usize) -> bool {
    if let Some(verb) = form.verb()
        && shown.at[verb].is_none()
        && specific < 3
    {
        return false;
    }
    match (form.through, form.head()) {
        (Some(particle), Some(head)) => {
            shown.at[head].is_some_and(|hit| hit.latin || specific >= 3 || clause.text[hit.end..].starts_with(particle))
        }
        _ => true,
    }
}

/// Whether the clause names the thing itself somewhere, and not only a trade, a market or a machine called after it.
pub(super) fn somewhere_itself(unit: &Unit, hit: Hit, form: &Form, clause: &Clause) -> bool {
    let trades = markers::TRADES.iter().any(|trade| clause.text.contains(trade) && !form.text.contains(trade));
    let itself = |end: usize| {
        let after = &clause.text[end..];
        let other = markers::OTHER_HEADS.iter().any(|word| after.starts_with(word) && !form.text.contains(word));
        let machine = markers::MACHINES.iter().any(|word| after.starts_with(word) && !form.text.contains(word));
        let allowed = |list: &[&str]| list.iter().any(|word| after.starts_with(word));
        let inside = clause.text[..end].chars().next_back().is_some_and(is_kanji_or_katakana);
        let goes_on = inside && after.chars().next().is_some_and(is_kanji_or_katakana);
        let another =
            goes_on && !allowed(markers::SAME_HEAD_TAILS) && !form.units.iter().any(|unit| begins(unit, after));
        // 「アプリから申し込める」: by it, not it.
        let by_it = after.starts_with("から") && !after.contains("まで");
        let aside = after_the_deed(after) || only_spoken_of(after, &form.text);
        !(other || product_of_it(after, &form.text) || by_it || another || (machine && trades) || aside)
    };
    itself(hit.end)
        || unit
            .japanese
            .iter()
            .any(|name| clause.text.match_indices(name.as_str()).any(|(start, _)| itself(start + name.len())))
}

pub(super) fn begins(unit: &Unit, text: &str) -> bool {
    unit.japanese.iter().any(|name| text.starts_with(name.as_str()))
}

pub(super) enum Numbering {
    /// The line asks for no number.
    None,
    /// Every asked number is answered; whether of the same named measure.
    Satisfied(bool),
    /// Whether both name the same measure (幅, 納期).
    Contradicted(Numbers, bool),
    /// A number is asked that the clause does not tell.
    Open,
}

pub(super) fn answer_numbers(form: &Form, clause: &Clause) -> Numbering {
    if form.quantities.is_empty() {
        return Numbering::None;
    }
    let mut open = false;
    let mut same = true;
    for asked in &form.quantities {
        let mut answered = false;
        for stated in clause.quantities.iter().filter(|stated| !of_another_stage(form, clause, stated)) {
            match quantity::answer(asked, stated) {
                Answer::Satisfies => {
                    answered = true;
                    // A grade says nothing of what has it.
                    let grade = asked.family == quantity::Family::Grade && !form.units.is_empty();
                    same &= asked.attribute == stated.attribute && !asked.attribute.is_empty() && !grade;
                }
                Answer::Contradicts if !answered => {
                    let others = clause.quantities.iter().any(|other| {
                        quantity::answer(asked, other) == Answer::Satisfies && !of_another_stage(form, clause, other)
                    });
                    if !others {
                        let numbers = Numbers { asked: asked.text.clone(), stated: stated.text.clone() };
                        let same = asked.attribute == stated.attribute
                            && !asked.attribute.is_empty()
                            && !quantity::is_rate(asked.attribute);
                        return Numbering::Contradicted(numbers, same);
                    }
                }
                _ => {}
            }
        }
        open |= !answered;
    }
    if open { Numbering::Open } else { Numbering::Satisfied(same) }
}

/// 「量産50 μm、試作30 μm」: a number of trials says nothing of the series that the line asks for, nor the other way round.
fn of_another_stage(form: &Form, clause: &Clause, stated: &quantity::Quantity) -> bool {
    const STAGES: &[&str] = &["試作", "量産", "研究", "開発", "実験"];
    let words = clause.text[stated.range.clone()].find(|digit: char| digit.is_ascii_digit()).unwrap_or(0);
    let before = clause.text[..stated.range.start + words].trim_end_matches(['は', 'で', 'の', '時', ' ', ':', '約']);
    let own = STAGES.iter().find(|stage| before.ends_with(**stage));
    own.is_some_and(|own| !form.text.contains(own) && STAGES.iter().any(|stage| form.text.contains(stage)))
}
