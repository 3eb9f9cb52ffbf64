//! Beside bare tantivy and the search that comes with a database: SQLite FTS5 (trigram, unicode61) and PostgreSQL (full
//! text, pg_trgm), on the same documents in one run, with and without facets. Only ratios carry over to other machines.
//!
//! cargo bench --bench search_engines -- --size 10000 --rounds 5
//!
//! PostgreSQL takes part where `TEST_DATABASE_URL` names one; the spellings where the list of corporations lies in
//! `MUSUBI_SHARED` or ../shared. What is left out says so.

#[path = "../index/tests/spellings/mod.rs"]
mod spellings;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::reference::{Comparison, Job};
use musubi_index::{Attribute, Document, Engine, Mark, SearchRequest, Settings};
use spellings::{Row, right, targets};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

const QUESTIONS: usize = 30;
/// What is counted beside the best twenty.
const FACETS: [Attribute; 4] =
    [Attribute::OrganizationKind, Attribute::Municipality, Attribute::SizeBand, Attribute::CapabilityKind];

type Any<T> = Result<T, Box<dyn std::error::Error>>;
/// The numbers of the documents that are found, best first, at most so many.
type Ask = Box<dyn FnMut(&str, usize) -> Any<Vec<usize>>>;

/// The counts of the facets over everything that is found: how many values there are.
type Count = Box<dyn FnMut(&str) -> Any<usize>>;

/// What is searched: a title and a text, and what is counted.
struct Page {
    title: String,
    text: String,
    facets: [Option<String>; FACETS.len()],
}

struct Candidate {
    name: &'static str,
    build_seconds: f64,
    ask: Ask,
    count: Count,
}

fn main() -> Any<()> {
    let (size, rounds) = (number("--size", 10_000)?, number("--rounds", 5)?);
    let folder = tempfile::tempdir()?;
    let corpus = BenchCorpus::new(1);
    let questions: Vec<String> = (0..QUESTIONS)
        .map(|round| {
            let words: Vec<&str> = (0..round % 3 + 1).map(|word| corpus.frequent_word(3 + round * 7 + word)).collect();
            words.join(" ")
        })
        .collect();
    let documents = || BenchCorpus::new(1).documents(size).flat_map(|organization| organization.documents());
    let started = Instant::now();
    let comparison = Rc::new(Comparison::build(&folder.path().join("index"), size, || {})?);
    let engine_seconds = started.elapsed().as_secs_f64();
    let numbers: HashMap<String, usize> =
        documents().enumerate().map(|(number, document)| (document.id, number)).collect();
    println!("{} generated documents, {QUESTIONS} questions of one to three words, the best twenty\n", numbers.len());
    let mut candidates = vec![engine(Engines::Compared(comparison.clone()), numbers, engine_seconds)];
    candidates.extend(databases(&folder.path().join("speed"), documents().map(page))?);
    speed(&mut candidates, &questions, &comparison, rounds)?;
    drop((candidates, comparison));

    let shared = std::env::var_os("MUSUBI_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = shared.join("data/yamagata-corporations.csv");
    let Some(rows) = spellings::rows(&file) else {
        println!(
            "\nspellings: skipped, {} is not here (set MUSUBI_SHARED to the folder that holds it)",
            file.display()
        );
        return Ok(());
    };
    let mut candidates = vec![engine_of(&folder.path().join("names"), rows.iter().map(named))?];
    candidates.extend(databases(&folder.path().join("spellings"), rows.iter().map(|row| page(named(row))))?);
    variants(&mut candidates, &rows)
}

fn number(flag: &str, otherwise: usize) -> Any<usize> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == flag);
    Ok(at.and_then(|at| arguments.get(at + 1)).map_or(Ok(otherwise), |text| text.parse())?)
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

fn page(document: Document) -> Page {
    let value = |facet: &Attribute| {
        document.attributes.iter().find(|(attribute, _)| attribute == facet).map(|(_, value)| value.clone())
    };
    Page { facets: FACETS.each_ref().map(value), title: document.titles.join(" "), text: document.bodies.join(" ") }
}

