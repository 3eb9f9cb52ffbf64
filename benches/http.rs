//! Searches over HTTP beside the reference handler: a bare actix-web handler that runs the same query on the same index,
//! reads the same twenty rows from the same database, and sends the same payload, which lies ready. In one run, taking
//! turns. *Texts*: it reads the rows whose texts and owners' names the service shows; *titles*: the heads of these rows.
//!
//! cargo bench --bench http -- --size 10000 --seconds 4
//!
//! Broad queries (a fifth of the documents or more) and narrow ones, with and without ten facets of which two are
//! chosen; 1, 8 and 64 clients.

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, HttpServer};
use musubi::auth::AuthSettings;
use musubi::auth::limits::LimitSettings;
use musubi::domain::{Actor, Capability, Clock, Organization, Scope, parse};
use musubi::feed::Pace;
use musubi::store::{Database, DatabaseSettings, Target, log, migrate, readings, things};
use musubi_index::bench_corpus::{BenchCorpus, BenchOrganization};
use musubi_index::{Attribute, Engine, Filters, SearchRequest, Settings};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

type Any<T> = Result<T, Box<dyn std::error::Error>>;

const CLIENTS: [usize; 3] = [1, 8, 64];
/// Turns of each of the two, in each cell.
const TURNS: usize = 3;
const WORDS: usize = 8;
const FACETS: [Attribute; 10] = [
    Attribute::OrganizationKind,
    Attribute::Municipality,
    Attribute::Prefecture,
    Attribute::Field,
    Attribute::Purpose,
    Attribute::Sdg,
    Attribute::SizeBand,
    Attribute::Industry,
    Attribute::CapabilityKind,
    Attribute::Certificate,
];
const CHOSEN: [(Attribute, &str); 2] = [(Attribute::Municipality, "062014"), (Attribute::OrganizationKind, "firm")];

/// A question as the service is asked, and what the reference does for it.
struct Question {
    path: String,
    request: SearchRequest,
    payload: Bytes,
}

struct Reference {
    engine: Arc<Engine>,
    database: Database,
    questions: Vec<Question>,
}

fn main() -> Any<()> {
    let (size, seconds) = (number("--size", 10_000)?, number("--seconds", 4)?);
    let folder = tempfile::tempdir()?;
    let database =
        Database::open(DatabaseSettings::new(Target::Sqlite(folder.path().join("musubi.db"))), Clock::system())?;
    migrate::run(&database)?;
    fill(&database, size)?;
    let auth = AuthSettings { limits: LimitSettings::none(), ..AuthSettings::in_folder(folder.path()) };
    let limits = musubi::Limits::default();
    let workers = limits.workers;
    let index_folder = folder.path().join("index");
    let app = musubi::build(database.clone(), &index_folder, Settings::default(), Pace::default(), limits, auth)?;
    let head = database.read(log::head)?;
    if !app.feed.wait_for(head.seq, Duration::from_secs(3_600)) {
        return Err("the index did not follow".into());
    }
    let documents = app.engine.documents();
    let service = serve(musubi_server(app.clone()))?;
    let agent = agent();
    let (broad, narrow) = words(&app.engine, documents)?;
    println!("{documents} documents, {workers} workers, {} s for each figure\n", seconds);
    println!(
        "| question | clients | | a second | p50 ms | p95 ms | p99 ms | service / reference |\n|---|---|---|---|---|---|---|---|"
    );
    for (name, words) in [("broad", &broad), ("narrow", &narrow)] {
        for faceted in [false, true] {
            let mut questions = Vec::new();
            for word in words {
                let path = path(word, faceted);
                let payload = get(&agent, &format!("{service}{path}"))?;
                questions.push(Question { path, request: request(word, faceted), payload: Bytes::from(payload) });
            }
            let paths: Vec<String> = questions.iter().map(|question| question.path.clone()).collect();
            let reference = Reference { engine: app.engine.clone(), database: database.clone(), questions };
            let bare = serve(reference_server(reference, workers))?;
            let of_service: Vec<String> = paths.iter().map(|path| format!("{service}{path}")).collect();
            let of = |what: &str| -> Vec<String> {
                (0..paths.len()).map(|number| format!("{bare}/{what}/{number}")).collect()
            };
            let (with_texts, with_titles) = (of("texts"), of("titles"));
            let name = if faceted { format!("{name}, ten facets, two chosen") } else { name.to_owned() };
            for clients in CLIENTS {
                let turn = Duration::from_secs_f64(seconds as f64 / TURNS as f64);
                let (mut ours, mut texts, mut titles) = (Vec::new(), Vec::new(), Vec::new());
                for _ in 0..TURNS {
                    ours.extend(measure(&of_service, clients, turn)?);
                    texts.extend(measure(&with_texts, clients, turn)?);
                    titles.extend(measure(&with_titles, clients, turn)?);
                }
                let ours = Figures::of(ours, seconds);
                ours.print(&name, clients, "service", None);
                Figures::of(texts, seconds).print(&name, clients, "reference, texts", Some(&ours));
                Figures::of(titles, seconds).print(&name, clients, "reference, titles", Some(&ours));
            }
        }
    }
    app.watch.stop();
    app.feed.stop();
    // The servers' threads hold the database; nothing is left to be written.
    std::process::exit(0);
}

