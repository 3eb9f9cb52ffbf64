//! Kinds of organisations that the words of a line name (〜ができる会社, 県内の企業, a firm that mills): checked against the
//! stated kind, for 企業 in a line is as plain a condition as any.

use super::line_facts::{self, Names};
use super::lines::{LineBody, LineVerdict, Ready};
use crate::domain::conditions::{self, Outcome, PartyFacts};
use crate::domain::finding::Message;
use crate::domain::kinds::need::Condition;
use crate::domain::text::canonical;
use crate::domain::vocabulary::{ConditionField, ConditionOperator, OrganizationKind, Strength};
use OrganizationKind::{
    Bank, Firm, Government, IndustryAssociation, Other, PublicTestingInstitute, ResearchInstitute, SupportOrganization,
    University,
};

/// Kinds of organisations as people call them, Japanese and English (in the singular).
const KINDS_CALLED: &[(&str, OrganizationKind)] = &[
    ("企業", Firm),
    ("会社", Firm),
    ("民間企業", Firm),
    ("firm", Firm),
    ("company", Firm),
    ("大学", University),
    ("university", University),
    ("研究機関", ResearchInstitute),
    ("研究所", ResearchInstitute),
    ("research institute", ResearchInstitute),
    ("公設試", PublicTestingInstitute),
    ("公設試験研究機関", PublicTestingInstitute),
    ("public testing institute", PublicTestingInstitute),
    ("支援機関", SupportOrganization),
    ("産業支援機関", SupportOrganization),
    ("support organisation", SupportOrganization),
    ("support organization", SupportOrganization),
    ("銀行", Bank),
    ("金融機関", Bank),
    ("bank", Bank),
    ("行政", Government),
    ("行政機関", Government),
    ("官公庁", Government),
    ("自治体", Government),
    ("government", Government),
    ("業界団体", IndustryAssociation),
    ("industry association", IndustryAssociation),
];

/// The kinds that a line asks for.
pub(super) struct Asked {
    condition: Condition,
    /// The line names them and nothing else.
    alone: bool,
}

/// What the words of a line, in one or two languages, say of who is asked; the Japanese before the English.
pub(super) fn asked(ja: Option<&str>, en: Option<&str>) -> Option<Asked> {
    let forms: Vec<String> = ja.iter().chain(&en).map(|form| canonical(form).to_lowercase()).collect();
    let kinds =
        forms.iter().find_map(|form| if form.is_ascii() { asked_in_english(form) } else { asked_at_the_end(form) });
    let alone = forms.iter().all(|form| kinds_named(without_tail(form)).is_some());
    kinds.map(|kinds| Asked { condition: any_of(&kinds), alone })
}

fn any_of(kinds: &[OrganizationKind]) -> Condition {
    Condition {
        field: ConditionField::OrganizationKind,
        operator: ConditionOperator::AnyOf,
        values: kinds.iter().map(|kind| kind.code().to_owned()).collect(),
    }
}

/// The condition that words state which name kinds of organisations and nothing else (大学, 大学と研究機関, universities).
pub(super) fn kinds_named(words: &str) -> Option<Condition> {
    let folded = words.trim().to_lowercase();
    let mut parts = vec![folded.as_str()];
    for joint in ["および", "及び", "または", "と", "や", "・", "、", ",", " and ", " or "] {
        parts = parts.into_iter().flat_map(|part| part.split(joint)).collect();
    }
    let one = |part: &str| {
        let part = part.trim();
        let part = ["the ", "a ", "an ", "any "].iter().find_map(|word| part.strip_prefix(word)).unwrap_or(part);
        let singular = singular(part);
        KINDS_CALLED.iter().find(|(name, _)| *name == singular).map(|(_, kind)| *kind)
    };
    let kinds: Vec<OrganizationKind> = parts.into_iter().map(one).collect::<Option<_>>()?;
    Some(any_of(&kinds))
}

fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

/// A Japanese line without what only wishes for whom it names.
fn without_tail(line: &str) -> &str {
    const TAILS: &[&str] = &[
        "であること",
        "である",
        "がよい",
        "が良い",
        "だとよい",
        "が望ましい",
        "が理想",
        "を希望",
        "希望",
        "を歓迎",
        "を優先",
        "に限る",
        "限定",
        "のみ",
        "に相談したい",
        "に依頼したい",
        "に頼みたい",
        "と組みたい",
        "を探しています",
        "を探している",
        "を探す",
        "を求む",
    ];
    let line = line.trim_end_matches(['。', '.', ' ']);
    TAILS.iter().find_map(|tail| line.strip_suffix(tail)).unwrap_or(line)
}

