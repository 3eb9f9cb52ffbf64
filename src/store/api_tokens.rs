//! Tokens for programs: long-lived, of one scope, kept as a digest.

use super::accounts::rights_changed;
use super::connection::Conn;
use super::database::Tx;
use super::log::{Action, Subject};
use super::schema::api_tokens;
use crate::domain::{ThingId, Timestamp, TokenScope};
use crate::error::{Error, Result};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct ApiToken {
    pub id: ThingId,
    pub account: ThingId,
    pub name: String,
    pub scope: TokenScope,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

type Row = (String, String, String, String, String, String);

fn assemble((id, account, name, scope, created_at, expires_at): Row) -> ApiToken {
    ApiToken {
        id: ThingId::from_stored(id),
        account: ThingId::from_stored(account),
        name,
        scope: TokenScope::from_code(&scope).unwrap_or(TokenScope::Read),
        created_at: Timestamp::from_stored(created_at),
        expires_at: Timestamp::from_stored(expires_at),
    }
}

const COLUMNS: (
    api_tokens::id,
    api_tokens::account_id,
    api_tokens::name,
    api_tokens::scope,
    api_tokens::created_at,
    api_tokens::expires_at,
) = (
    api_tokens::id,
    api_tokens::account_id,
    api_tokens::name,
    api_tokens::scope,
    api_tokens::created_at,
    api_tokens::expires_at,
);

pub fn create(
    tx: &mut Tx<'_>,
    account: &ThingId,
    name: &str,
    hash: &str,
    scope: TokenScope,
    expires_at: &Timestamp,
) -> Result<ApiToken> {
    let (id, at) = (ThingId::new(), tx.at().clone());
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::id.eq(id.as_str()),
            api_tokens::account_id.eq(account.as_str()),
            api_tokens::name.eq(name),
            api_tokens::token_hash.eq(hash),
            api_tokens::scope.eq(scope.code()),
            api_tokens::created_at.eq(at.as_str()),
            api_tokens::expires_at.eq(expires_at.as_str()),
        ))
        .execute(tx.conn())?;
    tx.record(Action::Create, Subject::ApiToken, &id, false)?;
    Ok(ApiToken {
        id,
        account: account.clone(),
        name: name.to_owned(),
        scope,
        created_at: at,
        expires_at: expires_at.clone(),
    })
}

pub fn of(conn: &mut Conn, account: &ThingId) -> Result<Vec<ApiToken>> {
    let rows: Vec<Row> = api_tokens::table
        .filter(api_tokens::account_id.eq(account.as_str()))
        .order(api_tokens::id)
        .select(COLUMNS)
        .load(conn)?;
    Ok(rows.into_iter().map(assemble).collect())
}

/// Withdraws a token of this account.
pub fn delete(tx: &mut Tx<'_>, account: &ThingId, id: &ThingId) -> Result<()> {
    let deleted = diesel::delete(
        api_tokens::table.filter(api_tokens::id.eq(id.as_str()).and(api_tokens::account_id.eq(account.as_str()))),
    )
    .execute(tx.conn())?;
    if deleted == 0 {
        return Err(Error::NotFound);
    }
    rights_changed(tx.conn())?;
    tx.record(Action::Delete, Subject::ApiToken, id, false)
}

/// Withdraws all tokens of an account: after a reset, nothing made before is trusted.
pub fn delete_all(tx: &mut Tx<'_>, account: &ThingId) -> Result<()> {
    for token in of(tx.conn(), account)? {
        delete(tx, account, &token.id)?;
    }
    Ok(())
}

/// The token with this digest, whether or not it still holds.
pub fn find(conn: &mut Conn, hash: &str) -> Result<Option<ApiToken>> {
    let row: Option<Row> =
        api_tokens::table.filter(api_tokens::token_hash.eq(hash)).select(COLUMNS).first(conn).optional()?;
    Ok(row.map(assemble))
}
