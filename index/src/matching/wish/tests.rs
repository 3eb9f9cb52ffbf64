//! Wishes in free words as people write them, and as they do not mean them.

use super::*;

fn unwanted(text: &str) -> (String, Vec<String>) {
    let wish = Wish::read(text);
    (wish.wanted, wish.unwanted)
}

#[test]
fn what_is_left_out_is_no_part_of_what_is_wanted() {
    let whole = |text: &str| (text.to_owned(), Vec::<String>::new());
    assert_eq!(
        unwanted("有機太陽電池を封止できる会社。ただし真空蒸着の会社は除く。"),
        ("有機太陽電池を封止できる会社。".into(), vec!["真空蒸着の会社".into()])
    );
    assert_eq!(unwanted("封止は不要、塗布ができる会社"), ("塗布ができる会社".into(), vec!["封止".into()]));
    assert_eq!(unwanted("印刷の会社、蒸着はしない会社"), ("印刷の会社、".into(), vec!["蒸着".into()]));
    assert_eq!(
        unwanted("firms that coat film, except for dealers."),
        ("firms that coat film,".into(), vec!["dealers".into()])
    );
    // Nothing else would be left, or nothing is left out.
    assert_eq!(unwanted("封止は不要"), whole("封止は不要"));
    for text in ["めっきは外注している、社内で行いたい", "ほこりを除く装置", "溶剤を使わない塗布"]
    {
        assert_eq!(unwanted(text), whole(text));
    }
}

fn knowing(text: &str) -> (String, Vec<String>) {
    let wish = Wish::read_knowing(text, &mut |name| match name.to_lowercase().trim_start_matches("a ") {
        "大学以外" | "universities and banks" | "yamada inc" | "個人" | "公設試" => Some(Checkable::Party),
        "織舟市" | "orifune" => Some(Checkable::Fact),
        "大学" | "研究機関" | "universities" | "university" | "banks" | "蔵路発酵工業" | "yamada co., ltd" => {
            Some(Checkable::Party)
        }
        "冴川市" | "従業員1,000人以上" | "yonezawa" => Some(Checkable::Fact),
        _ => None,
    });
    (wish.wanted, wish.unwanted)
}