/// The kinds at the end of a Japanese line: 〜ができる会社, 大学または公的な研究機関.
fn asked_at_the_end(line: &str) -> Option<Vec<OrganizationKind>> {
    const JOINTS: &[&str] = &["および", "及び", "または", "もしくは", "と", "や", "か", "・", "、", ","];
    const PUBLIC: &[&str] = &["公的な", "公的", "民間の", "県内の", "国立の"];
    let mut rest = without_tail(line);
    let mut kinds = Vec::new();
    while let Some((name, kind)) = kind_at_the_end(rest) {
        kinds.push(kind);
        rest = &rest[..rest.len() - name.len()];
        rest = PUBLIC.iter().find_map(|word| rest.strip_suffix(word)).unwrap_or(rest).trim_end();
        match JOINTS.iter().find_map(|joint| rest.strip_suffix(joint)) {
            Some(shorter) => rest = shorter.trim_end(),
            None => break,
        }
    }
    (!kinds.is_empty()).then_some(kinds)
}

fn kind_at_the_end(line: &str) -> Option<(&'static str, OrganizationKind)> {
    let ending = KINDS_CALLED.iter().filter(|(name, _)| !name.is_ascii() && line.ends_with(name));
    let (name, kind) = ending.max_by_key(|(name, _)| name.len())?;
    // 種子銀行 keeps seeds.
    let before = line[..line.len() - name.len()].trim_end_matches("地方").chars().next_back();
    let stored = *name == "銀行" && before.is_some_and(|before| before.is_alphabetic() && !is_hiragana(before));
    (!stored).then_some((*name, *kind))
}

fn is_hiragana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}')
}

