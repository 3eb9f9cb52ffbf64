//! A file as an answer: sent piece by piece, with how many rows it has and what its form could not hold.

use crate::error::{Error, Result};
use crate::exchange::cp932::Swap;
use crate::exchange::export::Format;
use crate::exchange::write::Lost;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use std::fs::File;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};
use utoipa::ToSchema;

/// Bytes that are sent at once.
const CHUNK: usize = 1 << 16;

/// Answers `file` from where it stands as `name` with the ending of its form. `lost`: cells that CP932 or XLSX could not hold
/// as they are.
pub fn answer(
    file: File,
    name: &str,
    format: Format,
    rows: u64,
    (lost, lost_count): (&[Lost], u64),
) -> Result<HttpResponse> {
    let left = file.metadata().map_err(Error::internal)?.len();
    let file_name = format!("attachment; filename=\"{name}.{}\"", format.extension());
    let mut response = HttpResponse::Ok();
    if let Some(characters) = lost_characters(lost) {
        response.insert_header(("musubi-lost-characters", characters));
    }
    Ok(response
        .content_type(format.content_type())
        .insert_header((header::CONTENT_DISPOSITION, file_name))
        .insert_header(("musubi-rows", rows.to_string()))
        .insert_header(("musubi-lost", lost_count.to_string()))
        .body(FileBody { file, left }))
}

/// Characters that are named in a header.
const CHARACTERS_MOST: usize = 50;

/// `U+301C=U+FF5E, U+20BB7=&#134071;`: each character that CP932 lacks, and what stands in the file for it.
fn lost_characters(lost: &[Lost]) -> Option<String> {
    let mut named: Vec<String> = Vec::new();
    for Swap { found, written_as, .. } in lost.iter().flat_map(|lost| &lost.characters) {
        let instead: String = match written_as.is_ascii() && written_as.trim() == written_as {
            true => written_as.clone(),
            false => written_as.chars().map(|character| format!("U+{:04X}", u32::from(character))).collect(),
        };
        let pair = format!("U+{:04X}={instead}", u32::from(*found));
        if named.len() < CHARACTERS_MOST && !named.contains(&pair) {
            named.push(pair);
        }
    }
    (!named.is_empty()).then(|| named.join(", "))
}

/// The bytes of a file, in the contract.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FileBytes(#[allow(dead_code)] Vec<u8>);

/// A file as it is sent, piece by piece.
struct FileBody {
    file: File,
    left: u64,
}

impl MessageBody for FileBody {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left)
    }

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<std::io::Result<web::Bytes>>> {
        let body = self.get_mut();
        if body.left == 0 {
            return Poll::Ready(None);
        }
        let mut chunk = vec![0; CHUNK.min(body.left as usize)];
        Poll::Ready(Some(match body.file.read_exact(&mut chunk) {
            Ok(()) => {
                body.left -= chunk.len() as u64;
                Ok(web::Bytes::from(chunk))
            }
            Err(error) => Err(error),
        }))
    }
}
