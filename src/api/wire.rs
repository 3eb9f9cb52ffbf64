//! Reading requests and writing headers: the small things every resource needs.

use super::problem::{Problem, prefers_english};
use crate::auth::secrets;
use crate::domain::finding::Message;
use crate::domain::{Defect, Kind, ThingId, parse};
use crate::error::{Error, Result};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Response header with the place of a write in the log; searches accept it as `min_seq`. Opaque.
pub const SEQUENCE: &str = "musubi-sequence";

/// The version of a thing as it travels in ETag and If-Match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(pub i64);

impl Revision {
    pub fn etag(self) -> String {
        format!("\"{}\"", self.0)
    }

    /// The tag of what one reader sees of this version: what is left out of an answer, or opened to somebody, differs
    /// from reader to reader, and a copy made for one of them must not be taken for another's.
    pub fn etag_of_view(self, body: &str) -> String {
        format!("\"{}-{}\"", self.0, secrets::fingerprint(body).get(..16).unwrap_or_default())
    }

    /// From If-Match. Missing: 428. A form we never sent cannot be current: 412 would hide a mistake, so 400.
    pub fn required(request: &HttpRequest) -> Result<Self> {
        Self::given(request)?.ok_or(Error::PreconditionRequired)
    }

    /// As [`Revision::required`], where who does not say what was read may act all the same.
    pub fn given(request: &HttpRequest) -> Result<Option<Self>> {
        let Some(text) = header_text(request, "if-match")? else { return Ok(None) };
        let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let number = inside.and_then(|inside| inside.split('-').next()?.parse().ok());
        number.map(|number| Some(Self(number))).ok_or_else(|| {
            Error::Malformed(Defect::new(
                "if-match",
                "If-Match には読み出したときの ETag（例 \"3\"）を引用符ごと送ってください。",
                "If-Match takes the ETag that you read, with its quotes (for example \"3\").",
            ))
        })
    }
}

/// An id that is no UUID cannot be there: 404, like every other that is not.
pub fn known_id(id: &str) -> Result<ThingId> {
    ThingId::parse(id).map_err(|_| Error::NotFound)
}

/// A header as text; refused if it is not text, or sent twice.
pub fn header_text<'a>(request: &'a HttpRequest, name: &str) -> Result<Option<&'a str>> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(Error::Malformed(Defect::new(
            "header",
            format!("ヘッダー {name} が正しくありません。"),
            format!("The header {name} cannot be read."),
        ))),
    }
}

/// The body as JSON.
pub fn json(request: &HttpRequest, body: &[u8]) -> Result<Value> {
    let content_type = header_text(request, header::CONTENT_TYPE.as_str())?.unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence != "application/json" && essence != "application/merge-patch+json" {
        return Err(Error::UnsupportedMedia);
    }
    serde_json::from_slice(body).map_err(|error| {
        Error::Malformed(Defect::new(
            "json",
            format!("JSON として読めません（{}行{}文字目）。", error.line(), error.column()),
            format!("This is not JSON (line {}, column {}: {}).", error.line(), error.column(), plain(&error)),
        ))
    })
}

/// The body as a typed value; unknown names, and names that only the service sets, are refused.
pub fn typed<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T> {
    parse::body(json(request, body)?).map_err(Error::Invalid)
}

fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or("").chars().take(200).collect()
}

/// The query string, typed; an unknown or unreadable parameter is refused.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T> {
    if !is_text(request.query_string()) {
        return Err(Error::Malformed(Defect::new(
            "query-parameter",
            "検索条件（URLの ? 以降）が UTF-8 ではありません。",
            "The query string is not UTF-8.",
        )));
    }
    let query = request.query_string();
    if query.contains("%00") || query.contains('\0') {
        return Err(Error::Malformed(Defect::new(
            "text.control_character",
            "検索条件（URLの ? 以降）に使えない制御文字（U+0000）が含まれています。",
            "The query string holds a control character (U+0000) that cannot be looked for.",
        )));
    }
    read_query::<T>(query).map_err(|text| Error::Malformed(refused_parameter(&text, &offender::<T>(query, &text))))
}

/// For a route that takes nothing behind the question mark: what stands there is refused, not ignored.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoQuery {}

/// The query, or what serde says of it.
fn read_query<T: DeserializeOwned>(query: &str) -> std::result::Result<T, String> {
    let read = actix_web::web::Query::<T>::from_query(query);
    read.map(|query| query.into_inner()).map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("Query deserialize error: ").unwrap_or(&text).to_owned()
    })
}