#[test]
fn ordinary_exclusions_of_parties_are_read_without_a_comma() {
    let read = |text: &str, wanted: &str, unwanted: &[&str]| {
        let expected = (wanted.to_owned(), unwanted.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(knowing(text), expected, "{text}");
    };
    read("fermentation except universities", "fermentation", &["universities"]);
    read("Fermentation except for universities.", "Fermentation.", &["universities"]);
    read("fermentation (except universities)", "fermentation ", &["universities"]);
    read("fermentation, not universities", "fermentation,", &["universities"]);
    read("fermentation without universities", "fermentation", &["universities"]);
    read("Fermentation. Not a university please.", "Fermentation.", &["a university"]);
    read("fermentation, universities excluded", "fermentation,", &["universities"]);
    read("fermentation, except universities, banks", "fermentation,", &["universities", "banks"]);
    read("fermentation, except Yamada Co., Ltd.", "fermentation,", &["Yamada Co., Ltd"]);
    read("fermentation except Yonezawa", "fermentation", &["Yonezawa"]);
    read("発酵（大学は除く）", "発酵", &["大学"]);
    read("発酵（大学以外）", "発酵", &["大学"]);
    read("大学以外で発酵", "発酵", &["大学"]);
    read("発酵を大学以外で", "発酵を", &["大学"]);
    read("大学以外の発酵に強い会社", "発酵に強い会社", &["大学"]);
    read("発酵、大学除く", "発酵、", &["大学"]);
    read("発酵 大学は除く", "発酵 ", &["大学"]);
    read("大学を除く発酵の会社", "発酵の会社", &["大学"]);
    read("大学は除く", "", &["大学"]);
    read("発酵の会社。ただし大学は除きます。", "発酵の会社。", &["大学"]);
    read("発酵、蔵路発酵工業は除く", "発酵、", &["蔵路発酵工業"]);
    read("発酵、Kyoto Universityは除く", "発酵、", &["Kyoto University"]);
    read("冴川市以外で発酵", "発酵", &["冴川市"]);
    read("発酵、従業員1,000人以上は除く", "発酵、", &["従業員1,000人以上"]);
}

#[test]
fn more_ways_to_leave_out() {
    let read = |text: &str, wanted: &str, unwanted: &[&str]| {
        let expected = (wanted.to_owned(), unwanted.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(knowing(text), expected, "{text}");
    };
    read("coating except universities and banks", "coating", &["universities and banks"]);
    read("coating except Yamada Inc. We need film.", "coating. We need film.", &["Yamada Inc"]);
    read("織舟市以外の染色会社", "染色会社", &["織舟市"]);
    read("織舟市以外の織物工場", "織物工場", &["織舟市"]);
    read("大学除く個人除く分析", "分析", &["大学", "個人"]);
    read("塗工　※大学除く", "塗工　", &["大学"]);
    read("塗工（※大学除く）", "塗工", &["大学"]);
    read("塗工。除く：大学", "塗工。", &["大学"]);
    read("塗工。除く：大学、研究機関", "塗工。", &["大学", "研究機関"]);
    read("染色。大学はNG", "染色。", &["大学"]);
    read("染色、大学はお断りします", "染色、", &["大学"]);
    read("dyeing outside Orifune", "dyeing", &["Orifune"]);
    read("dyeing not from Orifune", "dyeing", &["Orifune"]);
    read("dyeing, not in Orifune", "dyeing,", &["Orifune"]);
    read("no universities please: coating", "coating", &["universities"]);
    read("発酵、大学は除いてください", "発酵、", &["大学"]);
    read("公設試は除かず大学は除く", "公設試は除かず", &["大学"]);
    // Who is not of this kind is left out.
    for text in ["発酵、大学以外を除く", "発酵、大学以外は除いて", "発酵、大学以外は不要"]
    {
        read(text, "発酵、", &["大学以外"]);
    }
}

#[test]
fn the_opposite_leaves_nobody_out() {
    for text in [
        "分析、大学は除きません",
        "分析、大学を除く必要はない",
        "分析、大学を除かないでください",
        "分析。大学の除外は不要",
        "分析、大学を除外しない",
        "分析、大学は除外しなくてよい",
        "分析、大学を除くわけではない",
        "大学を除かない分析",
        "公設試は除かず大学",
        "analysis, not excluding universities",
        "analysis not excluding universities",
        "analysis, but not excluding universities",
        "analysis without excluding universities",
        "analysis, not without universities",
        "analysis by nobody other than universities",
        "analysis, excluding everybody except universities",
        "analysis, excluding all but universities",
        "分析、織舟市以外は除く",
        "分析、大学以外の真空蒸着は除く",
    ] {
        assert_eq!(knowing(text), (text.to_owned(), Vec::new()), "{text}");
    }
}

#[test]
fn what_may_leave_out_and_was_not_read_is_told() {
    let near = |text: &str| -> Vec<String> {
        let wish = Wish::read_knowing(text, &mut |_| None);
        wish.unread.into_iter().map(|one| one.near).collect()
    };
    assert_eq!(near("発酵、冴川市以外の米を使う"), ["冴川市"]);
    assert_eq!(near("excluding everybody except universities"), ["universities"]);
    for text in ["大学は除きません", "大学以外も歓迎", "not excluding universities", "大学はNGではない", "発酵"]
    {
        assert_eq!(near(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn other_senses_of_the_same_words_leave_nothing_out() {
    for text in [
        "溶剤以外も使える塗布",
        "大学以外も歓迎、発酵",
        "大学以外にも声をかけたい発酵",
        "without solvents",
        "coating without solvents",
        "coating not only of film",
        "no universities of applied things",
        "山形の大学以外で発酵",
        "冴川市以外の米を発酵",
        "ほこりを除く装置",
        "油分を除いた水",
        "（株）蔵路発酵工業の発酵",
        "山形にある大学以外で発酵",
        "発酵（大学も可）",
        "amounts of 1,000 pieces",
    ] {
        assert_eq!(knowing(text), (text.to_owned(), Vec::new()), "{text}");
    }
}

#[test]
fn any_text_is_read_and_only_so_many_exclusions() {
    for text in
        ["（", "(except ", "以外", "除く", "）（", "not ", " except ", ".", "、、、", "（大学は除く", "Co., Ltd."]
    {
        let _ = knowing(text);
    }
    let many = Wish::read_knowing(&"大学は除く。".repeat(3_000), &mut |_| Some(Checkable::Party));
    assert_eq!(many.unwanted.len(), MOST);
}
