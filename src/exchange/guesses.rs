//! What a row leaves unsaid and its file tells: what sort of thing a new one is.

use super::columns;
use super::rows::{Draft, Notes, RawRow};
use crate::domain::Defect;
use crate::domain::vocabulary::{CapabilityKind, OrganizationKind};
use serde_json::Value;

/// Files such as the national corporate number list do not say what an organisation is; its name often does.
pub(super) fn organization_kind(draft: &mut Draft, notes: &mut Notes) {
    if draft.patch.get("organization_kind").is_some() || draft.defaults.contains_key("organization_kind") {
        return;
    }
    let name = ["name_ja", "name_en"].iter().find_map(|field| draft.patch.get(field).and_then(Value::as_str));
    let Some(name) = name else {
        if !draft.of_a_program {
            // Without a name it is refused anyhow, and that is what has to be said.
            draft.defaults.insert("organization_kind".to_owned(), OrganizationKind::Other.code().into());
        }
        return;
    };
    let kind = columns::organization_kind_of_name(name).code();
    draft.defaults.insert("organization_kind".to_owned(), kind.into());
    notes.add("kind by name", || {
        Defect::new(
            "kind.by_name",
            "機関の種別の列がないため、新しく登録するものは名称（株式会社、大学、組合 など）から種別を決めます。",
            "No column says what the organisations are; for new ones it is read from the name (株式会社, 大学, 組合 …).",
        )
    });
}

/// A sheet of machines says so in its heading (設備名), and not in each row.
pub(super) fn capability_kind(draft: &mut Draft, raw: &RawRow, notes: &mut Notes) {
    let known = draft.patch.get("capability_kind").is_some() || draft.defaults.contains_key("capability_kind");
    if known || draft.refusals.iter().any(|refusal| refusal.code == "value.not_in_list") {
        return;
    }
    let named = draft.origins.iter().find(|(field, _)| field.starts_with("name_"));
    let heading = named.map_or("", |(_, place)| raw.cells[*place].0.heading.as_str());
    let has = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    let kind = match () {
        () if has(&["設備", "機械", "装置"]) => CapabilityKind::Equipment,
        () if has(&["サービス"]) => CapabilityKind::Service,
        () if has(&["材料", "素材"]) => CapabilityKind::Material,
        () => CapabilityKind::Technology,
    };
    draft.defaults.insert("capability_kind".to_owned(), kind.code().into());
    notes.add("capability kind by heading", || {
        Defect::new(
            "kind.by_name",
            format!("種別の列がないため、新しく登録するものは「{}」として取り込みます。", kind.name_ja()),
            format!("No column says what kind they are; new ones are taken as {}.", kind.code()),
        )
    });
}

/// An organisation that is called 所在地 or 従業員数 comes from a sheet whose headings stand in its first column.
pub(super) fn sheet_on_its_side(draft: &Draft, notes: &mut Notes) {
    const HEADINGS: [&str; 17] = [
        "所在地",
        "住所",
        "郵便番号",
        "従業員数",
        "資本金",
        "法人番号",
        "設立",
        "設立年月日",
        "創業",
        "業種",
        "事業内容",
        "代表者",
        "電話番号",
        "名称",
        "会社名",
        "企業名",
        "ホームページ",
    ];
    let name = draft.patch.get("name_ja").and_then(Value::as_str).map(str::trim);
    if draft.of_a_program || !name.is_some_and(|name| HEADINGS.contains(&name)) {
        return;
    }
    notes.add("sheet on its side", || {
        Defect::new(
            "row.heading_as_name",
            "「所在地」「従業員数」のような見出しが名称になっている行があります。見出しが縦に並んだ表なら、行と列を入れ替えて（形式を選択して貼り付け→行列の入れ替え）から取り込んでください。",
            "Some rows have a heading (所在地, 従業員数 …) for a name. If the headings stand in the first column, turn the sheet (paste special, transpose) and send it again.",
        )
    });
}
