//! Two invented exhibitions: a fair that lies ahead of the day on which the demo is made, with its applications and those who
//! come to buy, so that composing shows what it is worth; and a 商談会 that lies behind it. What was arranged for them is in
//! `arrangements.rs`.

use crate::domain::desk::application::{ApplicationForm, Applied};
use crate::domain::desk::{Application, ApplicationDeed, Day};
use crate::domain::kinds::Yen;
use crate::domain::text::Prose;
use crate::domain::{Actor, Exhibition, Kind, ThingId, parse};
use crate::error::{Error, Result};
use crate::store::{Database, Tx, matters, references, things};
use serde_json::json;

/// Who applies, by the demo's own id: what it would show, whether it would lead, units of space, other cost in yen.
const APPLICANTS: [(&str, &str, bool, u32, i64); 16] = [
    ("org-hakuyo-film", "有機デバイス向け高バリアフィルムの実物と透湿度のデータ", true, 2, 180_000),
    ("org-toumei-coat", "スロットダイとグラビアの受託塗工、薄膜サンプル", true, 1, 90_000),
    ("org-yukishiro-coater", "少量の試作塗工", false, 1, 60_000),
    ("org-fuushi-tech", "面封止とガラスフリット封止の試作品", false, 1, 80_000),
    ("org-kessho-seal", "乾燥剤入り封止シート", false, 1, 70_000),
    ("org-tourei-weather", "屋外暴露と促進耐候の試験結果", false, 1, 50_000),
    ("org-youjitsu-power", "有機太陽電池向けの小さな電力変換器", false, 1, 60_000),
    ("org-kourou-lighting", "有機ELパネルの照明器具", true, 2, 240_000),
    ("org-kagerou-print", "伸びる電極の印刷見本", false, 1, 90_000),
    ("org-mikage-mask", "蒸着マスクと電鋳部品", false, 1, 110_000),
    ("org-nanosiruwa", "銀ナノワイヤの透明導電膜", false, 1, 40_000),
    ("org-saekawa-conductive", "PEDOT:PSSの水分散液と配合", false, 1, 60_000),
    ("org-usugami-sensor", "紙のように薄い圧力センサのシート", false, 1, 50_000),
    ("org-miyuki-vacuum", "小型の蒸着装置の縮尺模型", false, 2, 300_000),
    ("org-hoshi-design", "印刷電子を使った道具の試作", false, 1, 30_000),
    ("org-nokiba-bosui", "壁に貼る発電フィルムの施工例", false, 1, 30_000),
];

/// Who comes to buy: they have published needs.
const VISITORS: [&str; 5] =
    ["org-kinpi-display", "org-yoimachi-panel", "org-unema", "org-yukimachi-choba", "org-washi-kasumi"];

/// The demo's own ids of the two.
pub(super) const FAIR: &str = "fair-electronics";
const SPRING: &str = "fair-spring";

/// Rivals that do not go together, and two that would like to.
const APART: [(&str, &str); 2] = [("org-toumei-coat", "org-yukishiro-coater"), ("org-fuushi-tech", "org-kessho-seal")];
const TOGETHER: [(&str, &str); 1] = [("org-hakuyo-film", "org-fuushi-tech")];

