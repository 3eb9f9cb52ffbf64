//! A wish in free words, divided: what is wanted, and what is expressly not. The words of what is not wanted would find it.

/// What a sentence wants, and what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The text without what it leaves out; the whole text where nothing else would be left.
    pub wanted: String,
    /// What is not wanted, without the words that say so.
    pub unwanted: Vec<String>,
}

/// How a clause ends that leaves out what it names.
const LEAVES_OUT: &[&str] = &[
    "は除く",
    "を除く",
    "は除き",
    "を除き",
    "は除いて",
    "を除いて",
    "は除外",
    "を除外",
    "は除外する",
    "を除外する",
    "は不要",
    "は要らない",
    "はいらない",
    "は要りません",
    "はいりません",
    "は必要ない",
    "は必要ありません",
    "は対象外",
    "は避けたい",
    "以外",
];

/// How a clause ends that wants somebody who does not do what it names.
const DOES_NOT: &[&str] = &["はしない", "をしない", "を行わない", "は行わない", "をやらない", "はやらない"];

const SOMEBODY: &[&str] = &["会社", "企業", "ところ", "所", "相手", "メーカー", "事業者", "方"];

/// What goes before or after without changing what is said.
const ASIDE: &[&str] = &["ただし", "但し", "ただ", "なお", "また", "but ", "and "];
const POLITE: &[&str] =
    &["でお願いします", "をお願いします", "してください", "です", "とする", "とします", "でよい", "で"];

/// How an English clause begins that leaves out what follows.
const EXCEPT: &[&str] =
    &["except for ", "except ", "excluding ", "not including ", "other than ", "but not ", "no need for "];

impl Wish {
    pub fn read(text: &str) -> Wish {
        let (mut wanted, mut unwanted) = (String::with_capacity(text.len()), Vec::new());
        let ends = |character: char| matches!(character, '。' | '、' | '，' | ',' | ';' | '\n' | '！' | '!' | '．');
        for piece in text.split_inclusive(ends) {
            match left_out(piece.trim_end_matches(ends).trim().trim_end_matches('.')) {
                Some(what) => unwanted.push(what.to_owned()),
                None => wanted.push_str(piece),
            }
        }
        if wanted.chars().any(char::is_alphanumeric) {
            Wish { wanted, unwanted }
        } else {
            Wish { wanted: text.to_owned(), unwanted: Vec::new() }
        }
    }
}

/// What a clause leaves out.
fn left_out(clause: &str) -> Option<&str> {
    let clause = ASIDE.iter().find_map(|aside| clause.strip_prefix(aside)).unwrap_or(clause).trim_start();
    let lower = clause.to_ascii_lowercase();
    if let Some(except) = EXCEPT.iter().find(|except| lower.starts_with(**except)) {
        return clause.get(except.len()..).map(str::trim).filter(|what| !what.is_empty());
    }
    let bare = POLITE.iter().find_map(|polite| clause.strip_suffix(polite)).unwrap_or(clause);
    let ends = |text: &'_ str, list: &[&str]| list.iter().find_map(|end| text.strip_suffix(end).map(str::len));
    let length = ends(bare, LEAVES_OUT).or_else(|| {
        let somebody = SOMEBODY.iter().find_map(|somebody| bare.strip_suffix(somebody))?;
        ends(somebody, DOES_NOT)
    })?;
    Some(bare[..length].trim()).filter(|what| !what.is_empty())
}

#[cfg(test)]
mod tests {
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
}
