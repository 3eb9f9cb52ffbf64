//! How often: by address, by account, by class of route (token buckets), and the ladder of failed sign-ins (counters
//! in the database). Waiting only: nobody is ever locked out.

use super::network::neighbourhood;
use super::secrets::Secret;
use crate::domain::{Email, Timestamp};
use crate::error::Result;
use crate::store::Conn;
use crate::store::sign_in_counters::{self as counters, Counter};
use chrono::TimeDelta;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// What a request costs the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Read,
    Write,
    /// Sign-in, codes, passwords: guessing, and work for us.
    Credentials,
}

/// Requests a minute that go on for ever, and how many may come at once.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    pub address_read: Rate,
    pub address_write: Rate,
    pub address_credentials: Rate,
    pub account: Rate,
}

impl Default for LimitSettings {
    /// Generous to an office behind one address.
    fn default() -> Self {
        Self {
            address_read: Rate { per_minute: 6_000, burst: 1_000 },
            address_write: Rate { per_minute: 1_200, burst: 300 },
            address_credentials: Rate { per_minute: 60, burst: 60 },
            account: Rate { per_minute: 3_000, burst: 600 },
        }
    }
}

impl LimitSettings {
    /// Nothing is limited: for measuring.
    pub fn none() -> Self {
        let rate = Rate { per_minute: u32::MAX, burst: u32::MAX };
        Self { address_read: rate, address_write: rate, address_credentials: rate, account: rate }
    }
}

pub struct Limits {
    read: DefaultKeyedRateLimiter<IpAddr>,
    write: DefaultKeyedRateLimiter<IpAddr>,
    credentials: DefaultKeyedRateLimiter<IpAddr>,
    account: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

/// Too early: come again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u64);

impl Limits {
    pub fn new(settings: &LimitSettings) -> Self {
        Self {
            read: RateLimiter::keyed(quota(settings.address_read)),
            write: RateLimiter::keyed(quota(settings.address_write)),
            credentials: RateLimiter::keyed(quota(settings.address_credentials)),
            account: RateLimiter::keyed(quota(settings.account)),
            clock: DefaultClock::default(),
        }
    }

    pub fn admit_address(&self, address: IpAddr, class: Class) -> Result<(), Wait> {
        let limiter = match class {
            Class::Read => &self.read,
            Class::Write => &self.write,
            Class::Credentials => &self.credentials,
        };
        limiter.check_key(&neighbourhood(address)).map_err(|until| self.wait(until.wait_time_from(self.clock.now())))
    }

    pub fn admit_account(&self, account: &str) -> Result<(), Wait> {
        self.account.check_key(&account.to_owned()).map_err(|until| self.wait(until.wait_time_from(self.clock.now())))
    }

    fn wait(&self, span: Duration) -> Wait {
        Wait(span.as_secs() + 1)
    }

    /// Forgets who has not come for long, so that memory stays bounded.
    pub fn sweep(&self) {
        self.read.retain_recent();
        self.write.retain_recent();
        self.credentials.retain_recent();
        self.account.retain_recent();
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Limits")
    }
}

fn quota(rate: Rate) -> Quota {
    let one = NonZeroU32::MIN;
    Quota::per_minute(NonZeroU32::new(rate.per_minute).unwrap_or(one))
        .allow_burst(NonZeroU32::new(rate.burst).unwrap_or(one))
}

/// A rung: so many failures are free, then the wait doubles up to the most, seconds.
#[derive(Debug, Clone, Copy)]
struct Ladder {
    free: i64,
    most: i64,
}

/// One address trying one account: somebody guessing, or somebody who forgot.
const PAIR: Ladder = Ladder { free: 5, most: 900 };
/// Everybody together trying one account: many machines guessing. Short, so that its owner is only slowed.
const ACCOUNT: Ladder = Ladder { free: 50, most: 30 };
/// Failures are forgotten after this.
const FORGET: TimeDelta = TimeDelta::hours(12);

impl Ladder {
    fn wait(self, counter: &Counter, now: &Timestamp) -> i64 {
        let steps = counter.failures - self.free;
        if steps < 0 {
            return 0;
        }
        let seconds = 1_i64.checked_shl(steps.min(30) as u32).unwrap_or(self.most).min(self.most);
        let due = counter.last_at.plus(TimeDelta::seconds(seconds));
        ((due.micros() - now.micros()) + 999_999).div_euclid(1_000_000).max(0)
    }
}

/// Who is counted for a sign-in: keyed digests, so the table names no address.
#[derive(Debug, Clone)]
pub struct Subjects {
    pair: String,
    account: String,
}

impl Subjects {
    pub fn new(secret: &Secret, email: &Email, address: IpAddr) -> Self {
        let account = secret.derive("sign-in account", email.as_str());
        let pair = secret.derive("sign-in pair", &format!("{email} {}", neighbourhood(address)));
        Self { pair, account }
    }

    /// Counts an attempt as failed before it is made, so that attempts at the same time count, too; a success clears
    /// it again. `Some`: too early, and not counted.
    pub fn attempt(&self, conn: &mut Conn, now: &Timestamp) -> Result<Option<Wait>> {
        let mut longest = 0;
        for (subject, ladder) in [(&self.pair, PAIR), (&self.account, ACCOUNT)] {
            if let Some(counter) = counters::get(conn, subject)? {
                longest = longest.max(ladder.wait(&counter, now));
            }
        }
        if longest > 0 {
            return Ok(Some(Wait(longest as u64)));
        }
        let forget_before = now.plus(-FORGET);
        counters::raise(conn, &self.pair, now, &forget_before)?;
        counters::raise(conn, &self.account, now, &forget_before)?;
        Ok(None)
    }

    pub fn succeeded(&self, conn: &mut Conn) -> Result<()> {
        counters::clear(conn, &self.pair)?;
        counters::clear(conn, &self.account)
    }
}

/// Forgets counters that count no longer.
pub fn sweep_counters(conn: &mut Conn, now: &Timestamp) -> Result<usize> {
    counters::sweep(conn, &now.plus(-FORGET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_slows_and_never_locks() {
        let now = Timestamp::from_stored("2026-04-01T00:00:00.000000Z".into());
        let waits: Vec<i64> = [1, 4, 5, 6, 7, 15, 1_000]
            .map(|failures| PAIR.wait(&Counter { failures, last_at: now.clone() }, &now))
            .into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 900, 900]);
        let later = now.plus(TimeDelta::seconds(900));
        assert_eq!(PAIR.wait(&Counter { failures: 1_000, last_at: now }, &later), 0);
    }

    #[test]
    fn a_bucket_empties_for_one_address_only() {
        let rate = Rate { per_minute: 1, burst: 2 };
        let limits = Limits::new(&LimitSettings { address_credentials: rate, ..LimitSettings::none() });
        let (one, two) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(limits.admit_address(one, Class::Credentials).is_ok());
        assert!(limits.admit_address(one, Class::Credentials).is_ok());
        assert!(limits.admit_address(one, Class::Credentials).is_err());
        assert!(limits.admit_address(two, Class::Credentials).is_ok());
        assert!(limits.admit_address(one, Class::Read).is_ok());
    }
}
