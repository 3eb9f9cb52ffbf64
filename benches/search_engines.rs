//! Beside the search that comes with a database: SQLite FTS5 (trigram, unicode61) and PostgreSQL (full text, pg_trgm),
//! on the same documents in one run. Only ratios carry over to other machines.
//!
//! cargo bench --bench search_engines -- --size 10000
//!
//! PostgreSQL takes part where `TEST_DATABASE_URL` names one; the spellings where the list of corporations lies in
//! `MUSUBI_SHARED` or ../shared. What is left out says so.

#[path = "../index/tests/spellings/mod.rs"]
mod spellings;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::{Document, Engine, Mark, SearchRequest, Settings};
use spellings::{Row, right, targets};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Rounds of each engine over all questions; the engines take turns.
const ROUNDS: usize = 5;
const QUESTIONS: usize = 30;

type Any<T> = Result<T, Box<dyn std::error::Error>>;
/// The numbers of the documents that are found, best first, at most so many.
type Ask = Box<dyn FnMut(&str, usize) -> Any<Vec<usize>>>;

/// What is searched: a title and a text.
struct Page {
    title: String,
    text: String,
}

struct Candidate {
    name: &'static str,
    build_seconds: f64,
    ask: Ask,
}

fn main() -> Any<()> {
    let size = size()?;
    let folder = tempfile::tempdir()?;
    let documents: Vec<Document> =
        BenchCorpus::new(1).documents(size).flat_map(|organization| organization.documents()).collect();
    let corpus = BenchCorpus::new(1);
    let questions: Vec<String> = (0..QUESTIONS)
        .map(|round| {
            let words: Vec<&str> = (0..round % 3 + 1).map(|word| corpus.frequent_word(3 + round * 7 + word)).collect();
            words.join(" ")
        })
        .collect();
    println!("{} generated documents, {QUESTIONS} questions of one to three words, the best twenty\n", documents.len());
    let mut candidates = build(&folder.path().join("speed"), &documents)?;
    speed(&mut candidates, &questions)?;
    drop(candidates);

    let shared = std::env::var_os("MUSUBI_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = shared.join("data/yamagata-corporations.csv");
    let Some(rows) = spellings::rows(&file) else {
        println!(
            "\nspellings: skipped, {} is not here (set MUSUBI_SHARED to the folder that holds it)",
            file.display()
        );
        return Ok(());
    };
    let documents: Vec<Document> = rows.iter().map(named).collect();
    let mut candidates = build(&folder.path().join("spellings"), &documents)?;
    variants(&mut candidates, &rows)
}

fn size() -> Any<usize> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == "--size");
    let size = at.and_then(|at| arguments.get(at + 1)).map_or(Ok(10_000), |text| text.parse())?;
    Ok(size)
}

fn named(row: &Row) -> Document {
    Document {
        id: row.id.clone(),
        kind: "organization".to_owned(),
        published: true,
        titles: [row.name.clone(), row.reading.clone()].into_iter().filter(|title| !title.is_empty()).collect(),
        codes: vec![row.id.clone()],
        ..Document::default()
    }
}

fn build(folder: &Path, documents: &[Document]) -> Any<Vec<Candidate>> {
    std::fs::create_dir_all(folder)?;
    let page = |document: &Document| Page { title: document.titles.join(" "), text: document.bodies.join(" ") };
    let pages: Vec<Page> = documents.iter().map(page).collect();
    let mut candidates = vec![engine(&folder.join("index"), documents)?];
    for (name, tokenizer) in [("SQLite FTS5 trigram", "trigram"), ("SQLite FTS5 unicode61", "unicode61")] {
        candidates.push(sqlite(&folder.join(format!("{tokenizer}.db")), name, tokenizer, &pages)?);
    }
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => candidates.extend(postgresql(&url, &pages)?),
        _ => println!("PostgreSQL: skipped, TEST_DATABASE_URL names none"),
    }
    Ok(candidates)
}

