//! A small judged sample of our own: invented organisations, their work, and who should answer which question.
//! It fails when a change makes matching or searching clearly worse.

use musubi_index::*;

/// Organisation, name, what it says of itself.
const ORGANIZATIONS: &[(&str, &str, &str)] = &[
    (
        "akane",
        "あかね薄膜工業株式会社",
        "真空蒸着とスパッタリングによる機能性薄膜の受託成膜。水蒸気バリアフィルムの量産。",
    ),
    ("minori", "みのり発酵研究所", "乳酸菌と麹菌を用いた発酵食品の開発、成分分析、機能性評価。"),
    ("kurogane", "黒鉄鋳造有限会社", "アルミと鋳鉄の鋳物を試作から量産まで。鋳造シミュレーションによる方案設計。"),
    ("hikari", "ひかり電子株式会社", "LED照明と有機EL照明の器具設計、電源回路、調光制御。"),
    ("sato", "里データ合同会社", "製造現場のIoT化、センサデータの収集と可視化、異常検知の機械学習。"),
    ("yukiguni", "雪国大学", "有機エレクトロニクス、高分子、食品化学、機械システムの教育と研究。"),
    ("kenkyu", "最上川工業試験場", "材料試験、表面分析、電子顕微鏡観察、三次元測定、技術相談。"),
    ("ito", "糸つむぎバイオ株式会社", "微生物発酵による構造タンパク質の生産と、人工クモ糸の繊維化。"),
    ("mokko", "木の葉木工所", "天然木の家具と木製什器の設計製作。曲木加工が得意です。"),
    (
        "river",
        "Mogami River Analytics",
        "Metabolite measurement by mass spectrometry, biomarker discovery and statistics for clinical studies.",
    ),
    ("kikai", "出羽精機株式会社", "難削材の精密切削、微細穴加工、治具の設計製作。航空機部品の認証を取得。"),
    ("nogyo", "庄内スマート農園", "水田の水位センサとドローンによる生育診断、果樹の収穫予測。"),
];

/// Title of a record of work and its members.
const RECORDS: &[(&str, &[&str])] = &[
    ("有機EL照明の長寿命化に向けた封止プロセスの開発", &["akane", "yukiguni"]),
    ("塗布型有機太陽電池モジュールの屋外実証", &["yukiguni", "hikari"]),
    ("ペロブスカイト太陽電池の電極形成", &["yukiguni"]),
    ("フレキシブル有機トランジスタの印刷製造", &["yukiguni", "akane"]),
    ("酒粕由来乳酸菌の腸内環境改善効果の検証", &["minori", "yukiguni"]),
    ("低塩味噌の発酵制御", &["minori"]),
    ("鋳造欠陥の画像検査の自動化", &["kurogane", "sato"]),
    ("アルミ鋳物の薄肉化", &["kurogane", "kenkyu"]),
    ("プレス機の予知保全システム", &["sato", "kikai"]),
    ("工場の消費電力の見える化", &["sato"]),
    ("人工クモ糸を用いた複合材料の疲労試験", &["ito", "kenkyu"]),
    ("組換えタンパク質の高密度培養", &["ito"]),
    ("Salivary metabolites for early detection of pancreatic cancer", &["river", "yukiguni"]),
    ("チタン合金の微細穴あけ加工", &["kikai", "kenkyu"]),
    ("さくらんぼの着色をドローンで判定する研究", &["nogyo", "sato"]),
    ("県産スギ材を用いた保育園家具", &["mokko"]),
];

/// Question, and the organisation that should be among the first.
const QUESTIONS: &[(&str, &str)] = &[
    ("フィルム基板の有機デバイスを湿気から守る封止膜を付けたい", "akane"),
    ("塗布で作る太陽電池を一緒に研究してくれる大学を探しています", "yukiguni"),
    ("味噌や漬物の乳酸菌の働きを調べてほしい", "minori"),
    ("アルミの鋳物を少量で試作できる会社", "kurogane"),
    ("設備の故障を前もって知るためのデータ分析", "sato"),
    ("クモ糸タンパク質を使った繊維", "ito"),
    ("biomarker discovery from saliva by metabolomics", "river"),
    ("チタンに細かい穴をあける切削加工", "kikai"),
    ("木製の椅子と什器を作りたい", "mokko"),
    ("果樹園でドローンを使った生育の判定", "nogyo"),
    ("電子顕微鏡で破断面を観察してほしい", "kenkyu"),
    ("調光できる照明器具の電源設計", "hikari"),
];

fn engine(folder: &std::path::Path) -> Engine {
    let (engine, _) = Engine::open(folder, Settings::default()).unwrap();
    let mut rebuild = engine.rebuild().unwrap();
    for (id, name, description) in ORGANIZATIONS {
        rebuild
            .add(Document {
                id: id.to_string(),
                kind: "organization".to_string(),
                parties: vec![id.to_string()],
                published: true,
                titles: vec![name.to_string()],
                bodies: vec![description.to_string()],
                ..Document::default()
            })
            .unwrap();
    }
    for (number, (title, members)) in RECORDS.iter().enumerate() {
        rebuild
            .add(Document {
                id: format!("record-{number}"),
                kind: "record".to_string(),
                parties: members.iter().map(|member| member.to_string()).collect(),
                source: Source::Record,
                published: true,
                titles: vec![title.to_string()],
                ..Document::default()
            })
            .unwrap();
    }
    rebuild.finish(&Mark::default()).unwrap();
    engine
}

#[test]
fn the_right_partner_comes_near_the_top() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut reciprocal = 0.0;
    let mut told = String::new();
    for (question, expected) in QUESTIONS {
        let answer = engine.match_parties(&MatchRequest {
            texts: vec![(question.to_string(), 1.0)],
            reader: Reader::Visitor,
            filters: Filters::default(),
            party_filters: Filters::default(),
            without_parties: vec![],
            seeker: None,
            today: None,
            limit: 10,
        });
        let rank = answer.parties.iter().position(|party| party.party == *expected);
        told += &format!("{rank:?} {question}\n");
        reciprocal += rank.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0));
    }
    let mean = reciprocal / QUESTIONS.len() as f64;
    assert!(mean >= 0.9, "mean reciprocal rank {mean:.3}\n{told}");
}

#[test]
fn a_natural_sentence_finds_the_firm_in_search() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut found = 0;
    let mut told = String::new();
    for (question, expected) in QUESTIONS {
        let answer = engine
            .search(&SearchRequest {
                query: question.to_string(),
                reader: Reader::Visitor,
                filters: Filters { kinds: vec!["organization".to_string()], ..Filters::default() },
                facets: vec![],
                sort: Sort::Relevance,
                offset: 0,
                limit: 3,
                ..SearchRequest::default()
            })
            .unwrap();
        let hit = answer.hits.iter().any(|hit| hit.id == *expected);
        found += usize::from(hit);
        told += &format!("{hit} {question} {:?}\n", answer.hits.iter().map(|hit| &hit.id).collect::<Vec<_>>());
    }
    assert!(found >= 11, "{found} of {}\n{told}", QUESTIONS.len());
}
