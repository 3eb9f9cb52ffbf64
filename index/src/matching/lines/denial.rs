//! When a clause denies what a line asks for.

use super::clause::Clause;
use super::markers;
use super::requirement::{DEEDS, Form, SPECIFIC, Unit};
use super::residue::{denied_residue, is_kanji_or_katakana, not_needed};
use super::shown::{Hit, Shown};

/// A denial of the very thing: the whole line, or its head without anything that narrows it. A denied part says nothing
/// about the whole: who does not generate power may well measure it.
pub(super) fn denial(form: &Form, clause: &Clause, shown: &Shown) -> Option<f32> {
    let specific: Vec<usize> = (0..form.units.len()).filter(|index| form.units[*index].weight >= SPECIFIC).collect();
    let found = specific.iter().filter(|index| shown.at[**index].is_some()).count();
    if specific.is_empty() || found == 0 {
        return None;
    }
    let all = found == specific.len();
    // Who has no mass spectrometer may well analyse.
    if specific.iter().any(|index| shown.at[*index].is_some_and(|hit| is_narrower(&form.units[*index], hit, clause))) {
        return None;
    }
    if clause.text.is_ascii() {
        let last = specific.iter().filter_map(|index| shown.at[*index]).map(|hit| hit.end).max()?;
        // "Design in house, printing outsourced" denies the printing.
        let own = ["in house,", "in-house,"].iter().any(|own| clause.text[last..].contains(own));
        return (all && !own && ends_in_english(&clause.text[last..])).then_some(0.85);
    }
    if not_handled(form, clause, shown, &specific) {
        return Some(VERY_WORDS);
    }
    if form.verb().is_some_and(|verb| shown.at[verb].is_none()) || form.through.is_some() {
        return None;
    }
    // Who does not generate power may know materials for it; and what is denied stands at the end.
    if form.head().is_some_and(|head| is_part_of_a_word(&form.text[form.units[head].end..]))
        || denied_residue(form, clause, shown) > 0
    {
        return None;
    }
    let hits: Vec<Hit> = specific.iter().filter_map(|index| shown.at[*index]).collect();
    let first = hits.iter().map(|hit| hit.start).min()?;
    let last = hits.iter().map(|hit| hit.end).max()?;
    // 「質量分析を使う検査は…」 denies the test, and 「金型を使わず…」 does without a mould.
    let after = &clause.text[last..];
    if markers::BY_MEANS_OF.iter().any(|means| after.starts_with(means)) || (not_needed(after) && !form.uses) {
        return None;
    }
    let head = form.head();
    // Who does not make food may well develop it.
    let deed = |after: &str| {
        let after = after.strip_prefix('の').unwrap_or(after);
        DEEDS.iter().find(|deed| after.starts_with(**deed)).copied()
    };
    let asked = head.and_then(|head| deed(&form.text[form.units[head].end..]));
    let denied = asked.and_then(|_| deed(&clause.text[last..]));
    if denied.is_some() && denied != asked {
        return None;
    }
    let last = match denied {
        Some(deed) => last + clause.text[last..].find(deed).unwrap_or(0) + deed.len(),
        None => last,
    };
    // 「実験動物はマウスまで、…はできない」: as far as that it is done.
    if hits.iter().any(|hit| clause.text[hit.end..].starts_with("まで、")) {
        return None;
    }
    // 「理化学検査」 is another test.
    let other_word = |hit: Hit| {
        let own = hits.iter().any(|before| before.end == hit.start);
        !own && clause.text[..hit.start].chars().next_back().is_some_and(is_kanji_or_katakana)
    };
    let another = head.and_then(|head| shown.at[head]).is_some_and(other_word);
    if all && !another && !narrowed_before(&clause.text, first) && is_object(&clause.text, last) {
        return Some(0.9);
    }
    // 「測る装置はない」 denies measuring, but not everything that is measured; one character is hardly a head.
    // Most of the line must be there: who does not guarantee a film may well guarantee a size.
    if found * 2 < specific.len() {
        return None;
    }
    let telling = |head: &usize| found > 1 || (!form.units[*head].broad && form.units[*head].weight >= 1.0);
    if another {
        return None;
    }
    let head_is_last = head.filter(telling).and_then(|head| shown.at[head]).is_some_and(|hit| hit.end == last);
    (head_is_last && !narrowed_before(&clause.text, first) && is_object(&clause.text, last)).then_some(0.7)
}

/// From this strength on it is the thing itself that is denied.
pub(super) const VERY_WORDS: f32 = 0.75;

