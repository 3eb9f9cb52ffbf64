//! The one error of the service: about nine kinds, each with a status and a stable problem type.

use crate::domain::finding::{Defect, Finding, Message};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The request cannot be read (bad JSON, bad cursor, bad query).
    #[error("malformed: {0}")]
    Malformed(Defect),
    /// The request was read; values were refused.
    #[error("invalid: {} finding(s)", .0.len())]
    Invalid(Vec<Finding>),
    /// It is not known who asks: no credentials, or none that hold. One answer for all of them.
    #[error("unauthenticated")]
    Unauthenticated,
    /// The caller sees the thing, but may not do this with it.
    #[error("forbidden")]
    Forbidden,
    /// A sign-in that was not let through: one answer for a wrong address and a wrong password.
    #[error("sign-in: {0}")]
    SignIn(Defect),
    /// The caller is known and may not, for a reason that is told.
    #[error("not allowed: {0}")]
    NotAllowed(Defect),
    /// Too often; come again after so many seconds.
    #[error("too many: {defect}")]
    TooMany { defect: Defect, seconds: u64 },
    /// It is not there, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// It clashes with what is there.
    #[error("conflict: {0}")]
    Conflict(Defect),
    /// If-Match is missing.
    #[error("precondition required")]
    PreconditionRequired,
    /// Somebody changed it in the meantime.
    #[error("stale: the current version is {current}")]
    Stale { current: i64 },
    /// A body that is not JSON.
    #[error("unsupported media type")]
    UnsupportedMedia,
    /// More than we take.
    #[error("too large: {0}")]
    TooLarge(Defect),
    /// Busy or starting; try again later.
    #[error("unavailable: {0}")]
    Unavailable(Defect),
    /// Ours to mend. The detail goes to the log, never to the caller.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        Error::Internal(detail.to_string())
    }

    pub fn invalid(pointer: &str, defect: Defect) -> Self {
        Error::Invalid(vec![Finding::new(pointer, defect)])
    }

    /// HTTP status (RFC 9110).
    pub fn status(&self) -> u16 {
        match self {
            Error::Malformed(_) => 400,
            Error::Invalid(_) => 422,
            Error::Unauthenticated | Error::SignIn(_) => 401,
            Error::Forbidden | Error::NotAllowed(_) => 403,
            Error::TooMany { .. } => 429,
            Error::NotFound => 404,
            Error::Conflict(_) => 409,
            Error::PreconditionRequired => 428,
            Error::Stale { .. } => 412,
            Error::UnsupportedMedia => 415,
            Error::TooLarge(_) => 413,
            Error::Unavailable(_) => 503,
            Error::Internal(_) => 500,
        }
    }

    /// Last part of the problem type, a stable path under `/problems/`.
    pub fn problem(&self) -> &str {
        match self {
            Error::Malformed(defect)
            | Error::Conflict(defect)
            | Error::TooLarge(defect)
            | Error::SignIn(defect)
            | Error::NotAllowed(defect)
            | Error::TooMany { defect, .. }
            | Error::Unavailable(defect) => &defect.code,
            Error::Invalid(_) => "invalid",
            Error::Unauthenticated => "unauthenticated",
            Error::Forbidden => "forbidden",
            Error::NotFound => "not-found",
            Error::PreconditionRequired => "precondition-required",
            Error::Stale { .. } => "stale",
            Error::UnsupportedMedia => "unsupported-media-type",
            Error::Internal(_) => "internal",
        }
    }

    /// What happened and what to do, for the caller.
    pub fn message(&self) -> Message {
        match self {
            Error::Malformed(defect)
            | Error::Conflict(defect)
            | Error::TooLarge(defect)
            | Error::SignIn(defect)
            | Error::NotAllowed(defect)
            | Error::TooMany { defect, .. }
            | Error::Unavailable(defect) => defect.message.clone(),
            Error::Unauthenticated => Message::new(
                "サインインが必要です（または、トークンが正しくないか期限切れです）。サインインし直してください。",
                "Please sign in: there is no valid token with this request (it may have expired).",
            ),
            Error::Invalid(findings) => Message::new(
                format!("{}件の値を受け付けられませんでした。errors を見て直してください。", findings.len()),
                format!("{} value(s) were refused; see errors.", findings.len()),
            ),
            Error::Forbidden => Message::new(
                "この操作をする権限がありません。所属先の管理者かコーディネーターにご相談ください。",
                "You may not do this. Ask the owner of your organisation's account, or a coordinator.",
            ),
            Error::NotFound => Message::new("見つかりません。", "There is no such thing."),
            Error::PreconditionRequired => Message::new(
                "変更には If-Match ヘッダーが必要です。読み出したときの ETag を送ってください。",
                "A change needs an If-Match header with the ETag that you read.",
            ),
            Error::Stale { current } => Message::new(
                format!("ほかの人が先に変更しました（現在の版は {current}）。読み直してからもう一度お試しください。"),
                format!(
                    "Somebody changed it in the meantime (the current version is {current}). Read it again, then retry."
                ),
            ),
            Error::UnsupportedMedia => Message::new(
                "本文は JSON で送ってください（Content-Type: application/json）。",
                "Send the body as JSON (Content-Type: application/json).",
            ),
            Error::Internal(_) => Message::new(
                "サーバー内部の問題です。要求番号を添えて管理者にお知らせください。",
                "Something went wrong on our side. Please tell the administrator the request id.",
            ),
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match &error {
            Diesel::NotFound => Error::NotFound,
            Diesel::DatabaseError(Kind::UniqueViolation, _) => Error::Conflict(Defect::new(
                "already-exists",
                "同じ番号のものがすでに登録されています。",
                "Something with the same number is already registered.",
            )),
            Diesel::DatabaseError(Kind::ForeignKeyViolation, _) => Error::Conflict(Defect::new(
                "referenced",
                "ほかのものから参照されているか、参照先がありません。",
                "It is referred to by something else, or refers to something that is not there.",
            )),
            // PostgreSQL keeps no U+0000, so nothing is called so.
            Diesel::DatabaseError(_, told) if told.message().contains("0x00") => Error::Malformed(Defect::new(
                "text.control_character",
                "使えない制御文字（U+0000）が含まれています。",
                "The text holds a control character (U+0000) that cannot be looked for.",
            )),
            _ => Error::Internal(error.to_string()),
        }
    }
}