/// What comes with databases, with the same pages.
fn databases(folder: &Path, pages: impl Iterator<Item = Page>) -> Any<Vec<Candidate>> {
    std::fs::create_dir_all(folder)?;
    let pages: Vec<Page> = pages.collect();
    let mut candidates = Vec::new();
    for (name, tokenizer) in [("SQLite FTS5 trigram", "trigram"), ("SQLite FTS5 unicode61", "unicode61")] {
        candidates.push(sqlite(&folder.join(format!("{tokenizer}.db")), name, tokenizer, &pages)?);
    }
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => candidates.extend(postgresql(&url, &pages)?),
        _ => println!("PostgreSQL: skipped, TEST_DATABASE_URL names none"),
    }
    Ok(candidates)
}

/// Where the engine lies.
enum Engines {
    Own(Box<Engine>),
    Compared(Rc<Comparison>),
}

impl Engines {
    fn engine(&self) -> &Engine {
        match self {
            Engines::Own(engine) => engine,
            Engines::Compared(comparison) => comparison.engine(),
        }
    }
}

fn engine_of(folder: &Path, documents: impl Iterator<Item = Document>) -> Any<Candidate> {
    let started = Instant::now();
    let (built, _) = Engine::open(folder, Settings::default())?;
    let mut rebuild = built.rebuild()?;
    let mut numbers = HashMap::new();
    for (number, document) in documents.enumerate() {
        numbers.insert(document.id.clone(), number);
        rebuild.add(document)?;
    }
    rebuild.finish(&Mark::default())?;
    Ok(engine(Engines::Own(Box::new(built)), numbers, started.elapsed().as_secs_f64()))
}

fn engine(engines: Engines, numbers: HashMap<String, usize>, build_seconds: f64) -> Candidate {
    let engines = Rc::new(engines);
    let counting = engines.clone();
    let ask = move |query: &str, limit: usize| {
        let request = SearchRequest { query: query.to_owned(), limit, ..SearchRequest::default() };
        let answer = engines.engine().search(&request)?;
        Ok(answer.hits.iter().filter_map(|hit| numbers.get(&hit.id).copied()).collect())
    };
    let count = move |query: &str| {
        let facets = FACETS.to_vec();
        let request = SearchRequest { query: query.to_owned(), limit: 20, facets, ..SearchRequest::default() };
        Ok(counting.engine().search(&request)?.facets.iter().map(|(_, values)| values.len()).sum())
    };
    Candidate { name: "musubi", build_seconds, ask: Box::new(ask), count: Box::new(count) }
}

