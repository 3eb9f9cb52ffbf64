//! Latin letters as kana, in the Hepburn and the Kunrei spelling: `yamagata` and `mogami` reach ヤマガタ and モガミ.

/// Longest first where one begins another.
const SYLLABLES: &[(&str, &str)] = &[
    ("kya", "キャ"),
    ("kyu", "キュ"),
    ("kyo", "キョ"),
    ("sha", "シャ"),
    ("shu", "シュ"),
    ("sho", "ショ"),
    ("shi", "シ"),
    ("sya", "シャ"),
    ("syu", "シュ"),
    ("syo", "ショ"),
    ("cha", "チャ"),
    ("chu", "チュ"),
    ("cho", "チョ"),
    ("chi", "チ"),
    ("tya", "チャ"),
    ("tyu", "チュ"),
    ("tyo", "チョ"),
    ("tsu", "ツ"),
    ("nya", "ニャ"),
    ("nyu", "ニュ"),
    ("nyo", "ニョ"),
    ("hya", "ヒャ"),
    ("hyu", "ヒュ"),
    ("hyo", "ヒョ"),
    ("mya", "ミャ"),
    ("myu", "ミュ"),
    ("myo", "ミョ"),
    ("rya", "リャ"),
    ("ryu", "リュ"),
    ("ryo", "リョ"),
    ("gya", "ギャ"),
    ("gyu", "ギュ"),
    ("gyo", "ギョ"),
    ("zya", "ジャ"),
    ("zyu", "ジュ"),
    ("zyo", "ジョ"),
    ("bya", "ビャ"),
    ("byu", "ビュ"),
    ("byo", "ビョ"),
    ("pya", "ピャ"),
    ("pyu", "ピュ"),
    ("pyo", "ピョ"),
    ("ja", "ジャ"),
    ("ju", "ジュ"),
    ("jo", "ジョ"),
    ("je", "ジェ"),
    ("ji", "ジ"),
    ("fa", "ファ"),
    ("fi", "フィ"),
    ("fe", "フェ"),
    ("fo", "フォ"),
    ("fu", "フ"),
    ("ka", "カ"),
    ("ki", "キ"),
    ("ku", "ク"),
    ("ke", "ケ"),
    ("ko", "コ"),
    ("sa", "サ"),
    ("si", "シ"),
    ("su", "ス"),
    ("se", "セ"),
    ("so", "ソ"),
    ("ta", "タ"),
    ("ti", "チ"),
    ("tu", "ツ"),
    ("te", "テ"),
    ("to", "ト"),
    ("na", "ナ"),
    ("ni", "ニ"),
    ("nu", "ヌ"),
    ("ne", "ネ"),
    ("no", "ノ"),
    ("ha", "ハ"),
    ("hi", "ヒ"),
    ("hu", "フ"),
    ("he", "ヘ"),
    ("ho", "ホ"),
    ("ma", "マ"),
    ("mi", "ミ"),
    ("mu", "ム"),
    ("me", "メ"),
    ("mo", "モ"),
    ("ya", "ヤ"),
    ("yu", "ユ"),
    ("yo", "ヨ"),
    ("ra", "ラ"),
    ("ri", "リ"),
    ("ru", "ル"),
    ("re", "レ"),
    ("ro", "ロ"),
    ("wa", "ワ"),
    ("wo", "ヲ"),
    ("ga", "ガ"),
    ("gi", "ギ"),
    ("gu", "グ"),
    ("ge", "ゲ"),
    ("go", "ゴ"),
    ("za", "ザ"),
    ("zi", "ジ"),
    ("zu", "ズ"),
    ("ze", "ゼ"),
    ("zo", "ゾ"),
    ("da", "ダ"),
    ("di", "ヂ"),
    ("du", "ヅ"),
    ("de", "デ"),
    ("do", "ド"),
    ("ba", "バ"),
    ("bi", "ビ"),
    ("bu", "ブ"),
    ("be", "ベ"),
    ("bo", "ボ"),
    ("pa", "パ"),
    ("pi", "ピ"),
    ("pu", "プ"),
    ("pe", "ペ"),
    ("po", "ポ"),
    ("va", "ヴァ"),
    ("vi", "ヴィ"),
    ("vu", "ヴ"),
    ("ve", "ヴェ"),
    ("vo", "ヴォ"),
    ("a", "ア"),
    ("i", "イ"),
    ("u", "ウ"),
    ("e", "エ"),
    ("o", "オ"),
];

/// The katakana that a folded text spells in Latin letters. A last letter that begins a syllable is left off, as it is
/// still being typed. `None` if it spells nothing.
pub(crate) fn kana(folded: &str) -> Option<String> {
    let mut rest = folded;
    let mut kana = String::with_capacity(folded.len() * 2);
    while !rest.is_empty() {
        if let Some((latin, syllable)) = SYLLABLES.iter().find(|(latin, _)| rest.starts_with(latin)) {
            kana.push_str(syllable);
            rest = &rest[latin.len()..];
            continue;
        }
        let mut letters = rest.bytes();
        let (first, second) = (letters.next()?, letters.next());
        match (first, second) {
            // Shinbashi and Shimbashi; n' before a vowel; a last n.
            (b'n' | b'm', Some(b'b' | b'p' | b'm')) | (b'n', None | Some(_)) => {
                kana.push('ン');
                rest = &rest[1..];
                rest = rest.strip_prefix('\'').unwrap_or(rest);
            }
            (b't', Some(b'c')) => {
                kana.push('ッ');
                rest = &rest[1..];
            }
            (first, Some(second)) if first == second && first.is_ascii_lowercase() => {
                kana.push('ッ');
                rest = &rest[1..];
            }
            (b'-', _) => {
                kana.push('ー');
                rest = &rest[1..];
            }
            (first, None) if first.is_ascii_lowercase() => break,
            (b'k' | b's' | b't' | b'c' | b'h' | b'm' | b'r' | b'g' | b'z' | b'b' | b'p', Some(b'y' | b'h' | b's'))
                if rest.len() == 2 =>
            {
                break;
            }
            _ => return None,
        }
    }
    (!kana.is_empty()).then_some(kana)
}

#[cfg(test)]
mod tests {
    use super::kana;

    #[test]
    fn both_spellings_and_what_is_still_typed() {
        for (latin, expected) in [
            ("yamagata", "ヤマガタ"),
            ("shinjou", "シンジョウ"),
            ("sinzyou", "シンジョウ"),
            ("shimbashi", "シンバシ"),
            ("nikkei", "ニッケイ"),
            ("mog", "モ"),
            ("ky", ""),
            ("tsuruoka", "ツルオカ"),
            ("kon'ya", "コンヤ"),
        ] {
            assert_eq!(kana(latin).unwrap_or_default(), expected, "{latin}");
        }
        assert_eq!(kana("film"), None);
        assert_eq!(kana("山形"), None);
    }
}
