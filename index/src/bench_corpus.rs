//! Made-up organisations with capabilities, as many as wanted, the same for the same seed: for benches and for
//! `musubi bench-corpus`. Words follow Zipf's law over cluster terms and invented compounds, in Japanese and English.

use serde::Serialize;

use crate::analysis::segment::DOMAIN_WORDS;
use crate::document::{Attribute, Document, Source};

/// One invented organisation and what it can do; the field names are those of the service's JSON Lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchOrganization {
    pub kind: &'static str,
    /// 13 digits with a right check digit.
    pub corporate_number: String,
    pub name_ja: String,
    pub name_en: String,
    /// 全国地方公共団体コード, six digits.
    pub municipality: String,
    pub employees: u32,
    pub description_ja: String,
    pub description_en: String,
    pub capabilities: Vec<BenchCapability>,
}

/// One invented capability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchCapability {
    pub kind: &'static str,
    pub title_ja: String,
    pub title_en: String,
    pub description_ja: String,
    pub description_en: String,
}

const KINDS: [&str; 6] = ["firm", "firm", "firm", "university", "public_testing_institute", "support_organization"];
const CAPABILITY_KINDS: [&str; 6] = ["technology", "equipment", "material", "evaluation", "design", "service"];
const MUNICIPALITIES: [&str; 12] = [
    "062014", "062022", "062031", "062049", "062057", "062065", "062073", "062081", "062090", "062103", "062111",
    "062120",
];
const KANJI: &str = "光電熱圧膜液気固核波磁場素材料質量力速度形状面層孔粒線束結晶相変換応用制御測定検査加工成形接合切削研磨塗布乾燥冷却加熱混合分離精製濃縮抽出培養発酵保存包装搬送設計試作評価解析計測監視診断予測最適化省軽高低多小大微細精密自動連続安全環境再生循環";
const SYLLABLES: [&str; 24] = [
    "ba", "ce", "di", "fo", "gra", "hel", "in", "ka", "lo", "mer", "no", "op", "pla", "qui", "ra", "sen", "tor", "ul",
    "vi", "wex", "yl", "zo", "phor", "stra",
];
const ENGLISH: &str = "organic electronics film coating sealing sensor display lighting battery semiconductor printing vacuum deposition polymer protein fermentation \
    metabolite analysis genome culture enzyme microbe diagnosis biomarker software cloud image inspection robot automation network data learning control casting forging \
    machining welding plating grinding molding mold precision measurement testing reliability textile fiber composite ceramic powder surface treatment food processing \
    freezing packaging brewing fruit rice energy hydrogen biomass solar wind recycling insulation automotive aerospace medical device prototype production design service";

/// Size of the vocabulary of each language.
const VOCABULARY: usize = 20_000;

/// An endless stream of organisations.
#[derive(Debug)]
pub struct BenchCorpus {
    random: Random,
    japanese: Vec<String>,
    english: Vec<String>,
    number: u64,
}

impl BenchCorpus {
    /// The stream of a seed.
    pub fn new(seed: u64) -> BenchCorpus {
        let mut random = Random(seed ^ 0x6D75_7375_6269);
        let kanji: Vec<char> = KANJI.chars().collect();
        let mut japanese: Vec<String> = DOMAIN_WORDS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_string)
            .collect();
        while japanese.len() < VOCABULARY {
            let length = 2 + random.below(3);
            japanese.push((0..length).map(|_| kanji[random.below(kanji.len())]).collect());
        }
        let mut english: Vec<String> = ENGLISH.split_whitespace().map(str::to_string).collect();
        while english.len() < VOCABULARY {
            let length = 2 + random.below(3);
            english.push((0..length).map(|_| SYLLABLES[random.below(SYLLABLES.len())]).collect());
        }
        random.shuffle(&mut japanese[200..]);
        BenchCorpus { random, japanese, english, number: 0 }
    }

    /// Organisations and capabilities that make up exactly this number of documents.
    pub fn documents(mut self, documents: usize) -> impl Iterator<Item = BenchOrganization> {
        let mut left = documents;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let mut organization = self.organization();
            organization.capabilities.truncate(left - 1);
            left -= 1 + organization.capabilities.len();
            Some(organization)
        })
    }

    /// The next organisation, with two to four capabilities.
    pub fn organization(&mut self) -> BenchOrganization {
        self.number += 1;
        let (topic, other) = (self.word(), self.word());
        let english_topic = self.english_word();
        let capabilities = (0..2 + self.random.below(3)).map(|_| self.capability(&topic, &english_topic)).collect();
        BenchOrganization {
            kind: KINDS[self.random.below(KINDS.len())],
            corporate_number: corporate_number(self.number),
            name_ja: format!("株式会社{other}{}", self.number),
            name_en: format!("{} {} Co., Ltd.", capitalised(&english_topic), self.number),
            municipality: MUNICIPALITIES[self.random.zipf(MUNICIPALITIES.len())].to_string(),
            employees: 3 + self.random.zipf(300) as u32,
            description_ja: self.japanese_text(&topic, 4),
            description_en: self.english_text(&english_topic, 2),
            capabilities,
        }
    }

    fn capability(&mut self, topic: &str, english_topic: &str) -> BenchCapability {
        let word = self.word();
        let english = self.english_word();
        BenchCapability {
            kind: CAPABILITY_KINDS[self.random.below(CAPABILITY_KINDS.len())],
            title_ja: format!("{topic}の{word}"),
            title_en: format!("{} of {english_topic}", capitalised(&english)),
            description_ja: self.japanese_text(&word, 5),
            description_en: self.english_text(&english, 2),
        }
    }

    /// A text of about the length of a whole profile, to be used as a query.
    pub fn profile(&mut self) -> String {
        let (word, english) = (self.word(), self.english_word());
        format!("{}{}", self.japanese_text(&word, 12), self.english_text(&english, 6))
    }

    /// One word as a person would search for it: `rank` 0 is the most frequent.
    pub fn frequent_word(&self, rank: usize) -> &str {
        &self.japanese[rank % self.japanese.len()]
    }

    fn word(&mut self) -> String {
        self.japanese[self.random.zipf(VOCABULARY)].clone()
    }

    fn english_word(&mut self) -> String {
        self.english[self.random.zipf(VOCABULARY)].clone()
    }

    fn japanese_text(&mut self, topic: &str, sentences: usize) -> String {
        let mut text = String::new();
        for _ in 0..sentences {
            let words: Vec<String> = (0..4).map(|_| self.word()).collect();
            let sentence = match self.random.below(4) {
                0 => format!("{topic}と{}を組み合わせた{}の{}に対応します。", words[0], words[1], words[2]),
                1 => format!("{}から{}まで、{topic}に関する{}を一貫して行います。", words[0], words[1], words[2]),
                2 => format!("{}のための{}と{}、{}の実績があります。", words[0], words[1], words[2], words[3]),
                _ => format!("{}向けの{topic}について、{}と{}をご相談ください。", words[0], words[1], words[2]),
            };
            text.push_str(&sentence);
        }
        text
    }

    fn english_text(&mut self, topic: &str, sentences: usize) -> String {
        let mut text = String::new();
        for _ in 0..sentences {
            let words: Vec<String> = (0..4).map(|_| self.english_word()).collect();
            let sentence = match self.random.below(3) {
                0 => format!("We offer {topic} with {} and {} for {}. ", words[0], words[1], words[2]),
                1 => format!("From {} to {}, {topic} and {} in one place. ", words[0], words[1], words[2]),
                _ => format!("Our {} and {} serve {} {}. ", words[0], words[1], words[2], words[3]),
            };
            text.push_str(&sentence);
        }
        text
    }
}

