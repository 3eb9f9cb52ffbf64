//! Words that carry no meaning of their own. They are neither indexed nor searched for.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

const ENGLISH: &str = "a an and are as at be been but by can could did do does for from had has have how i if in into is it its may me more most must my no nor not of on or our \
    shall should so some such than that the their them then there these they this those through to under up us via was we were what when where which while who will with within \
    would you your";

const JAPANESE: &str = "から まで より ので のに では には とは との へ など なら ほか また および 及び または 又は もの こと ため うち ところ とき ほど だけ のみ ほぼ さらに \
    する した して すれ しよう され される された できる できれ できた できます します しました している していた なる なった なり なっ ある あり あっ あった ない なく \
    いる いた いて おり おける おいて ついて つい とって よる よっ よって により よび 対する 対して 関する 関して 向け 向けた 等 これ それ あれ この その あの ここ そこ \
    どこ です ます でした ました ください くださる たい たく たち れる られ られる せる させ させる 良い よい 使う 使っ 使った 用い 用いた 用いる 行う 行い 行っ 行った \
    得る よう ような ように という といった として とした について における に対する に関する ですが";

static WORDS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| ENGLISH.split_whitespace().chain(JAPANESE.split_whitespace()).collect());

/// Whether a folded word is left out: listed, or hiragana of at most two characters.
pub fn is_stop_word(word: &str) -> bool {
    if WORDS.contains(word) {
        return true;
    }
    let mut length = 0;
    for character in word.chars() {
        length += 1;
        if length > 2 || !is_hiragana(character) {
            return false;
        }
    }
    true
}

pub(crate) fn is_hiragana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | 'ー')
}

/// The lists as text, for the fingerprint.
pub(crate) fn listed() -> [&'static str; 2] {
    [ENGLISH, JAPANESE]
}