/// The parameter that was refused with `text`, which does not say it: without that one, something else is wrong, or nothing.
fn offender<T: DeserializeOwned>(query: &str, text: &str) -> String {
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).take(PAIRS_MOST).collect();
    let refused = (0..pairs.len()).find(|place| {
        let others: Vec<&str> = pairs.iter().enumerate().filter(|(at, _)| at != place).map(|(_, pair)| *pair).collect();
        read_query::<T>(&others.join("&")).err().as_deref() != Some(text)
    });
    let name = refused.and_then(|place| pairs.get(place)?.split('=').next());
    name.unwrap_or("").chars().take(60).collect()
}

/// Parameters that are tried one by one.
const PAIRS_MOST: usize = 50;

/// What is wrong with a parameter, in both languages; `text` is what serde says.
fn refused_parameter(text: &str, name: &str) -> Defect {
    let quoted = |what: &str| text.strip_prefix(what).and_then(|rest| rest.split('`').next());
    let listed = |from: &str| -> String {
        let (_, allowed) = from.split_once(", expected ").unwrap_or(("", ""));
        allowed.split('`').skip(1).step_by(2).take(40).collect::<Vec<_>>().join(", ")
    };
    let (ja, en) = if let Some(unknown) = quoted("unknown field `") {
        let (unknown, known): (String, String) = (unknown.chars().take(60).collect(), listed(text));
        let (known_ja, known_en) = match known.as_str() {
            "" => (String::new(), String::new()),
            known => (format!("（使えるもの: {known}）"), format!(" (there are: {known})")),
        };
        (
            format!("「{unknown}」というパラメータはありません{known_ja}。"),
            format!("There is no parameter \"{unknown}\"{known_en}."),
        )
    } else if let Some(missing) = quoted("missing field `") {
        (format!("パラメータ {missing} は必須です。"), format!("The parameter {missing} is required."))
    } else if let Some(twice) = quoted("duplicate field `") {
        (format!("パラメータ {twice} は一度だけ送ってください。"), format!("Send the parameter {twice} once only."))
    } else if text.starts_with("unknown variant `") {
        let known = listed(text);
        (format!("パラメータ {name} は次のどれかです: {known}"), format!("The parameter {name} is one of: {known}"))
    } else if text.contains("`true` or `false`") {
        (format!("パラメータ {name} は true か false です。"), format!("The parameter {name} is either true or false."))
    } else if text.contains("float literal") {
        (format!("パラメータ {name} は数値です。"), format!("The parameter {name} is a number."))
    } else if text.contains("digit") || text.contains("integer") || text.contains("too large") {
        (format!("パラメータ {name} は整数です。"), format!("The parameter {name} is a whole number."))
    } else {
        let detail: String = text.chars().take(200).collect();
        (
            format!("パラメータ {name} の値か形が正しくありません。"),
            format!("The parameter {name} cannot be read ({detail})."),
        )
    };
    Defect::new("query-parameter", ja, en)
}

/// Do the percent-encoded bytes make UTF-8? (The decoder would replace what does not, silently.)
fn is_text(query: &str) -> bool {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// The plurals of the kinds, for the contract.
pub fn plurals() -> utoipa::openapi::schema::Object {
    let names = Kind::ALL.iter().map(|kind| kind.plural());
    utoipa::openapi::schema::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(names))
        .build()
}

pub fn not_in_list(text: &str) -> Defect {
    let shown: String = text.chars().take(60).collect();
    Defect::new(
        "value.not_in_list",
        format!("「{shown}」は決められた値ではありません。"),
        format!("\"{shown}\" is not one of the allowed values."),
    )
}

/// Like [`not_in_list`], with the values there are; for lists that are short enough to be read.
pub fn not_one_of<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Defect {
    let known: Vec<&str> = known.into_iter().collect();
    let mut defect = not_in_list(text);
    defect.message.ja.push_str(&format!("使える値: {}", known.join(", ")));
    defect.message.en.push_str(&format!(" The values are: {}", known.join(", ")));
    defect
}

/// `Link: <…&after=CURSOR>; rel="next"` (RFC 8288).
pub fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let rest: Vec<&str> =
        request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after=")).collect();
    let mut query = rest.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    format!("<{}?{query}after={cursor}>; rel=\"next\"", request.path())
}

pub async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let message = Message::new(
        "この番地ではその方法（メソッド）を使えません。/docs を見てください。",
        "This method cannot be used here. See /docs.",
    );
    let body = Problem::plain(405, "method-not-allowed", message, prefers_english(&request));
    HttpResponse::MethodNotAllowed().content_type("application/problem+json").json(body)
}

pub async fn no_such_route(request: HttpRequest) -> HttpResponse {
    let message = Message::new(
        "この番地には何もありません。/docs を見てください。",
        "There is nothing at this address. See /docs.",
    );
    let body = Problem::plain(404, "not-found", message, prefers_english(&request));
    HttpResponse::NotFound().content_type("application/problem+json").json(body)
}