/// Registers the exhibition and its applications. Gives the number of things.
pub fn load(database: &Database) -> Result<u64> {
    let written = database.write(&Actor::System, |tx| {
        let today = Day::at(tx.at());
        let on = |days: u64| today.plus_days(days).as_str().to_owned();
        let booth = |place: i32| json!({ "id": format!("S-{:02}", place + 1), "column": place % 6, "row": place / 6 });
        let fields = json!({
            "exhibition_kind": "fair",
            "title_ja": "架空プリンテッドエレクトロニクス総合展", "title_en": "Fictional Printed Electronics Fair",
            "organizer": "水織県ものづくり共同出展実行委員会",
            "description_ja": "薄く曲がる電子の材料から装置、評価、応用までが集まる架空の見本市。県内企業はグループで出展する。",
            "call_ja": "県内企業が組んで一つの共同小間に立ちます。はじめての企業も歓迎します。費用の半分を補助します。",
            "call_en": "Firms of the prefecture stand together in one joint booth. Half of the cost is subsidised.",
            "venue_ja": "架空国際展示場 東2ホール", "venue_en": "Fictional International Hall, East 2",
            "begins_on": on(150), "ends_on": on(152), "apply_by": on(45), "answer_by": on(75),
            "theme": [
                { "text_ja": "フレキシブル基板への薄膜の塗布と印刷", "weight": 3 },
                { "text_ja": "有機デバイスの封止と水蒸気バリア", "weight": 3 },
                { "text_ja": "透明電極と導電性インク", "weight": 2 },
                { "text_ja": "耐候性と信頼性の評価", "weight": 2 },
                { "text_ja": "有機EL照明とセンサの応用製品", "weight": 2 },
                { "text_ja": "真空蒸着の装置とマスク" },
            ],
            "booths": (0..12).map(booth).collect::<Vec<_>>(),
            "walls": [{ "left": "S-03", "right": "S-04" }, { "left": "S-09", "right": "S-10" }],
            "visitors": known(tx, &VISITORS)?,
            "price": 220_000, "subsidy_percent": 50, "subsidy_cap": 1_200_000, "subsidy_cap_each": 150_000,
            "fields": ["organic_electronics", "materials"],
        });
        let exhibition: Exhibition = parse::entry(fields).map_err(Error::Invalid)?;
        let exhibition = things::create(tx, exhibition)?.header.id;
        let scheme = references::source_scheme(super::SOURCE);
        references::add(tx, Kind::Exhibition, &scheme, FAIR, &exhibition)?;
        for (name, shows, willing_to_lead, space, other_cost) in APPLICANTS {
            let form = ApplicationForm {
                shows_ja: Some(Prose::from_stored(shows.to_owned())),
                willing_to_lead,
                space: Some(space),
                other_cost: Some(Yen::from_stored(other_cost)),
                apart: known(tx, &others(name, &APART))?,
                together: known(tx, &others(name, &TOGETHER))?,
                ..ApplicationForm::default()
            };
            let party = known(tx, &[name])?.pop().ok_or_else(|| Error::internal("an applicant"))?;
            let applied = Applied { exhibition: exhibition.clone(), party, form };
            matters::open::<Application>(tx, ApplicationDeed::Applied(Box::new(applied)), None)?;
        }
        let held = Day::of_date(today.date() - chrono::TimeDelta::days(20));
        let fields = json!({
            "exhibition_kind": "business_meeting",
            "title_ja": "架空 有機・印刷エレクトロニクス商談会", "title_en": "Fictional Business Meeting on Organic and Printed Electronics",
            "organizer": "水織県ものづくり共同出展実行委員会",
            "description_ja": "買い手が求めるものを先に出し、県内企業と20分ずつ会う架空の商談会。",
            "venue_ja": "架空産業会館 3階", "venue_en": "Fictional Industry Hall, 3rd floor",
            "begins_on": held, "ends_on": held,
            "theme": [{ "text_ja": "有機デバイスの封止、薄膜の塗工、透明電極" }],
            "visitors": known(tx, &VISITORS)?,
            "fields": ["organic_electronics"],
        });
        let spring: Exhibition = parse::entry(fields).map_err(Error::Invalid)?;
        let spring = things::create(tx, spring)?.header.id;
        references::add(tx, Kind::Exhibition, &scheme, SPRING, &spring)?;
        Ok(2)
    })?;
    Ok(written.value)
}

/// The other ones of the pairs that a firm is in.
fn others(name: &str, pairs: &'static [(&'static str, &'static str)]) -> Vec<&'static str> {
    let other = |(left, right): &(&'static str, &'static str)| match (name == *left, name == *right) {
        (true, _) => Some(*right),
        (_, true) => Some(*left),
        (false, false) => None,
    };
    pairs.iter().filter_map(other).collect()
}

fn known(tx: &mut Tx<'_>, ids: &[&str]) -> Result<Vec<ThingId>> {
    let scheme = references::source_scheme(super::SOURCE);
    let one = |id: &&str| {
        let found = references::find(tx.conn(), Kind::Organization, &scheme, id)?;
        found.ok_or_else(|| Error::internal(format!("the demo has no {id}")))
    };
    ids.iter().map(one).collect()
}