impl BenchOrganization {
    /// As documents of the engine: the organisation, then its capabilities.
    pub fn documents(&self) -> Vec<Document> {
        let party = self.corporate_number.clone();
        let attributes = vec![
            (Attribute::OrganizationKind, self.kind.to_string()),
            (Attribute::Municipality, self.municipality.clone()),
            (Attribute::Prefecture, self.municipality[..2].to_string()),
            (Attribute::SizeBand, size_band(self.employees).to_string()),
        ];
        let mut documents = vec![Document {
            id: party.clone(),
            kind: "organization".to_string(),
            version: 1,
            owner: Some(party.clone()),
            parties: vec![party.clone()],
            source: Source::Profile,
            published: true,
            codes: vec![self.corporate_number.clone()],
            titles: vec![self.name_ja.clone(), self.name_en.clone()],
            bodies: vec![self.description_ja.clone(), self.description_en.clone()],
            attributes: attributes.clone(),
            sort_key: self.name_ja.clone(),
            ..Document::default()
        }];
        for (number, capability) in self.capabilities.iter().enumerate() {
            let mut attributes = attributes.clone();
            attributes.push((Attribute::CapabilityKind, capability.kind.to_string()));
            documents.push(Document {
                id: format!("{party}-{number}"),
                kind: "capability".to_string(),
                version: 1,
                owner: Some(party.clone()),
                parties: vec![party.clone()],
                source: Source::Offer,
                published: true,
                titles: vec![capability.title_ja.clone(), capability.title_en.clone()],
                bodies: vec![capability.description_ja.clone(), capability.description_en.clone()],
                attributes,
                sort_key: capability.title_ja.clone(),
                ..Document::default()
            });
        }
        documents
    }
}

fn size_band(employees: u32) -> &'static str {
    match employees {
        0..=5 => "1-5",
        6..=20 => "6-20",
        21..=100 => "21-100",
        101..=300 => "101-300",
        _ => "301-",
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// 法人番号: twelve digits and before them `9 − (Σ Pₙ·Qₙ mod 9)`, n from the last digit, Qₙ 1 for odd and 2 for even n
/// (National Tax Agency, 法人番号の指定等に関する省令 第2条).
fn corporate_number(number: u64) -> String {
    let base = format!("{:012}", 999_000_000_000 + number % 1_000_000_000);
    let sum: u32 = base
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 2 })
        .sum();
    format!("{}{base}", 9 - sum % 9)
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Rank below `limit` with probability about 1 / (rank + 1).
    fn zipf(&mut self, limit: usize) -> usize {
        let rank = (self.unit() * ((limit + 1) as f64).ln()).exp() as usize;
        rank.clamp(1, limit) - 1
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_corpus() {
        let first: Vec<_> = BenchCorpus::new(7).documents(100).collect();
        let second: Vec<_> = BenchCorpus::new(7).documents(100).collect();
        assert_eq!(first, second);
        assert_eq!(first.iter().map(|organization| organization.documents().len()).sum::<usize>(), 100);
    }

    #[test]
    fn check_digit() {
        // 700110005901 is the example of the National Tax Agency; its check digit is 8.
        let base = "700110005901";
        let sum: u32 = base
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 2 })
            .sum();
        assert_eq!(9 - sum % 9, 8);
        assert_eq!(corporate_number(1).len(), 13);
    }
}
