//! What would make a line fit: a question to ask, by the kind of line.

use super::lines::{LineVerdict, Ready};
use crate::domain::finding::Message;
use crate::domain::vocabulary::Strength;
use musubi_index::lines::Numbers;

/// None where nothing is missing.
pub(super) fn would_fit(line: &Ready, verdict: LineVerdict, numbers: Option<&Numbers>) -> Option<Message> {
    let wanted = line.requirement != Strength::Exclude;
    let ja = line.ja.as_deref().or(line.en.as_deref()).unwrap_or("").trim_end_matches(['。', '.', ' ']);
    let en = line.en.as_deref().or(line.ja.as_deref()).unwrap_or("").trim_end_matches(['。', '.', ' ']);
    match (verdict, numbers) {
        (LineVerdict::Met, _) if wanted => None,
        (LineVerdict::Met, _) => Some(Message::new(
            format!("除外する「{ja}」に当たる記載があります。今もそうか確かめてください。"),
            format!("The text shows \"{en}\", which the need excludes. Check whether this is still so."),
        )),
        (_, _) if !wanted => None,
        (LineVerdict::Unmet, Some(Numbers { asked, stated })) => Some(Message::new(
            format!("「{asked}」が必要ですが、記載は「{stated}」です。"),
            format!("\"{asked}\" is asked for; the text states \"{stated}\"."),
        )),
        (LineVerdict::Unmet, None) => Some(Message::new(
            format!("「{ja}」に当たらないと読める記載があります。できる相手と組むか、条件を見直してください。"),
            format!("The text says that \"{en}\" is not so. Add somebody who does, or change the line."),
        )),
        (LineVerdict::Unknown, _) => {
            Some(Message::new(format!("「{ja}」{}", asks(ja)), format!("Ask them about \"{en}\".")))
        }
    }
}

/// How the question goes on, by what the line is: a deed, a certificate or record, a partner, a thing.
fn asks(line: &str) -> &'static str {
    const DEEDS: &[&str] = &["できること", "できる", "こと", "れる", "える", "行う"];
    const HELD: &[&str] = &["認証", "認定", "許可", "資格", "実績", "経験", "特許", "証明"];
    const PARTNERS: &[&str] = &["会社", "企業", "相手", "機関", "大学", "工場", "ところ", "人", "研究者", "パートナー"];
    let certificate = ["iso", "jis", "iatf", "haccp", "gmp", "fsc", "jgap", "isms"];
    let folded = line.to_lowercase();
    if certificate.iter().any(|name| folded.starts_with(name) && folded.chars().count() < 20)
        || HELD.iter().any(|end| line.ends_with(end))
    {
        "を持っているか確かめてください。"
    } else if PARTNERS.iter().any(|end| line.ends_with(end)) {
        "に当たるか確かめてください。"
    } else if DEEDS.iter().any(|end| line.ends_with(end)) {
        "に応じられるか確かめてください。"
    } else {
        "について確かめてください。"
    }
}

#[cfg(test)]
mod tests {
    use super::asks;

    #[test]
    fn a_question_fits_its_line() {
        assert_eq!(asks("めっきができること"), "に応じられるか確かめてください。");
        assert_eq!(asks("ISO 9001"), "を持っているか確かめてください。");
        assert_eq!(asks("ISO 13485または医療材料の納入実績"), "を持っているか確かめてください。");
        assert_eq!(asks("県内の会社"), "に当たるか確かめてください。");
        assert_eq!(asks("三次元測定機の成績書"), "について確かめてください。");
    }
}