fn number(flag: &str, otherwise: usize) -> Any<usize> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == flag);
    Ok(at.and_then(|at| arguments.get(at + 1)).map_or(Ok(otherwise), |text| text.parse())?)
}

/// Writes generated organisations with their capabilities, `size` things in all.
fn fill(database: &Database, size: usize) -> Any<()> {
    let organizations: Vec<BenchOrganization> = BenchCorpus::new(1).documents(size).collect();
    for together in organizations.chunks(250) {
        database.write(&Actor::System, |tx| {
            for organization in together {
                let body = json!({
                    "organization_kind": organization.kind, "corporate_number": organization.corporate_number,
                    "name_ja": organization.name_ja, "name_en": organization.name_en,
                    "municipality": organization.municipality, "employees": organization.employees,
                    "description_ja": organization.description_ja, "description_en": organization.description_en,
                });
                let owner = things::create(tx, entry::<Organization>(body)?)?.header.id;
                for capability in &organization.capabilities {
                    let body = json!({
                        "owner": owner, "capability_kind": capability.kind, "name_ja": capability.title_ja,
                        "name_en": capability.title_en, "description_ja": capability.description_ja,
                        "description_en": capability.description_en,
                    });
                    things::create(tx, entry::<Capability>(body)?)?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn entry<E: musubi::domain::Entry>(body: Value) -> musubi::error::Result<E> {
    parse::entry(body).map_err(musubi::error::Error::Invalid)
}

/// Words that a fifth of the documents hold, or nearly nobody.
fn words(engine: &Engine, documents: usize) -> Any<(Vec<String>, Vec<String>)> {
    let corpus = BenchCorpus::new(1);
    let mut counted = Vec::new();
    for rank in (0..40).chain((40..4_000).step_by(37)) {
        let word = corpus.frequent_word(rank).to_owned();
        let total = engine.search(&request(&word, false))?.total;
        counted.push((total, word));
    }
    counted.sort();
    counted.dedup();
    let few = (documents / 1_000).max(20);
    let narrow: Vec<String> = counted
        .iter()
        .filter(|(total, _)| (1..=few).contains(total))
        .map(|(_, word)| word.clone())
        .take(WORDS)
        .collect();
    let wide: Vec<&(usize, String)> =
        counted.iter().rev().filter(|(total, _)| total * 5 >= documents).take(WORDS).collect();
    let broad: Vec<String> = match wide.is_empty() {
        false => wide.into_iter().map(|(_, word)| word.clone()).collect(),
        true => {
            println!("(no word is in a fifth of the documents; the most frequent ones instead)");
            counted.iter().rev().take(WORDS).map(|(_, word)| word.clone()).collect()
        }
    };
    if narrow.is_empty() {
        return Err("no word is rare enough: take a larger --size".into());
    }
    Ok((broad, narrow))
}

fn path(word: &str, faceted: bool) -> String {
    let encoded: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut path = format!("/api/v1/search?q={encoded}");
    if faceted {
        let names: Vec<&str> = FACETS.iter().map(|facet| facet.name()).collect();
        path.push_str(&format!("&facet={}", names.join(",")));
        for (attribute, value) in CHOSEN {
            path.push_str(&format!("&{}={value}", attribute.name()));
        }
    }
    path
}

/// What the service makes of the same path.
fn request(word: &str, faceted: bool) -> SearchRequest {
    let mut request = SearchRequest { query: word.to_owned(), limit: 20, ..SearchRequest::default() };
    if faceted {
        request.facets = FACETS.to_vec();
        let attributes = CHOSEN.map(|(attribute, value)| (attribute, vec![value.to_owned()])).to_vec();
        request.filters = Filters { attributes, ..Filters::default() };
    }
    request
}

fn musubi_server(app: musubi::app::App) -> impl FnOnce(TcpListener) -> Any<actix_web::dev::Server> + Send {
    move |listener| Ok(musubi::server(app, listener)?)
}

fn reference_server(
    reference: Reference,
    workers: usize,
) -> impl FnOnce(TcpListener) -> Any<actix_web::dev::Server> + Send {
    move |listener| {
        let reference = web::Data::new(reference);
        let server = HttpServer::new(move || {
            actix_web::App::new().app_data(reference.clone()).route("/{what}/{number}", web::get().to(answer))
        });
        Ok(server.workers(workers).disable_signals().listen(listener)?.run())
    }
}

async fn answer(reference: web::Data<Reference>, path: web::Path<(String, usize)>) -> HttpResponse {
    let (what, number) = path.into_inner();
    let done = web::block(move || {
        let question = reference.questions.get(number)?;
        let answer = reference.engine.search(&question.request).ok()?;
        let ids: Vec<String> = answer.hits.iter().map(|hit| hit.id.clone()).collect();
        let read = reference.database.read(|conn| match what.as_str() {
            "texts" => {
                let readings = readings::read(conn, &Scope::Public, &ids)?;
                let mut owners: Vec<String> = readings.values().filter_map(|read| read.card.owner.clone()).collect();
                owners.sort();
                owners.dedup();
                things::cards(conn, &Scope::Public, &owners)?;
                Ok(readings.len())
            }
            _ => Ok(things::cards(conn, &Scope::Public, &ids)?.len()),
        });
        (read.ok()? == ids.len()).then(|| question.payload.clone())
    });
    match done.await {
        Ok(Some(payload)) => HttpResponse::Ok().content_type("application/json").body(payload),
        _ => HttpResponse::InternalServerError().finish(),
    }
}

/// Runs a server on a free port, on a thread that lives as long as the program.
fn serve(make: impl FnOnce(TcpListener) -> Any<actix_web::dev::Server> + Send + 'static) -> Any<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            match make(listener) {
                Ok(server) => drop(server.await),
                Err(error) => eprintln!("{error}"),
            }
        });
    });
    Ok(address)
}

fn agent() -> ureq::Agent {
    ureq::Agent::new_with_config(
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).max_idle_connections(1).build(),
    )
}

