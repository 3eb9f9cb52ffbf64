//! Everything about things, as it lies in the tables: with ids, versions, times, history and log. The same rows for both
//! databases. Accounts and their secrets, imports and other housekeeping are not in it.

use super::connection::Conn;
use super::database::Database;
use super::{log, things, vocabulary};
use crate::domain::Defect;
use crate::error::{Error, Result};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde_json::{Map, Value};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Truth,
}
use Form::{Number, Text as Words, Truth};

/// A table: its name, the order in which its rows go in again, and its columns.
struct Table {
    name: &'static str,
    order: &'static str,
    columns: &'static [(&'static str, Form)],
}

/// What others refer to comes first.
const TABLES: &[Table] = &[
    Table {
        name: "municipalities",
        order: "CASE WHEN prefecture IS NULL THEN 0 ELSE 1 END, code",
        columns: &[
            ("code", Words),
            ("prefecture", Words),
            ("name_ja", Words),
            ("name_kana", Words),
            ("name_en", Words),
        ],
    },
    Table {
        name: "fields",
        order: "CASE WHEN parent IS NULL THEN 0 ELSE 1 END, code",
        columns: &[("code", Words), ("parent", Words), ("name_ja", Words), ("name_en", Words)],
    },
    Table {
        name: "things",
        // Parties own themselves and others; parts hang on what is no part.
        order: "CASE WHEN kind IN ('organization', 'person') THEN 0 WHEN parent_id IS NULL THEN 1 ELSE 2 END, id",
        columns: &[
            ("id", Words),
            ("kind", Words),
            ("parent_id", Words),
            ("owner_party", Words),
            ("visibility", Words),
            ("status", Words),
            ("verified_on", Words),
            ("version", Number),
            ("created_at", Words),
            ("updated_at", Words),
            ("title_ja", Words),
            ("title_en", Words),
            ("sort_key", Words),
            ("name_key", Words),
        ],
    },
    Table {
        name: "organizations",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("organization_kind", Words),
            ("name_kana", Words),
            ("corporate_number", Words),
            ("ror", Words),
            ("municipality", Words),
            ("postal_code", Words),
            ("address_ja", Words),
            ("address_en", Words),
            ("website", Words),
            ("founded", Words),
            ("employees", Number),
            ("capital", Number),
            ("industry", Words),
            ("description_ja", Words),
            ("description_en", Words),
            ("invoice_number", Words),
        ],
    },
    Table {
        name: "people",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("name_kana", Words),
            ("orcid", Words),
            ("researchmap", Words),
            ("position_ja", Words),
            ("position_en", Words),
            ("municipality", Words),
            ("website", Words),
            ("description_ja", Words),
            ("description_en", Words),
            ("erad", Words),
        ],
    },
    Table {
        name: "capabilities",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("capability_kind", Words),
            ("description_ja", Words),
            ("description_en", Words),
            ("evidence_ja", Words),
            ("evidence_en", Words),
            ("readiness", Number),
            ("trial_use", Truth),
            ("price_min", Number),
            ("price_max", Number),
        ],
    },
    Table {
        name: "seeds",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("summary_ja", Words),
            ("summary_en", Words),
            ("novelty_ja", Words),
            ("novelty_en", Words),
            ("applications_ja", Words),
            ("applications_en", Words),
            ("partner_sought_ja", Words),
            ("partner_sought_en", Words),
            ("readiness", Number),
            ("property_status", Words),
            ("cost_min", Number),
            ("cost_max", Number),
            ("time_scale_months", Number),
        ],
    },
    Table {
        name: "needs",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("summary_ja", Words),
            ("summary_en", Words),
            ("budget_min", Number),
            ("budget_max", Number),
            ("deadline", Words),
            ("anonymous", Truth),
        ],
    },
    Table {
        name: "need_lines",
        order: "need_id, position",
        columns: &[
            ("need_id", Words),
            ("position", Number),
            ("strength", Words),
            ("text_ja", Words),
            ("text_en", Words),
            ("condition_field", Words),
            ("condition_operator", Words),
            ("condition_values", Words),
        ],
    },
    Table {
        name: "records",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("record_kind", Words),
            ("text_ja", Words),
            ("text_en", Words),
            ("happened_on", Words),
            ("amount", Number),
            ("number", Words),
            ("website", Words),
            ("kaken", Words),
            ("patent", Words),
        ],
    },
    Table {
        name: "exhibitions",
        order: "thing_id",
        columns: &[
            ("thing_id", Words),
            ("exhibition_kind", Words),
            ("organizer", Words),
            ("description_ja", Words),
            ("description_en", Words),
            ("call_ja", Words),
            ("call_en", Words),
            ("venue_ja", Words),
            ("venue_en", Words),
            ("municipality", Words),
            ("website", Words),
            ("begins_on", Words),
            ("ends_on", Words),
            ("apply_by", Words),
            ("answer_by", Words),
            ("theme", Words),
            ("booths", Words),
            ("walls", Words),
            ("price", Number),
            ("subsidy_percent", Number),
            ("subsidy_cap", Number),
            ("subsidy_cap_each", Number),
        ],
    },
    Table {
        name: "thing_values",
        order: "thing_id, list, position",
        columns: &[("thing_id", Words), ("list", Words), ("position", Number), ("value", Words)],
    },
    Table {
        name: "thing_links",
        order: "thing_id, relation, position",
        columns: &[
            ("thing_id", Words),
            ("relation", Words),
            ("position", Number),
            ("target_id", Words),
            ("role", Words),
        ],
    },
    Table {
        name: "external_references",
        order: "kind, scheme, value",
        columns: &[("kind", Words), ("scheme", Words), ("value", Words), ("thing_id", Words)],
    },
    Table {
        name: "concepts",
        // Wider ones first.
        order: "(WITH RECURSIVE above(parent, depth) AS (SELECT concepts.parent, 0 UNION ALL SELECT wider.parent, depth + 1 \
                FROM concepts AS wider JOIN above ON wider.code = above.parent) SELECT MAX(depth) FROM above), code",
        columns: &[
            ("id", Words),
            ("code", Words),
            ("parent", Words),
            ("name_ja", Words),
            ("name_en", Words),
            ("synonyms_ja", Words),
            ("synonyms_en", Words),
            ("version", Number),
            ("updated_at", Words),
        ],
    },
    Table {
        name: "reviews",
        order: "id",
        columns: &[
            ("id", Words),
            ("thing_id", Words),
            ("version", Number),
            ("at", Words),
            ("actor", Words),
            ("step", Words),
            ("by_reviewer", Truth),
            ("comment", Words),
            ("author", Words),
            ("party", Words),
        ],
    },
    Table {
        name: "trusted_parties",
        order: "party_id",
        columns: &[("party_id", Words), ("at", Words), ("actor", Words)],
    },
    Table {
        name: "verifications_asked",
        order: "thing_id",
        columns: &[("thing_id", Words), ("verified_on", Words), ("at", Words)],
    },
    Table {
        name: "likenesses",
        order: "scheme, value, thing_id",
        columns: &[("scheme", Words), ("value", Words), ("thing_id", Words)],
    },
    Table {
        name: "merges",
        order: "id",
        columns: &[
            ("id", Words),
            ("merged_id", Words),
            ("into_id", Words),
            ("at", Words),
            ("actor", Words),
            ("visibility", Words),
            ("status", Words),
            ("carried", Words),
            ("undone_at", Words),
        ],
    },
    Table {
        name: "matters",
        order: "id",
        columns: &[
            ("id", Words),
            ("kind", Words),
            ("state", Words),
            ("closed", Truth),
            ("desk", Words),
            ("subject_id", Words),
            ("purpose", Words),
            ("due_at", Words),
            ("pair", Words),
            ("version", Number),
            ("created_at", Words),
            ("updated_at", Words),
        ],
    },
    Table {
        name: "matter_parties",
        order: "matter_id, party_id",
        columns: &[("matter_id", Words), ("party_id", Words), ("side", Words)],
    },
    Table {
        name: "matter_events",
        order: "matter_id, number",
        columns: &[
            ("matter_id", Words),
            ("number", Number),
            ("change_seq", Number),
            ("event", Words),
            ("at", Words),
            ("actor", Words),
            ("happened_on", Words),
            ("deed", Words),
        ],
    },
    Table {
        name: "disclosures",
        order: "thing_id, party_id, matter_id",
        columns: &[("thing_id", Words), ("party_id", Words), ("matter_id", Words), ("granted_at", Words)],
    },
    Table {
        name: "versions",
        order: "thing_id, version",
        columns: &[
            ("thing_id", Words),
            ("version", Number),
            ("change_seq", Number),
            ("at", Words),
            ("actor", Words),
            ("snapshot", Words),
            ("status", Words),
        ],
    },
    Table {
        name: "changes",
        order: "seq, line",
        columns: &[
            ("seq", Number),
            ("line", Number),
            ("at", Words),
            ("actor", Words),
            ("action", Words),
            ("kind", Words),
            ("thing_id", Words),
            ("narrows", Truth),
            ("salt", Words),
            ("digest", Words),
        ],
    },
];

