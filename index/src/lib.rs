//! The search and matching engine of musubi. It knows nothing of HTTP, SQL, the environment or the wall clock.

pub mod document;
pub mod evidence;
pub mod request;
