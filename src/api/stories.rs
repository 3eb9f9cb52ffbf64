//! `GET /stories`: what groups made of it, for everybody to read (成功事例).

use super::matter::{CardShown, Cards};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::{Day, Group};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{GroupState, Maturity};
use crate::error::Result;
use crate::store::matters;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// Stories of one answer, the newest.
const STORIES: usize = 100;

#[derive(Serialize, ToSchema)]
pub struct Stories {
    /// Newest first, at most 100.
    pub items: Vec<StoryOfGroup>,
}

#[derive(Serialize, ToSchema)]
pub struct StoryOfGroup {
    #[schema(value_type = String)]
    pub title: Line,
    #[schema(value_type = String)]
    pub text: Prose,
    pub on: Day,
    #[schema(value_type = String)]
    pub group: Line,
    pub maturity: Maturity,
    /// As far as the reader may see them.
    pub members: Vec<CardShown>,
    pub exhibition: Option<CardShown>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/stories").route(web::get().to(list)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// Success stories that groups told to everybody.
#[utoipa::path(get, path = "/api/v1/stories", tag = "exhibitions", responses(
    (status = 200, body = Stories), (status = 503, body = ProblemBody),
))]
async fn list(app: web::Data<App>, Caller(actor): Caller) -> Answer {
    let items = app
        .read(move |conn| -> Result<Vec<StoryOfGroup>> {
            let states: Vec<&str> = GroupState::ALL.iter().map(|state| state.code()).collect();
            let groups = matters::in_states::<Group>(conn, &states)?;
            let told =
                groups.iter().flat_map(|kept| kept.matter.stories.iter().map(move |story| (&kept.matter, story)));
            let mut told: Vec<_> = told.filter(|(_, story)| story.public).collect();
            told.sort_by(|(_, one), (_, other)| other.on.cmp(&one.on));
            told.truncate(STORIES);
            let named = told.iter().flat_map(|(group, _)| group.members().chain(&group.formed.exhibition)).cloned();
            let cards = Cards::read(conn, &actor.scope(), named.collect::<Vec<_>>())?;
            let shown = |(group, story): (&Group, &crate::domain::desk::group::Story)| StoryOfGroup {
                title: story.title.clone(),
                text: story.text.clone(),
                on: story.on.clone(),
                group: group.formed.title.clone(),
                maturity: group.maturity,
                members: cards.some(&group.members().cloned().collect::<Vec<_>>()),
                exhibition: group.formed.exhibition.as_ref().and_then(|id| cards.get(id)),
            };
            Ok(told.into_iter().map(shown).collect())
        })
        .await?;
    Ok(HttpResponse::Ok().json(Stories { items }))
}