/// 「ゴムは扱わない」, of a line that asks for something to be done to it (ゴムの成形).
fn not_handled(form: &Form, clause: &Clause, shown: &Shown, specific: &[usize]) -> bool {
    const TO_IT: &[&str] = &["", "の", "を", "で", "に", "への", "へ", "による", "を使う", "を使った"];
    let Some((deed, things)) = specific.split_last() else { return false };
    let (Some(first), Some(last)) = (things.first(), things.last()) else { return false };
    // One thing, or one name of several words.
    let one = things.windows(2).all(|two| form.units[two[0]].end == form.units[two[1]].at);
    let hits: Vec<Hit> = things.iter().filter_map(|thing| shown.at[*thing]).collect();
    let beside = hits.windows(2).all(|two| two[0].end == two[1].start);
    if hits.len() < things.len() || !one || !beside || form.head() != Some(*deed) || shown.at[*deed].is_some() {
        return false;
    }
    let (start, end) = (hits[0].start, hits[hits.len() - 1].end);
    let to_it = form.text.get(form.units[*last].end..form.units[*deed].at).is_some_and(|words| TO_IT.contains(&words));
    let telling = things.iter().all(|thing| form.units[*thing].weight >= 1.0) && !form.units[*first].broad;
    let after = &clause.text[end..];
    to_it
        && telling
        && markers::NOT_HANDLED.iter().any(|words| after.contains(words))
        && !narrowed_before(&clause.text, start)
        && !after.starts_with("まで")
        && is_object(&clause.text, end)
        && denied_residue(form, clause, shown) == 0
}

/// Whether what was found is only a kind of the thing that the line names.
fn is_narrower(unit: &Unit, hit: Hit, clause: &Clause) -> bool {
    let (japanese, latin) = unit.own;
    if hit.latin {
        return unit.latin.iter().skip(latin).any(|name| clause.latin.contains(name.as_str()));
    }
    let found = &clause.text[hit.start..hit.end];
    unit.japanese.iter().skip(japanese).any(|name| name == found)
}

/// A word goes on that is more than a way to say the same (発電材料, but 封止加工).
pub(super) fn is_part_of_a_word(after: &str) -> bool {
    after.chars().next().is_some_and(is_kanji_or_katakana)
        && !markers::GENERIC_TAILS
            .iter()
            .chain(markers::PREDICATES)
            .any(|tail| after.starts_with(tail) && *tail != "材料")
}

/// The denied English thing is not the beginning of another one (no university hospital).
pub(super) fn ends_in_english(after: &str) -> bool {
    const MAY_FOLLOW: &str = "in on at by for with from to of or and as any here yet our ourselves services service work \
        equipment facilities capability processing is are was were has have can";
    let word = after.trim_start().split(|mark: char| !mark.is_ascii_alphanumeric()).next().unwrap_or("");
    let cut = !after.starts_with([' ', '-']);
    (cut && !after.starts_with(|next: char| next.is_ascii_alphanumeric()))
        || word.is_empty()
        || MAY_FOLLOW.split_whitespace().any(|known| known == word)
}

/// Something before the denied thing makes it a narrower one: 大型の…, クロム….
pub(super) fn narrowed_before(text: &str, start: usize) -> bool {
    let before = &text[..start];
    if before.ends_with("社の") || before.ends_with("社で") || before.ends_with("本体の") {
        return false;
    }
    is_the_topic(before)
        || before.chars().next_back().is_some_and(|last| {
            matches!(last, 'の' | 'な' | 'い' | 'た' | 'る' | 'き' | 'を')
                || (matches!(last, 'う' | 'す' | 'つ' | 'む' | 'ぶ') && !before.ends_with("もう"))
                || matches!(last, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}')
                || last.is_ascii_alphanumeric()
        })
}

/// 「回路は設計しない」: of what it is not done. Not 「当社はめっきをしない」.
fn is_the_topic(before: &str) -> bool {
    let Some(topic) = before.strip_suffix('は') else { return false };
    let topic = topic.strip_suffix(['で', 'に']).unwrap_or(topic);
    let open = topic.is_empty() || topic.ends_with('の');
    !open && !markers::OURSELVES.iter().chain(markers::AT_PRESENT).any(|who| topic.ends_with(who))
}

/// The denied thing is what the particle after it marks, not a part of another thing (めっきの評価).
pub(super) fn is_object(text: &str, end: usize) -> bool {
    let mut rest = &text[end..];
    for _ in 0..3 {
        let Some(tail) =
            markers::GENERIC_TAILS.iter().filter(|tail| rest.starts_with(**tail)).max_by_key(|tail| tail.len())
        else {
            break;
        };
        rest = &rest[tail.len()..];
    }
    rest.is_empty() || markers::DENIED_PARTICLES.iter().any(|particle| rest.starts_with(particle))
}