/// Rows that are read at once.
const PAGE: usize = 1_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    json: String,
}

/// Hands every row to `hear`, table by table, all of one moment. Gives how many.
pub fn read(database: &Database, hear: &mut dyn FnMut(&str, &Value) -> std::io::Result<()>) -> Result<u64> {
    database.read(|conn| {
        let mut count = 0;
        for table in TABLES {
            let mut offset = 0;
            loop {
                let rows = page(conn, table, offset)?;
                for row in &rows {
                    hear(table.name, row).map_err(Error::internal)?;
                }
                count += rows.len() as u64;
                offset += rows.len();
                if rows.len() < PAGE {
                    break;
                }
            }
        }
        Ok(count)
    })
}

fn page(conn: &mut Conn, table: &Table, offset: usize) -> Result<Vec<Value>> {
    let function = match conn {
        Conn::Sqlite(_) => "json_object",
        Conn::Postgresql(_) => "json_build_object",
    };
    let fields: Vec<String> = table.columns.iter().map(|(name, _)| format!("'{name}', {name}")).collect();
    let (name, order) = (table.name, table.order);
    // Names are our own constants; nothing that was typed stands in the text of the query.
    let text = format!(
        "SELECT CAST({function}({}) AS TEXT) AS json FROM {name} ORDER BY {order} LIMIT {PAGE} OFFSET {offset}",
        fields.join(", ")
    );
    let rows: Vec<Row> = diesel::sql_query(text).load(conn)?;
    let read = |row: Row| {
        let mut object: Map<String, Value> = serde_json::from_str(&row.json).map_err(Error::internal)?;
        for (name, form) in table.columns {
            // SQLite keeps truth as a number.
            if let (Truth, Some(value)) = (form, object.get_mut(*name))
                && let Some(number) = value.as_i64()
            {
                *value = Value::Bool(number != 0);
            }
        }
        Ok(Value::Object(object))
    };
    rows.into_iter().map(read).collect()
}

