//! What a clause shows of a line: where each thing that the line names stands in it.

use super::clause::{Clause, latin_words};
use super::requirement::{Form, SPECIFIC, Unit, whole_katakana};
use super::residue::is_kanji_or_katakana;

/// What a clause shows of a line.
pub(super) struct Shown {
    /// For each unit where it stands in the clause, in bytes of its text.
    pub(super) at: Vec<Option<Hit>>,
    pub(super) covered: f32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) latin: bool,
}

impl Shown {
    /// Whether what was found of the line stands there as the line says it, and not by another or a narrower name.
    pub(super) fn in_its_own_words(&self, form: &Form, clause: &Clause) -> bool {
        form.units.iter().zip(&self.at).filter(|(unit, _)| unit.weight >= SPECIFIC).all(|(unit, hit)| {
            let Some(hit) = hit else { return true };
            let (asked, found) = (&form.text[unit.at..unit.end], &clause.text[hit.start..hit.end]);
            // 銅めっき is a kind of めっき.
            let begun = self.at.iter().flatten().any(|other| other.end == hit.start);
            let kind = !begun && clause.text[..hit.start].chars().next_back().is_some_and(is_kanji_or_katakana);
            (found == asked && !kind) || (hit.latin && latin_words(found).contains(&latin_words(asked)))
        })
    }
}

pub(super) fn shown(form: &Form, clause: &Clause) -> Shown {
    let total = form.total();
    let mut covered = 0.0;
    let mut at: Vec<Option<Hit>> = Vec::with_capacity(form.units.len());
    for (index, unit) in form.units.iter().enumerate() {
        // One word does not show two things (教える講座 by 教える), unless it is made of both (スロットダイ塗布).
        let hit = find_unit(unit, clause).or_else(|| find_part(form, index, clause));
        let own = &form.text[unit.at..unit.end];
        let taken = hit.is_some_and(|hit| at.iter().flatten().any(|other| other.start == hit.start))
            && !clause.text.contains(own);
        let hit = hit.filter(|_| !taken);
        if hit.is_some() {
            covered += unit.weight;
        }
        at.push(hit);
    }
    Shown { at, covered: if total > 0.0 { covered / total } else { 1.0 } }
}

/// A plain word of one character: 端 is not in 端末.
pub(super) fn lone(unit: &Unit, name: &str) -> bool {
    unit.japanese.len() == 1 && unit.latin.is_empty() && name.chars().count() == 1
}

pub(super) fn stands_alone(text: &str, start: usize, name: &str) -> bool {
    let kanji = |character: char| matches!(character, '\u{4E00}'..='\u{9FFF}');
    !text[..start].chars().next_back().is_some_and(kanji)
        && !text[start + name.len()..].chars().next().is_some_and(kanji)
}

pub(super) fn find_unit(unit: &Unit, clause: &Clause) -> Option<Hit> {
    // The longest spelling that is there says most exactly what it is.
    let mut best: Option<Hit> = None;
    // Whether it is there at all is asked first: that is much quicker than where.
    for name in unit.japanese.iter().filter(|name| clause.text.contains(name.as_str())) {
        for (start, _) in clause.text.match_indices(name.as_str()) {
            if lone(unit, name) && !stands_alone(&clause.text, start, name) {
                continue;
            }
            let longer = best.is_none_or(|best| name.len() > best.end - best.start);
            if longer && whole_katakana(&clause.text, start, name) {
                best = Some(Hit { start, end: start + name.len(), latin: false });
            }
        }
    }
    best.or_else(|| unit.japanese.iter().find_map(|name| in_a_list(name, &clause.text))).or_else(|| {
        unit.latin.iter().find_map(|name| {
            let at = clause.latin.find(name.as_str())?;
            let (start, end) = clause.latin_range(at, at + name.len())?;
            Some(Hit { start, end, latin: true })
        })
    })
}

/// One character of a compound word (the 材 of 基材) beside the other part of it.
pub(super) fn find_part(form: &Form, index: usize, clause: &Clause) -> Option<Hit> {
    let unit = &form.units[index];
    let name = unit.japanese.first().filter(|name| lone(unit, name))?;
    let surface = |unit: &Unit| form.text[unit.at..unit.end].to_owned();
    let before = (unit.joined && index > 0).then(|| surface(&form.units[index - 1]));
    let after = form.units.get(index + 1).filter(|next| next.joined).map(surface);
    clause.text.match_indices(name.as_str()).find_map(|(start, _)| {
        let end = start + name.len();
        let left = before.as_ref().is_some_and(|before| clause.text[..start].ends_with(before.as_str()));
        let right = after.as_ref().is_some_and(|after| clause.text[end..].starts_with(after.as_str()));
        (left || right).then_some(Hit { start, end, latin: false })
    })
}

/// 「引張・圧縮・曲げの試験」 is a 引張試験, too: the end of a name that a list shares.
pub(super) fn in_a_list(name: &str, text: &str) -> Option<Hit> {
    const SHARED: &[&str] =
        &["試験", "加工", "測定", "検査", "分析", "解析", "めっき", "溶接", "塗装", "印刷", "成形", "研削", "処理"];
    const FURTHEST: usize = 24;
    let tail = SHARED.iter().find(|tail| name.ends_with(**tail))?;
    let begins = name.strip_suffix(tail).filter(|begins| text.contains(begins) && begins.chars().count() > 1)?;
    text.match_indices(begins).find_map(|(start, _)| {
        let after = &text[start + begins.len()..];
        if !after.starts_with(['・', '、', 'と', 'や']) {
            return None;
        }
        let near = after.char_indices().nth(FURTHEST).map_or(after, |(end, _)| &after[..end]);
        let list = near.find(['を', 'が', 'は', '。']).map_or(near, |end| &near[..end]);
        let end = start + begins.len() + list.find(tail)? + tail.len();
        Some(Hit { start, end, latin: false })
    })
}

/// Characters that may stand between the parts of a compound word.
pub(super) const COMPOUND_GAP: usize = 5;

/// Every compound word of the line stands together in the clause, in its order.
pub(super) fn compounds_hold(form: &Form, clause: &Clause, shown: &Shown) -> bool {
    (1..form.units.len()).filter(|index| form.units[*index].joined).all(|index| {
        let (Some(before), Some(this)) = (shown.at[index - 1], shown.at[index]) else { return true };
        if before.latin || this.latin {
            return true;
        }
        let firsts = places(&form.units[index - 1], clause);
        let seconds = places(&form.units[index], clause);
        firsts.iter().any(|first| {
            seconds
                .iter()
                .any(|second| second.0 == first.0 || (second.0 >= first.1 && second.0 - first.1 <= COMPOUND_GAP * 3))
        })
    })
}

pub(super) fn places(unit: &Unit, clause: &Clause) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    for name in &unit.japanese {
        places.extend(clause.text.match_indices(name.as_str()).map(|(start, _)| (start, start + name.len())));
    }
    places
}

/// Characters from the first to the last unit found in the Japanese text.
pub(super) fn spread(shown: &Shown, clause: &Clause) -> usize {
    let hits: Vec<Hit> = shown.at.iter().flatten().copied().collect();
    let (Some(start), Some(end)) = (hits.iter().map(|hit| hit.start).min(), hits.iter().map(|hit| hit.end).max())
    else {
        return 0;
    };
    clause.text[start..end].chars().count()
}
