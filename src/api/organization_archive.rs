//! An organisation with everything that belongs to it and all of its history, as a file: as far as the caller may read it.

use super::problem::{Answer, ProblemBody};
use super::shown::{Shown, ShownActor, concerned};
use super::{file_answer, wire};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::vocabulary::{Kind, Status};
use crate::domain::{Actor, Capability, Need, Organization, Person, Record, Seed, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::page::{LIMIT_MOST, Order, Page};
use crate::store::things::{self, Filter, Stored};
use crate::store::{Conn, history};
use actix_web::web;
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use utoipa::ToSchema;

/// The first line: what the file is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArchiveHead {
    /// The form of the file: 1.
    pub musubi_organization: u8,
    pub id: ThingId,
    pub as_of: Timestamp,
}

/// Each following line: a thing as it is now, and its versions, newest first. The organisation comes first, then its
/// people, capabilities, seeds, needs and the records of work it took part in. The last line is `{"end": N}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArchiveLine<E> {
    pub kind: Kind,
    #[schema(value_type = Object)]
    pub thing: Thing<E>,
    pub versions: Vec<ArchivedVersion<E>>,
}

/// A version that the caller could have read when it was current.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArchivedVersion<E> {
    pub version: i64,
    pub at: Timestamp,
    pub actor: ShownActor,
    pub action: Option<String>,
    pub status: Status,
    #[schema(value_type = Object)]
    pub content: E,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/organizations/{id}/archive")
            .route(web::get().to(read))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// The full archive of one organisation: JSON Lines with everything of it that the caller may read, and the history.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/archive", tag = "organizations", params(("id" = String, Path)), responses(
    (status = 200, body = inline(ArchiveLine<serde_json::Value>), content_type = "application/jsonl",
        description = "First a line {musubi_organization: 1, id, as_of}, then a line for each thing, at last {end: N}. \
                       Musubi-Rows says how many things."),
    (status = 404, body = ProblemBody), (status = 503, body = ProblemBody),
), security((), ("bearer" = [])))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let id = wire::known_id(&id)?;
    let as_of = app.clock().timestamp();
    let name = format!("organization-{id}");
    let service = app.get_ref().clone();
    // Written whole before the first byte is sent: what cannot be read is an answer, not half a file.
    let (file, rows) = app.in_turn(move || service.database.read(|conn| write(conn, &actor, &id, as_of))).await?;
    Ok(file_answer::answer(file, &name, Format::JsonLines, rows, (&[], 0))?)
}

fn write(conn: &mut Conn, actor: &Actor, id: &ThingId, as_of: Timestamp) -> Result<(File, u64)> {
    let organization = things::get::<Organization>(conn, &actor.scope(), id)?;
    let mut output = Output { file: BufWriter::new(tempfile::tempfile().map_err(Error::internal)?), rows: 0 };
    output.line(&ArchiveHead { musubi_organization: 1, id: id.clone(), as_of })?;
    output.thing(conn, actor, organization)?;
    let employed = Filter { affiliation: Some(id.clone()), ..Filter::default() };
    let owned = Filter { owner: Some(id.clone()), ..Filter::default() };
    let worked = Filter { member: Some(id.clone()), ..Filter::default() };
    output.all_of::<Person>(conn, actor, &employed)?;
    output.all_of::<Capability>(conn, actor, &owned)?;
    output.all_of::<Seed>(conn, actor, &owned)?;
    output.all_of::<Need>(conn, actor, &owned)?;
    output.all_of::<Record>(conn, actor, &worked)?;
    let rows = output.rows;
    output.line(&serde_json::json!({ "end": rows }))?;
    let mut file = output.file.into_inner().map_err(|error| Error::internal(error.into_error()))?;
    file.rewind().map_err(Error::internal)?;
    Ok((file, rows))
}

struct Output {
    file: BufWriter<File>,
    rows: u64,
}

impl Output {
    fn line(&mut self, line: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.file, line).map_err(Error::internal)?;
        self.file.write_all(b"\n").map_err(Error::internal)
    }

    fn all_of<E: Stored>(&mut self, conn: &mut Conn, actor: &Actor, filter: &Filter) -> Result<()> {
        let mut page = Page { limit: LIMIT_MOST, order: Order::Name, after: None };
        loop {
            let found = things::list::<E>(conn, &actor.scope(), filter, &page)?;
            for thing in found.items {
                self.thing(conn, actor, thing)?;
            }
            page.after = found.next;
            if page.after.is_none() {
                return Ok(());
            }
        }
    }

    fn thing<E: Stored>(&mut self, conn: &mut Conn, actor: &Actor, thing: Thing<E>) -> Result<()> {
        let mut versions = Vec::new();
        let mut before = None;
        loop {
            let (found, more) = history::list::<E>(conn, &actor.scope(), &thing.header.id, before, LIMIT_MOST)?;
            before = found.last().map(|version| version.version);
            let who = found.iter().map(|version| version.actor.as_str());
            let shown = Shown::of(conn, who, concerned(actor, &thing))?;
            versions.extend(found.into_iter().map(|version| ArchivedVersion {
                version: version.version,
                at: version.at,
                actor: shown.actor(&version.actor),
                action: version.action,
                status: version.status,
                content: version.entry,
            }));
            if !more || before.is_none() {
                break;
            }
        }
        self.rows += 1;
        self.line(&ArchiveLine { kind: E::KIND, thing, versions })
    }
}
