//! Files of others, in the forms they have; every row here is invented.

use crate::Place;
use musubi::domain::Kind;
use musubi::exchange::encoding::Encoding;
use musubi::exchange::file::Reading;
use musubi::exchange::mapping::{Mapping, find_ready_made};
use serde_json::json;

fn ready(name: &str, kind: Kind) -> Reading {
    Reading { ready_made: Some(find_ready_made(name, kind).expect("a ready-made mapping")), ..Reading::default() }
}

#[test]
fn the_national_list_has_no_headings_and_needs_none() {
    let place = Place::fresh();
    let row = "1,8390002001000,01,1,2018-04-02,2015-10-05,\"架空工業株式会社\",,301,\"山形県\",\"山形市\",\"架空町1丁目2-3\",,06,201,9908570,,,,,,,2015-10-05,1,\"Kakuu Industry\",\"Yamagata\",\"1-2-3 Kakuucho, Yamagata-shi\",,\"カクウコウギョウ\",0\n";
    for (name, bytes) in [("all.csv", row.as_bytes().to_vec()), ("all-932.csv", musubi::exchange::cp932::encode(row).0)]
    {
        let path = place.write(name, bytes);
        let taken = place.try_take(Kind::Organization, &path, &ready("corporate-numbers", Kind::Organization), None);
        let taken = taken.expect("a readable file");
        assert_eq!(taken.report.rows.refused, 0, "{:?}", taken.refusals);
        assert_eq!(taken.report.rows.rows(), 1);
    }
    let thing = &place.things(Kind::Organization)[0];
    assert_eq!(thing["name_ja"], "架空工業株式会社");
    assert_eq!((&thing["name_kana"], &thing["name_en"]), (&json!("カクウコウギョウ"), &json!("Kakuu Industry")));
    assert_eq!(thing["address_ja"], "山形県山形市架空町1丁目2-3");
    assert_eq!((&thing["postal_code"], &thing["municipality"]), (&json!("990-8570"), &json!("062014")));
    assert_eq!(thing["version"], 1, "the second file said the same");
}

#[test]
fn gbizinfo_basic_information_goes_in() {
    let place = Place::fresh();
    let text = "法人番号,法人名,法人名ふりがな,法人名英語,郵便番号,本社所在地,ステータス,登記記録の閉鎖等年月日,登記記録の閉鎖等の事由,法人代表者名,法人代表者役職,資本金,従業員数,企業規模詳細(男性),企業規模詳細(女性),営業品目リスト,事業概要,企業ホームページ,設立年月日,創業年,最終更新日,資格等級\n\
        8390002001000,架空工業株式会社,かくうこうぎょう,Kakuu Industry,9908570,山形県山形市架空町1-2-3,-,,,架空 太郎,代表取締役,10000000,35,20,15,[101],金属の架空加工,https://example.jp/,1987-04-01,1960,2025-01-01T00:00:00+09:00,[]\n";
    let path = place.write("Kihonjoho.csv", text);
    let taken =
        place.try_take(Kind::Organization, &path, &ready("gbizinfo", Kind::Organization), None).expect("readable");
    assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals);
    assert!(!taken.notes().contains(&"column.unknown"), "{:?}", taken.report.notes);
    let unused = taken.report.notes.iter().find(|note| note.code == "column.left_out").expect("they are named");
    assert!(
        unused.message.ja.contains("法人代表者名") && unused.message.ja.contains("創業年"),
        "{}",
        unused.message.ja
    );
    let thing = &place.things(Kind::Organization)[0];
    assert_eq!((&thing["capital"], &thing["employees"]), (&json!(10_000_000), &json!(35)));
    assert_eq!(thing["founded"], "1987-04-01");
    assert_eq!(thing["description_ja"], "金属の架空加工");
}

