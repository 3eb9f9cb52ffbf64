//! `GET /feeds/{secret}.atom`: what a saved search found, for feed readers (RFC 4287). The address is the key: whoever
//! has it reads as the owner may read *now*, and nothing once the account is suspended or erased.

use super::problem::{Answer, ProblemBody};
use super::saved_searches;
use super::wire;
use crate::app::App;
use crate::auth::secrets;
use crate::domain::Actor;
use crate::domain::vocabulary::Language;
use crate::error::Error;
use crate::store::accounts;
use crate::store::saved_searches::{self as store, SavedSearch, Shown, Since};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::fmt::Write;

/// Entries of a feed.
const ENTRIES_MOST: usize = 50;

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/feeds/{secret}.atom")
            .route(web::get().to(feed))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// What a saved search found, the newest fifty.
#[utoipa::path(get, path = "/api/v1/feeds/{secret}.atom", tag = "saved-searches", params(("secret" = String, Path)), responses(
    (status = 200, description = "An Atom feed.", content_type = "application/atom+xml", body = String),
    (status = 304), (status = 404, body = ProblemBody),
))]
async fn feed(app: web::Data<App>, request: HttpRequest, secret: web::Path<String>) -> Answer {
    let hash = secrets::fingerprint(&secret);
    let needs = app.auth.settings.second_factor_for_administrators;
    let service = app.get_ref().clone();
    let read = app.read(move |conn| {
        let (search, language) = store::of_feed(conn, &hash)?.ok_or(Error::NotFound)?;
        let actor = accounts::rights(conn, search.account.as_str(), needs)?.ok_or(Error::NotFound)?;
        let scope = Actor::Account(actor).scope();
        let (finds, _) = saved_searches::finds(conn, &service, &scope, &search, Since::Ever, None, ENTRIES_MOST)?;
        Ok((search, language, finds))
    });
    let (search, language, finds) = read.await?;
    let base = app.auth.settings.mail.public_url.as_deref().unwrap_or("").trim_end_matches('/');
    let body = write(&search, language, &finds, base);
    let etag = format!("\"{}\"", &secrets::fingerprint(&body)[..32]);
    let same = wire::header_text(&request, "if-none-match")? == Some(etag.as_str());
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header(("x-robots-tag", "noindex"));
    if same {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/atom+xml; charset=utf-8").body(body))
}

fn write(search: &SavedSearch, language: Language, finds: &[Shown], base: &str) -> String {
    // Of what is shown only: the time of a find that was hidden since would tell of it.
    let updated = finds.iter().map(|find| find.found_at.as_str()).max().unwrap_or(search.created_at.as_str());
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    // Writing to a String cannot fail.
    let _ = write!(
        xml,
        "<id>urn:uuid:{}</id>\n<title>{}</title>\n<updated>{updated}</updated>\n<author><name>musubi</name></author>\n",
        search.id,
        escaped(&search.name)
    );
    for find in finds {
        let card = &find.card;
        let title = match language {
            Language::Ja => card.title.ja.as_deref().or(card.title.en.as_deref()),
            Language::En => card.title.en.as_deref().or(card.title.ja.as_deref()),
        };
        let kind = match language {
            Language::Ja => card.kind.name_ja(),
            Language::En => card.kind.name_en(),
        };
        let _ = write!(
            xml,
            "<entry>\n<id>urn:uuid:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n<published>{}</published>\n\
             <category term=\"{}\" label=\"{}\"/>\n<link rel=\"alternate\" href=\"{}/api/v1/{}/{}\"/>\n</entry>\n",
            card.id,
            escaped(title.unwrap_or_default()),
            find.found_at.as_str(),
            find.found_at.as_str(),
            card.kind.code(),
            escaped(kind),
            escaped(base),
            card.kind.plural(),
            card.id
        );
    }
    xml.push_str("</feed>\n");
    xml
}

/// Text for XML 1.0: what it cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_typed_becomes_markup() {
        assert_eq!(escaped("<a href=\"x\">&\u{1}\u{ffff}結び"), "&lt;a href=&quot;x&quot;&gt;&amp;結び");
    }
}