/// Puts rows into an empty database, in one transaction. `next` gives them in the order in which [`read`] did. The log gets
/// a new epoch, so that every index is built again, and its chain is made anew over the same digests.
pub fn restore(database: &Database, next: &mut dyn FnMut() -> Result<Option<(String, Value)>>) -> Result<u64> {
    database.housekeeping(|conn| {
        let head = log::head(conn)?;
        if things::count_all(conn)? > 0 || head.seq > 0 {
            return Err(Error::Conflict(Defect::new(
                "not-empty",
                "空のデータベースにだけ復元できます。新しい --data か --database-url を指定してください。",
                "An archive is restored into an empty database only. Name a new --data or --database-url.",
            )));
        }
        // The archive brings its own vocabularies.
        diesel::sql_query("DELETE FROM concepts").execute(conn)?;
        diesel::sql_query("DELETE FROM fields").execute(conn)?;
        diesel::sql_query("DELETE FROM municipalities").execute(conn)?;
        vocabulary::changed(conn)?;
        let epoch = Uuid::new_v4().simple().to_string();
        let (mut chain, mut seq, mut count) = (log::genesis(&epoch), 0, 0);
        while let Some((name, row)) = next()? {
            let table = TABLES.iter().find(|table| table.name == name).ok_or_else(unreadable)?;
            let mut row = match row {
                Value::Object(row) => row,
                _ => return Err(unreadable()),
            };
            if table.name == "changes" {
                let digest = row.get("digest").and_then(Value::as_str).ok_or_else(unreadable)?;
                chain = log::chain_after(&chain, digest);
                seq = row.get("seq").and_then(Value::as_i64).ok_or_else(unreadable)?;
                row.insert("chain".to_owned(), Value::String(chain.clone()));
            }
            insert(conn, table, &row)?;
            count += 1;
        }
        log::set_head(conn, &epoch, seq, &chain)?;
        Ok(count)
    })
}