fn get(agent: &ureq::Agent, url: &str) -> Any<Vec<u8>> {
    Ok(agent.get(url).call()?.body_mut().with_config().limit(50_000_000).read_to_vec()?)
}

/// Asks from so many clients for so long; gives how long each answer took, in seconds.
fn measure(urls: &[String], clients: usize, turn: Duration) -> Any<Vec<f64>> {
    let stop = AtomicBool::new(false);
    let results: Vec<Result<Vec<f64>, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                let stop = &stop;
                scope.spawn(move || {
                    let agent = agent();
                    let mut spent = Vec::new();
                    for url in urls.iter().cycle().skip(client) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let started = Instant::now();
                        get(&agent, url).map_err(|error| error.to_string())?;
                        spent.push(started.elapsed().as_secs_f64());
                    }
                    Ok(spent)
                })
            })
            .collect();
        std::thread::sleep(turn);
        stop.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a client ended in a panic".to_owned())))
            .collect()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}

struct Figures {
    a_second: f64,
    /// p50, p95, p99 in milliseconds.
    quantiles: [f64; 3],
}

impl Figures {
    fn of(mut seconds: Vec<f64>, in_all: usize) -> Figures {
        seconds.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let place = ((seconds.len() as f64 * share) as usize).min(seconds.len().saturating_sub(1));
            1_000.0 * seconds.get(place).copied().unwrap_or(f64::NAN)
        };
        let quantiles = [at(0.5), at(0.95), at(0.99)];
        Figures { a_second: seconds.len() as f64 / in_all as f64, quantiles }
    }

    fn print(&self, question: &str, clients: usize, what: &str, service: Option<&Figures>) {
        let [p50, p95, p99] = self.quantiles;
        // Above 1 the service takes as many times as long.
        let ratio = service.map_or(String::new(), |service| {
            format!("p50 {:.2}, p95 {:.2}", service.quantiles[0] / p50, service.quantiles[1] / p95)
        });
        println!(
            "| {question} | {clients} | {what} | {:.0} | {p50:.2} | {p95:.2} | {p99:.2} | {ratio} |",
            self.a_second
        );
    }
}