#[test]
fn researchmap_achievements_find_their_researcher() {
    let place = Place::fresh();
    let person = place.write("people.csv", "氏名,researchmap\n架空 花子,kakuu_hanako\n");
    assert_eq!(place.take(Kind::Person, &person, None).counts(), (1, 0, 0, 0));
    let lines = [
        json!({"@id": "https://api.researchmap.jp/kakuu_hanako/published_papers/1", "@type": "published_papers", "rm:id": "1",
            "paper_title": {"ja": "架空の塗布法", "en": "A fictional coating"}, "publication_date": "2023-05",
            "identifiers": {"doi": ["10.0000/fictional"]}, "see_also": [{"@id": "https://doi.org/10.0000/fictional"}]}),
        json!({"@id": "https://api.researchmap.jp/kakuu_hanako/research_projects/2", "@type": "research_projects", "rm:id": "2",
            "research_project_title": {"ja": "架空の発電"}, "from_date": "2022-04", "to_date": "2025-03",
            "identifiers": {"grant_number": ["22K00000"]}}),
        json!({"@id": "https://api.researchmap.jp/kakuu_hanako/awards/3", "@type": "awards", "rm:id": "3",
            "award_name": {"ja": "架空賞"}, "award_date": "2021"}),
    ];
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let path = place.write("achievements.jsonl", text.join("\n"));
    let take = || place.try_take(Kind::Record, &path, &ready("researchmap", Kind::Record), Some("researchmap"));
    let taken = take().expect("readable");
    assert_eq!(taken.counts(), (3, 0, 0, 0), "{:?}", taken.refusals);
    let records = place.things(Kind::Record);
    assert_eq!(records[0]["record_kind"], "paper");
    assert_eq!((&records[0]["happened_on"], &records[0]["number"]), (&json!("2023-05"), &json!("10.0000/fictional")));
    assert_eq!((&records[1]["record_kind"], &records[1]["number"]), (&json!("grant"), &json!("22K00000")));
    assert_eq!(records[2]["record_kind"], "award");
    let id = &place.things(Kind::Person)[0]["id"];
    assert!(records.iter().all(|record| record["members"][0]["party"] == *id));
    assert_eq!(take().expect("readable").counts(), (0, 0, 3, 0));
}

#[test]
fn kaken_projects_go_in() {
    let place = Place::fresh();
    let text = "研究課題名,研究課題/領域番号,研究種目,研究機関,研究代表者,研究期間 (年度),キーワード,総配分額,研究開始時の研究の概要\n\
        架空の発電,22K00000,基盤研究(C),架空大学,架空 花子,2022-04-01 – 2025-03-31,発電,\"4,290,000円\",架空の概要\n\
        架空の塗布,21K00001,若手研究,架空大学,架空 花子,2021 – 2022,塗布,,\n";
    let path = place.write("kaken.csv", text);
    let taken = place.try_take(Kind::Record, &path, &ready("kaken", Kind::Record), None).expect("readable");
    assert_eq!(taken.counts(), (2, 0, 0, 0), "{:?}", taken.refusals);
    let records = place.things(Kind::Record);
    assert_eq!((&records[0]["happened_on"], &records[0]["amount"]), (&json!("2022-04-01"), &json!(4_290_000)));
    assert_eq!(records[1]["happened_on"], "FY2021");
}

#[test]
fn a_mapping_of_ones_own_and_a_stated_encoding_overrule_the_guess() {
    let place = Place::fresh();
    let mut mapping = Mapping::default();
    mapping.add(Kind::Organization, "カイシャ=name_ja").expect("a known field");
    mapping.add(Kind::Organization, "電話=").expect("left out");
    assert!(mapping.add(Kind::Organization, "色=colour").is_err());
    let (bytes, _) = musubi::exchange::cp932::encode("カイシャ,電話\n甲社,023-000-0000\n");
    let path = place.write("own.csv", bytes);
    let reading = Reading { mapping: Some(mapping), encoding: Some(Encoding::Cp932), ..Reading::default() };
    let taken = place.try_take(Kind::Organization, &path, &reading, None).expect("readable");
    assert_eq!((taken.counts(), taken.notes().contains(&"column.unknown")), ((1, 0, 0, 0), false));
    let wrong = Reading { encoding: Some(Encoding::Utf8), ..Reading::default() };
    assert_eq!(place.try_take(Kind::Organization, &path, &wrong, None).err().as_deref(), Some("file.encoding"));
}