fn insert(conn: &mut Conn, table: &Table, row: &Map<String, Value>) -> Result<()> {
    let chain = ("chain", Words);
    let columns: Vec<(&str, Form)> =
        table.columns.iter().copied().chain((table.name == "changes").then_some(chain)).collect();
    if row.keys().any(|name| !columns.iter().any(|(known, _)| known == name)) {
        return Err(unreadable());
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..)
        .zip(&columns)
        .map(|(place, (_, form))| match form {
            Words => format!("${place}"),
            Number => format!("CAST(${place} AS BIGINT)"),
            Truth => format!("CAST(${place} AS BOOLEAN)"),
        })
        .collect();
    let text = format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "));
    let mut query = diesel::sql_query(text).into_boxed();
    for (name, form) in &columns {
        let value = match (row.get(*name), form) {
            (None | Some(Value::Null), _) => None,
            (Some(Value::String(text)), Words) => Some(text.clone()),
            (Some(Value::Number(number)), Number) => Some(number.to_string()),
            // Both databases read 1 and 0.
            (Some(Value::Bool(truth)), Truth) => Some(u8::from(*truth).to_string()),
            (Some(_), _) => return Err(unreadable()),
        };
        query = query.bind::<Nullable<Text>, _>(value);
    }
    query.execute(conn)?;
    Ok(())
}

/// Not something that [`read`] gave.
pub fn unreadable() -> Error {
    Error::Malformed(Defect::new(
        "archive.form",
        "アーカイブとして読めません。`musubi export archive` で作ったファイルか確かめてください。",
        "This cannot be read as an archive. Is it a file of `musubi export archive`?",
    ))
}

/// A copy of an SQLite database while others use it. On PostgreSQL: refused, with the way to go.
pub fn backup(database: &Database, file: &str) -> Result<()> {
    database.bare(|conn| match conn {
        Conn::Sqlite(conn) => {
            diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(file).execute(conn)?;
            Ok(())
        }
        Conn::Postgresql(_) => Err(Error::Conflict(Defect::new(
            "backup.postgresql",
            "PostgreSQL のバックアップには pg_dump を使ってください（例: pg_dump --format=custom --file=FILE URL）。",
            "Back PostgreSQL up with pg_dump (pg_dump --format=custom --file=FILE URL).",
        ))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables that an archive does not hold, each with its reason.
    const LEFT_OUT: &[&str] = &[
        // Made anew by a restore.
        "log_head",
        // Of a day.
        "idempotency_keys",
        // Who gets in: secrets, and people rather than things.
        "accounts",
        "account_roles",
        "memberships",
        "invitations",
        "session_families",
        "refresh_tokens",
        "api_tokens",
        "one_time_codes",
        "sign_in_counters",
        "mail_outbox",
        "rights_head",
        // Housekeeping of this machine.
        "imports",
        "import_batches",
        "import_references",
        "import_mappings",
        // What is told to accounts, and how far the proposing of new pairs has come: it begins again, and knows the pairs.
        "notices",
        "notice_choices",
        "standing_head",
        // Of accounts, too, and what was found for them.
        "saved_searches",
        "saved_search_finds",
        "watch_head",
        // The same in every version of the program.
        "industries",
        // Counts changes of this database.
        "vocabulary_head",
    ];

    #[test]
    fn every_table_is_in_the_archive_with_every_column_or_left_out_on_purpose() {
        for block in include_str!("schema.rs").split("diesel::table!").skip(1) {
            let block = &block[..block.find("\ndiesel::").unwrap_or(block.len())];
            let words: Vec<&str> = block
                .split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || "->".contains(letter)))
                .filter(|word| !word.is_empty())
                .collect();
            let name = words[0];
            let columns: Vec<&str> = words
                .windows(2)
                .filter(|pair| pair[1] == "->")
                .map(|pair| pair[0])
                .filter(|column| *column != "chain")
                .collect();
            match TABLES.iter().find(|table| table.name == name) {
                Some(table) => {
                    let archived: Vec<&str> = table.columns.iter().map(|(column, _)| *column).collect();
                    assert_eq!(archived, columns, "{name}");
                }
                None => assert!(LEFT_OUT.contains(&name), "{name}: archive it, or leave it out on purpose"),
            }
        }
    }
}
