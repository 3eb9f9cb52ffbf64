//! Accounts: addresses, states, and the codes under which roles and rights are kept.

use super::access::{Right, Role};
use super::finding::Defect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest address (RFC 5321), characters.
const EMAIL_LIMIT: usize = 254;

/// An e-mail address: ASCII only, kept and compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "email")]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, Defect> {
        let text = text.trim().to_ascii_lowercase();
        let good = text.len() <= EMAIL_LIMIT
            && text.split_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        if good {
            return Ok(Self(text));
        }
        Err(Defect::new(
            "email.form",
            "メールアドレスは name@example.jp のように、半角英数字で入力してください。",
            "Write an e-mail address like name@example.jp, in ASCII.",
        ))
    }

    /// For values read back from our own database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(text: &str) -> bool {
    let dots = !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
    (1..=64).contains(&text.len()) && dots && letters
}

fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

impl TryFrom<String> for Email {
    type Error = Defect;
    fn try_from(text: String) -> Result<Self, Defect> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An enum that is kept and sent under a code.
macro_rules! coded {
    ($name:ident { $($value:ident = $code:literal,)+ }) => {
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$value,)+];

            pub fn code(self) -> &'static str {
                match self { $($name::$value => $code,)+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Active,
    /// Cannot sign in; nothing of it counts.
    Suspended,
    /// The person is gone; only the id remains, for the log.
    Erased,
}
coded!(AccountState { Active = "active", Suspended = "suspended", Erased = "erased", });

/// Where a membership stands. It begins as an invitation (invited) and ends by being deleted (erased).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MembershipState {
    /// The invited person said yes; an owner of the party or an administrator has yet to confirm.
    Accepted,
    /// The only state that counts.
    Confirmed,
    Suspended,
}
coded!(MembershipState { Accepted = "accepted", Confirmed = "confirmed", Suspended = "suspended", });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    Pending,
    Accepted,
    Withdrawn,
}
coded!(InvitationState { Pending = "pending", Accepted = "accepted", Withdrawn = "withdrawn", });

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    Read,
    Write,
}
coded!(TokenScope { Read = "read", Write = "write", });

coded!(Role { Coordinator = "coordinator", Officer = "officer", Administrator = "administrator", });
coded!(Right { Reader = "reader", Editor = "editor", Owner = "owner", });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ascii_and_lower_case() {
        assert_eq!(Email::parse(" Tanaka.Taro+x@Example.JP ").unwrap().as_str(), "tanaka.taro+x@example.jp");
        for bad in [
            "",
            "a",
            "a@b",
            "@example.jp",
            "a@@example.jp",
            "a b@example.jp",
            "田中@example.jp",
            "a@例え.jp",
            "a@example..jp",
            "a@-example.jp",
            ".a@example.jp",
            "a..b@example.jp",
            "a@example.jp\r\nbcc: b@example.jp",
            "a,b@example.jp",
            "\"a\"@example.jp",
            "a@example.jp\u{0}",
            "K@example.jp\u{212a}",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert!(Email::parse(&format!("{}@example.jp", "a".repeat(65))).is_err());
    }

    #[test]
    fn codes_are_what_json_says() {
        for &role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.code());
            assert_eq!(Role::from_code(role.code()), Some(role));
        }
        for &right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), right.code());
        }
    }
}