fn engine(folder: &Path, documents: &[Document]) -> Any<Candidate> {
    let started = Instant::now();
    let (engine, _) = Engine::open(folder, Settings::default())?;
    let mut rebuild = engine.rebuild()?;
    for document in documents {
        rebuild.add(document.clone())?;
    }
    rebuild.finish(&Mark::default())?;
    let build_seconds = started.elapsed().as_secs_f64();
    let numbers: HashMap<String, usize> =
        documents.iter().enumerate().map(|(number, document)| (document.id.clone(), number)).collect();
    let ask = move |query: &str, limit: usize| {
        let answer = engine.search(&SearchRequest { query: query.to_owned(), limit, ..SearchRequest::default() })?;
        Ok(answer.hits.iter().filter_map(|hit| numbers.get(&hit.id).copied()).collect())
    };
    Ok(Candidate { name: "musubi", build_seconds, ask: Box::new(ask) })
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn sqlite(file: &Path, name: &'static str, tokenizer: &str, pages: &[Page]) -> Any<Candidate> {
    let started = Instant::now();
    let mut conn = SqliteConnection::establish(&file.to_string_lossy())?;
    conn.batch_execute("PRAGMA journal_mode = WAL")?;
    conn.batch_execute(&format!("CREATE VIRTUAL TABLE pages USING fts5(title, text, tokenize = '{tokenizer}')"))?;
    conn.transaction::<_, diesel::result::Error, _>(|conn| {
        for (number, page) in pages.iter().enumerate() {
            diesel::sql_query("INSERT INTO pages (rowid, title, text) VALUES (?, ?, ?)")
                .bind::<BigInt, _>(number as i64)
                .bind::<Text, _>(&page.title)
                .bind::<Text, _>(&page.text)
                .execute(conn)?;
        }
        Ok(())
    })?;
    conn.batch_execute("INSERT INTO pages (pages) VALUES ('optimize')")?;
    let build_seconds = started.elapsed().as_secs_f64();
    let ask = move |query: &str, limit: usize| {
        // Each word in quotes, so that nothing of it is syntax; all must be there.
        let words: Vec<String> =
            query.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
        let rows: Vec<Found> =
            diesel::sql_query("SELECT rowid AS id FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT ?")
                .bind::<Text, _>(words.join(" "))
                .bind::<BigInt, _>(limit as i64)
                .load(&mut conn)?;
        Ok(rows.into_iter().map(|row| row.id as usize).collect())
    };
    Ok(Candidate { name, build_seconds, ask: Box::new(ask) })
}

/// A schema of our own, gone with the run.
struct Schema {
    url: String,
    name: String,
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Ok(mut conn) = PgConnection::establish(&self.url) {
            let _ = conn.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}

fn postgresql(url: &str, pages: &[Page]) -> Any<Vec<Candidate>> {
    let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&format!("CREATE SCHEMA {name}"))?;
    let schema = std::rc::Rc::new(Schema { url: url.to_owned(), name: name.clone() });
    let with_trigrams = conn.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_trgm").is_ok();
    let connect = || -> Any<PgConnection> {
        let mut conn = PgConnection::establish(url)?;
        conn.batch_execute(&format!("SET search_path TO {name}, public"))?;
        Ok(conn)
    };
    let mut conn = connect()?;
    conn.batch_execute("CREATE TABLE pages (id BIGINT PRIMARY KEY, text TEXT NOT NULL, words TSVECTOR)")?;
    let started = Instant::now();
    conn.transaction::<_, diesel::result::Error, _>(|conn| {
        for (number, page) in pages.iter().enumerate() {
            let text = format!("{} {}", page.title, page.text).to_lowercase();
            diesel::sql_query("INSERT INTO pages (id, text) VALUES ($1, $2)")
                .bind::<BigInt, _>(number as i64)
                .bind::<Text, _>(text)
                .execute(conn)?;
        }
        Ok(())
    })?;
    let rows_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    conn.batch_execute(
        "UPDATE pages SET words = to_tsvector('simple', text); CREATE INDEX ON pages USING gin (words); ANALYZE pages",
    )?;
    let build_seconds = rows_seconds + started.elapsed().as_secs_f64();
    let kept = schema.clone();
    let mut asking = connect()?;
    let ask = move |query: &str, limit: usize| {
        let _kept = &kept;
        let rows: Vec<Found> = diesel::sql_query(
            "SELECT id FROM pages, plainto_tsquery('simple', $1) asked WHERE words @@ asked \
             ORDER BY ts_rank(words, asked) DESC, id LIMIT $2",
        )
        .bind::<Text, _>(query.to_lowercase())
        .bind::<BigInt, _>(limit as i64)
        .load(&mut asking)?;
        Ok(rows.into_iter().map(|row| row.id as usize).collect())
    };
    let mut candidates = vec![Candidate { name: "PostgreSQL full text (simple)", build_seconds, ask: Box::new(ask) }];
    if !with_trigrams {
        println!("pg_trgm: skipped, the extension cannot be created here");
        return Ok(candidates);
    }
    let started = Instant::now();
    conn.batch_execute("CREATE INDEX ON pages USING gin (text gin_trgm_ops); ANALYZE pages")?;
    let build_seconds = rows_seconds + started.elapsed().as_secs_f64();
    let ask = move |query: &str, limit: usize| {
        let _kept = &schema;
        let lower = query.to_lowercase();
        // Letters are ours or escaped: LIKE knows three signs, SQL one.
        let like = |word: &str| {
            let word = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('\'', "''");
            format!("text LIKE '%{word}%'")
        };
        let conditions: Vec<String> = lower.split_whitespace().map(like).collect();
        if conditions.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Found> = diesel::sql_query(format!(
            "SELECT id FROM pages WHERE {} ORDER BY word_similarity($1, text) DESC, id LIMIT $2",
            conditions.join(" AND ")
        ))
        .bind::<Text, _>(&lower)
        .bind::<BigInt, _>(limit as i64)
        .load(&mut conn)?;
        Ok(rows.into_iter().map(|row| row.id as usize).collect())
    };
    candidates.push(Candidate { name: "PostgreSQL pg_trgm", build_seconds, ask: Box::new(ask) });
    Ok(candidates)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn speed(candidates: &mut [Candidate], questions: &[String]) -> Any<()> {
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); candidates.len()];
    let mut empty = vec![0; candidates.len()];
    for round in 0..=ROUNDS {
        for (candidate, (seconds, empty)) in candidates.iter_mut().zip(seconds.iter_mut().zip(&mut empty)) {
            let started = Instant::now();
            let mut without = 0;
            for question in questions {
                without += usize::from(black_box((candidate.ask)(question, 20)?).is_empty());
            }
            // The first round warms the caches.
            if round > 0 {
                seconds.push(started.elapsed().as_secs_f64() / questions.len() as f64);
            }
            *empty = without;
        }
    }
    println!("| | build, s | one question, ms | musubi / this | questions without any hit |\n|---|---|---|---|---|");
    let ours = seconds.first().cloned().unwrap_or_default();
    for (candidate, (seconds, empty)) in candidates.iter().zip(seconds.iter().zip(empty)) {
        let ratio = middle(ours.iter().zip(seconds).map(|(ours, theirs)| ours / theirs).collect());
        println!(
            "| {} | {:.1} | {:.3} | {ratio:.2} | {empty} of {} |",
            candidate.name,
            candidate.build_seconds,
            1_000.0 * middle(seconds.clone()),
            questions.len()
        );
    }
    Ok(())
}

fn variants(candidates: &mut [Candidate], rows: &[Row]) -> Any<()> {
    let asked: Vec<(&Row, &'static str, String)> = targets(rows)
        .into_iter()
        .flat_map(|row| spellings::spellings(row).into_iter().map(move |(rule, query)| (row, rule, query)))
        .collect();
    println!(
        "\n{} names, {} spellings of {} of them, the first ten\n\n| | found | without any hit | one question, ms |\n|---|---|---|---|",
        rows.len(),
        asked.len(),
        spellings::TARGETS
    );
    for candidate in candidates {
        let (mut found, mut empty) = (0, 0);
        let started = Instant::now();
        for (row, rule, query) in &asked {
            let hits = (candidate.ask)(query, 10)?;
            empty += usize::from(hits.is_empty());
            found += usize::from(hits.iter().any(|hit| right(rule, row, &rows[*hit])));
        }
        let share = |count: usize| 100.0 * count as f64 / asked.len() as f64;
        println!(
            "| {} | {:.1} % | {:.1} % | {:.3} |",
            candidate.name,
            share(found),
            share(empty),
            1_000.0 * started.elapsed().as_secs_f64() / asked.len() as f64
        );
    }
    Ok(())
}