/// The columns of the facets, separated by commas.
fn columns() -> String {
    FACETS.map(Attribute::name).join(", ")
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    number: i64,
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
    conn.batch_execute(&format!("CREATE TABLE facets (id INTEGER PRIMARY KEY, {})", columns()))?;
    conn.transaction::<_, diesel::result::Error, _>(|conn| {
        for (number, page) in pages.iter().enumerate() {
            diesel::sql_query("INSERT INTO pages (rowid, title, text) VALUES (?, ?, ?)")
                .bind::<BigInt, _>(number as i64)
                .bind::<Text, _>(&page.title)
                .bind::<Text, _>(&page.text)
                .execute(conn)?;
            let [kind, place, size, offer] = &page.facets;
            diesel::sql_query("INSERT INTO facets VALUES (?, ?, ?, ?, ?)")
                .bind::<BigInt, _>(number as i64)
                .bind::<Nullable<Text>, _>(kind)
                .bind::<Nullable<Text>, _>(place)
                .bind::<Nullable<Text>, _>(size)
                .bind::<Nullable<Text>, _>(offer)
                .execute(conn)?;
        }
        Ok(())
    })?;
    conn.batch_execute("INSERT INTO pages (pages) VALUES ('optimize')")?;
    let build_seconds = started.elapsed().as_secs_f64();
    // Each word in quotes, so that nothing of it is syntax; all must be there.
    let quoted = |query: &str| {
        let words = query.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
        words.collect::<Vec<String>>().join(" ")
    };
    let mut counting = SqliteConnection::establish(&file.to_string_lossy())?;
    let ask = move |query: &str, limit: usize| {
        let rows: Vec<Found> =
            diesel::sql_query("SELECT rowid AS id FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT ?")
                .bind::<Text, _>(quoted(query))
                .bind::<BigInt, _>(limit as i64)
                .load(&mut conn)?;
        Ok(rows.into_iter().map(|row| row.id as usize).collect())
    };
    let each = FACETS.map(|facet| {
        let facet = facet.name();
        format!("SELECT {facet} AS value, count(*) AS number FROM found WHERE {facet} IS NOT NULL GROUP BY 1")
    });
    let counts = format!(
        "WITH found AS MATERIALIZED (SELECT facets.* FROM pages JOIN facets ON facets.id = pages.rowid WHERE pages MATCH ?) {}",
        each.join(" UNION ALL ")
    );
    let count = move |query: &str| {
        let rows: Vec<Counted> = diesel::sql_query(&counts).bind::<Text, _>(quoted(query)).load(&mut counting)?;
        Ok(rows.iter().filter(|row| row.number > 0).count())
    };
    Ok(Candidate { name, build_seconds, ask: Box::new(ask), count: Box::new(count) })
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
    let facets = FACETS.map(|facet| format!("{} TEXT", facet.name())).join(", ");
    conn.batch_execute(&format!(
        "CREATE TABLE pages (id BIGINT PRIMARY KEY, text TEXT NOT NULL, {facets}, words TSVECTOR)"
    ))?;
    let started = Instant::now();
    conn.transaction::<_, diesel::result::Error, _>(|conn| {
        for (number, page) in pages.iter().enumerate() {
            let text = format!("{} {}", page.title, page.text).to_lowercase();
            let [kind, place, size, offer] = &page.facets;
            diesel::sql_query("INSERT INTO pages VALUES ($1, $2, $3, $4, $5, $6)")
                .bind::<BigInt, _>(number as i64)
                .bind::<Text, _>(text)
                .bind::<Nullable<Text>, _>(kind)
                .bind::<Nullable<Text>, _>(place)
                .bind::<Nullable<Text>, _>(size)
                .bind::<Nullable<Text>, _>(offer)
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
    // All facets in one pass over what is found.
    let sets = format!("GROUP BY GROUPING SETS ({})", FACETS.map(|facet| format!("({})", facet.name())).join(", "));
    let counts = format!(
        "SELECT count(*) AS number FROM pages, plainto_tsquery('simple', $1) asked WHERE words @@ asked {sets}"
    );
    let mut counting = connect()?;
    let count = move |query: &str| {
        let rows: Vec<Counted> =
            diesel::sql_query(&counts).bind::<Text, _>(query.to_lowercase()).load(&mut counting)?;
        Ok(rows.iter().filter(|row| row.number > 0).count())
    };
    let name = "PostgreSQL full text (simple)";
    let mut candidates = vec![Candidate { name, build_seconds, ask: Box::new(ask), count: Box::new(count) }];
    if !with_trigrams {
        println!("pg_trgm: skipped, the extension cannot be created here");
        return Ok(candidates);
    }
    let started = Instant::now();
    conn.batch_execute("CREATE INDEX ON pages USING gin (text gin_trgm_ops); ANALYZE pages")?;
    let build_seconds = rows_seconds + started.elapsed().as_secs_f64();
    let mut counting = connect()?;
    let ask = move |query: &str, limit: usize| {
        let _kept = &schema;
        let Some(conditions) = holding(query) else { return Ok(Vec::new()) };
        let rows: Vec<Found> = diesel::sql_query(format!(
            "SELECT id FROM pages WHERE {conditions} ORDER BY word_similarity($1, text) DESC, id LIMIT $2"
        ))
        .bind::<Text, _>(query.to_lowercase())
        .bind::<BigInt, _>(limit as i64)
        .load(&mut conn)?;
        Ok(rows.into_iter().map(|row| row.id as usize).collect())
    };
    let count = move |query: &str| {
        let Some(conditions) = holding(query) else { return Ok(0) };
        let counts = format!("SELECT count(*) AS number FROM pages WHERE {conditions} {sets}");
        let rows: Vec<Counted> = diesel::sql_query(counts).load(&mut counting)?;
        Ok(rows.iter().filter(|row| row.number > 0).count())
    };
    candidates.push(Candidate {
        name: "PostgreSQL pg_trgm",
        build_seconds,
        ask: Box::new(ask),
        count: Box::new(count),
    });
    Ok(candidates)
}

/// `text LIKE …` for every word; none for an empty query.
fn holding(query: &str) -> Option<String> {
    // Letters are ours or escaped: LIKE knows three signs, SQL one.
    let like = |word: &str| {
        let word = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('\'', "''");
        format!("text LIKE '%{word}%'")
    };
    let conditions: Vec<String> = query.to_lowercase().split_whitespace().map(like).collect();
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn speed(candidates: &mut [Candidate], questions: &[String], comparison: &Comparison, rounds: usize) -> Any<()> {
    println!("| | build, s | one question, ms | musubi / this | questions without any hit |\n|---|---|---|---|---|");
    let tantivy = ("bare tantivy, TopDocs and Count", Job::SearchTopDocsAndCount);
    let rows = turns(candidates, comparison, rounds, tantivy, |candidate| {
        let mut without = 0;
        for question in questions {
            without += usize::from(black_box((candidate.ask)(question, 20)?).is_empty());
        }
        Ok(without)
    })?;
    let built = candidates.iter().map(|candidate| format!("{:.1}", candidate.build_seconds));
    for (built, row) in built.chain(["".to_owned()]).zip(rows) {
        let without = row.result.map_or(String::new(), |without| format!("{without} of {}", questions.len()));
        println!("| {} | {built} | {:.3} | {:.2} | {without} |", row.name, row.milliseconds, row.ratio);
    }
    println!("\nThe counts of {}:\n\n| | one question, ms | musubi / this |\n|---|---|---|", columns());
    let tantivy = ("bare tantivy, TopDocs and aggregations", Job::FacetsTantivy);
    let rows = turns(candidates, comparison, rounds, tantivy, |candidate| {
        // The engine counts as it searches; the others are asked twice.
        let counts_alone = candidate.name == "musubi";
        let mut values = 0;
        for question in questions {
            values += black_box((candidate.count)(question)?);
            if !counts_alone {
                black_box((candidate.ask)(question, 20)?);
            }
        }
        Ok(values)
    })?;
    for row in rows {
        println!("| {} | {:.3} | {:.2} |", row.name, row.milliseconds, row.ratio);
    }
    Ok(())
}

struct Turned {
    name: &'static str,
    milliseconds: f64,
    /// The time of the first beside this one.
    ratio: f64,
    /// What the last round came to; none for bare tantivy.
    result: Option<usize>,
}

/// Rounds over all questions in which the candidates, and bare tantivy after them, take turns; one more before them.
fn turns(
    candidates: &mut [Candidate],
    comparison: &Comparison,
    rounds: usize,
    (tantivy, job): (&'static str, Job),
    round: impl Fn(&mut Candidate) -> Any<usize>,
) -> Any<Vec<Turned>> {
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); candidates.len() + 1];
    let mut results = vec![None; candidates.len() + 1];
    for number in 0..=rounds {
        for at in 0..=candidates.len() {
            let started = Instant::now();
            match candidates.get_mut(at) {
                Some(candidate) => results[at] = Some(round(candidate)?),
                None => drop(black_box(comparison.run(job)?)),
            }
            // The first round warms the caches.
            if number > 0 {
                seconds[at].push(started.elapsed().as_secs_f64() / QUESTIONS as f64);
            }
        }
    }
    let names = candidates.iter().map(|candidate| candidate.name).chain([tantivy]);
    let turned = names.zip(&seconds).zip(results).map(|((name, theirs), result)| {
        let ratio = middle(seconds[0].iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect());
        Turned { name, milliseconds: 1_000.0 * middle(theirs.clone()), ratio, result }
    });
    Ok(turned.collect())
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