/// The kinds that an English line begins with: "A firm that mills", "University or research institute", "Dyeing company".
/// Not "bank of capacitors", "company-wide".
fn asked_in_english(line: &str) -> Option<Vec<OrganizationKind>> {
    const ENDS: &[&str] =
        &["that", "which", "who", "able", "in", "inside", "within", "with", "near", "to", "based", "from"];
    const PLAIN: &[&str] = &["a", "an", "the", "any", "local", "regional", "public", "national", "private", "small"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let head = words.iter().position(|word| ENDS.contains(word)).map_or(&words[..], |end| &words[..end]);
    let head = head.join(" ");
    let mut kinds = Vec::new();
    for part in
        head.trim_end_matches('.').split(',').flat_map(|part| part.split(" and ")).flat_map(|part| part.split(" or "))
    {
        let called = singular(part.trim());
        let (name, kind) =
            KINDS_CALLED.iter().filter(|(name, _)| called.ends_with(name)).max_by_key(|(name, _)| name.len())?;
        let before = &called[..called.len() - name.len()];
        let whole = before.is_empty() || before.ends_with(' ');
        // A plating firm is a firm; a seed bank is none.
        let plain = *kind == Firm || before.split_whitespace().all(|word| PLAIN.contains(&word));
        if !whole || !plain {
            return None;
        }
        kinds.push(*kind);
    }
    Some(kinds)
}

/// Stated kinds that people may well mean by another name: whether they do is to be asked.
fn may_be_called(asked: OrganizationKind, stated: OrganizationKind) -> bool {
    match stated {
        Other => true,
        Bank => asked == Firm,
        IndustryAssociation => matches!(asked, Firm | SupportOrganization),
        University => asked == ResearchInstitute,
        PublicTestingInstitute => matches!(asked, ResearchInstitute | SupportOrganization | Government),
        ResearchInstitute => asked == PublicTestingInstitute,
        SupportOrganization => matches!(asked, IndustryAssociation | Government),
        Government => asked == SupportOrganization,
        Firm => false,
    }
}

/// The line as it stands with the kind of the party: unmet where the stated kind is clearly another, and never met where it
/// only may be called so, or where nothing but a condition speaks for it and no kind is stated.
pub(super) fn of_the_kind(
    index: usize,
    line: &Ready,
    asked: &Asked,
    facts: &PartyFacts,
    names: &Names,
    body: LineBody,
) -> LineBody {
    let checked = conditions::check(&asked.condition, facts);
    let kinds: Vec<OrganizationKind> =
        asked.condition.values.iter().filter_map(|code| OrganizationKind::from_code(code)).collect();
    let stated = facts.organization_kind.as_ref().map(|stated| stated.value);
    let perhaps = stated.is_some_and(|stated| kinds.iter().any(|asked| may_be_called(*asked, stated)));
    let alone = asked.alone && line.condition.is_none();
    let of_condition = || line_facts::of_condition(index, line.requirement, &asked.condition, &checked, names);
    match checked.outcome {
        _ if body.verdict == LineVerdict::Unmet => body,
        Outcome::Met if !alone => body,
        Outcome::Unmet if perhaps => open(body, would_be(line, &kinds, stated)),
        Outcome::Unknown if !alone && line.label => open(body, of_condition().would_fit),
        Outcome::Unknown if !alone => body,
        Outcome::Met | Outcome::Unmet | Outcome::Unknown => of_condition(),
    }
}

/// Not met as it stands; a sentence that met it stays to be read.
fn open(body: LineBody, question: Option<Message>) -> LineBody {
    let closest = match body.verdict {
        LineVerdict::Met => body.evidence.filter(|evidence| evidence.name.is_none()),
        LineVerdict::Unmet | LineVerdict::Unknown => body.closest,
    };
    LineBody { verdict: LineVerdict::Unknown, strength: 0.0, evidence: None, closest, would_fit: question, ..body }
}

fn would_be(line: &Ready, asked: &[OrganizationKind], stated: Option<OrganizationKind>) -> Option<Message> {
    let stated = stated.filter(|_| line.requirement != Strength::Exclude)?;
    let ja: Vec<&str> = asked.iter().map(|kind| kind.name_ja()).collect();
    let en: Vec<&str> = asked.iter().map(|kind| kind.name_en()).collect();
    Some(Message::new(
        format!("「{}」に当たるか確かめてください。登録は「{}」です。", ja.join("、"), stated.name_ja()),
        format!("Ask whether it counts as {}; it is stated as {}.", en.join(" or "), stated.name_en()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_by_their_names_alone() {
        let kinds = |words: &str| kinds_named(words).map(|condition| condition.values);
        assert_eq!(kinds("大学"), Some(vec!["university".to_owned()]));
        assert_eq!(kinds("大学や研究機関"), Some(vec!["university".to_owned(), "research_institute".to_owned()]));
        assert_eq!(kinds("Universities and banks"), Some(vec!["university".to_owned(), "bank".to_owned()]));
        assert_eq!(kinds("the companies"), Some(vec!["firm".to_owned()]));
        for words in ["真空蒸着の会社", "大学発ベンチャー", "大学院", "dealers", "", "大学と真空蒸着"]
        {
            assert_eq!(kinds(words), None, "{words}");
        }
    }

    fn codes(ja: Option<&str>, en: Option<&str>) -> String {
        asked(ja, en).map(|asked| asked.condition.values.join(" ")).unwrap_or_default()
    }

    #[test]
    fn a_line_asks_for_the_kind_that_it_ends_with() {
        for (line, kinds) in [
            ("めっきができる会社", "firm"),
            ("県内の中小企業であること", "firm"),
            ("県内の国立大学", "university"),
            ("大学または公的な研究機関が望ましい", "research_institute university"),
            ("企業・大学", "university firm"),
            ("公設試験研究機関", "public_testing_institute"),
            ("地方銀行", "bank"),
            ("地元の銀行に相談したい", "bank"),
            ("種子銀行", ""),
            ("大学との共同研究の経験", ""),
            ("大学発ベンチャー", ""),
            ("会社を三つ含む組", ""),
            ("めっきができること", ""),
            ("競合する会社の子", ""),
            ("", ""),
        ] {
            assert_eq!(codes(Some(line), None), kinds, "{line}");
        }
    }

    #[test]
    fn and_in_english_the_kind_that_it_begins_with() {
        for (line, kinds) in [
            ("A firm that can plate titanium", "firm"),
            ("Companies in the prefecture", "firm"),
            ("Dyeing company", "firm"),
            ("University or research institute", "university research_institute"),
            ("Public testing institute", "public_testing_institute"),
            ("Public institute or university", ""),
            ("University hospital", ""),
            ("Company-wide planning software", ""),
            ("Bank of capacitors", ""),
            ("A seed bank", ""),
            ("A regional bank", "bank"),
            ("Work with universities", ""),
            ("In the prefecture", ""),
            ("confirm", ""),
        ] {
            assert_eq!(codes(None, Some(line)), kinds, "{line}");
        }
        // The fuller Japanese goes before its gloss.
        assert_eq!(codes(Some("県内の会社"), Some("In the prefecture")), "firm");
    }

    #[test]
    fn another_name_for_the_same_is_no_contradiction() {
        assert!(
            may_be_called(ResearchInstitute, University) && may_be_called(Firm, Bank) && may_be_called(Firm, Other)
        );
        assert!(!may_be_called(Firm, University) && !may_be_called(University, Firm) && !may_be_called(Bank, Firm));
    }
}
